// Captions' dialogs: find and replace with what would change; all versions of a text.
const replacing = document.getElementById("replace");
const preview = document.getElementById("replace-preview");
const go = document.getElementById("replace-do");
const fields = ["find", "into", "whole", "case"].map((name) => document.getElementById(`replace-${name}`));
const number = (n) => `${n.toLocaleString("en").replaceAll(",", "\u202f")} text${n === 1 ? "" : "s"}`;

let query = "";
let shown = null; // the change that the preview shows; null while there is another to come
let write = null;

async function into(place, path) {
  const answer = await fetch(path, { credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return () => place.replaceChildren(...[...page.body.children].map((one) => document.adoptNode(one)));
}

const boxes = () => [...preview.querySelectorAll(".changes input:not(:disabled)")];
const told = document.getElementById("replace-told");

function tell() {
  const n = boxes().filter((box) => box.checked).length;
  go.disabled = n === 0;
  go.textContent = n ? `Change ${number(n)}` : "Change nothing";
  const all = document.getElementById("replace-all");
  if (!all) return;
  all.checked = n === boxes().length;
  all.indeterminate = n > 0 && n < boxes().length;
}

const wanted = () => ({ find: fields[0].value, into: fields[1].value, whole: fields[2].checked, case: fields[3].checked });
const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// True once the preview shows what the fields say.
async function look() {
  clearTimeout(timer);
  const mine = wanted();
  if (same(mine, shown)) return true;
  const address = new URLSearchParams(query);
  for (const [name, value] of Object.entries(mine)) address.set(name, typeof value === "boolean" ? Number(value) : value);
  const place = await into(preview, `/-/captions/preview?${address}`);
  if (!same(mine, wanted())) return false;
  place();
  shown = mine;
  tell();
  return true;
}

let timer = 0;
function soon() {
  clearTimeout(timer);
  shown = null;
  go.disabled = true;
  told.textContent = "";
  timer = setTimeout(look, 180);
}

// What was previewed, to the letter: never what the fields have come to say since.
async function change() {
  const texts = boxes()
    .filter((box) => box.checked)
    .map(({ dataset }) => ({ dataset: dataset.dataset, id: Number(dataset.id), digest: dataset.digest }));
  if (go.disabled || !texts.length || !same(shown, wanted())) return;
  const [what, done] = [shown, shown.into ? `changed: “${shown.find}” is now “${shown.into}”` : `changed: “${shown.find}” is taken out`];
  go.disabled = true;
  if (await write(texts, { change: what }, done, (why) => (told.textContent = why))) return replacing.close();
  shown = null;
  look();
}

for (const one of fields) one?.addEventListener("input", soon);
preview?.addEventListener("change", (event) => {
  if (event.target.id === "replace-all") for (const box of boxes()) box.checked = event.target.checked;
  tell();
});
go?.addEventListener("click", change);
// Enter leads on: from what is found to what it becomes, from there to the button, there it changes.
replacing?.addEventListener("keydown", async (event) => {
  if (event.key !== "Enter" || event.isComposing || !(event.repeat || event.target.matches("input"))) return;
  event.preventDefault(); // a key that is held presses no button
  if (event.repeat) return;
  if (event.target === fields[0]) fields[1].select();
  else if ((await look()) && !go.disabled) go.focus();
});

// writing: as captions.js has it; true where they were written.
export function openReplace(list, writing) {
  query = list.dataset.query;
  write = writing;
  shown = null;
  told.textContent = "";
  replacing.showModal();
  fields[0].select();
  look();
}

const history = document.getElementById("history");
const versions = document.getElementById("history-list");
let restore = null;

versions?.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-text]");
  if (button && (await restore(JSON.parse(button.dataset.text)))) history.close();
});

export async function openHistory(line, restoring) {
  restore = restoring;
  const { id, dataset } = line.dataset;
  (await into(versions, `/-/captions/history/${id}?${new URLSearchParams({ dataset })}`))();
  for (const button of versions.querySelectorAll("[data-text]")) {
    button.disabled = JSON.parse(button.dataset.text) === JSON.parse(line.dataset.before);
    if (button.disabled) button.textContent = "Stands now";
  }
  document.getElementById("history-title").textContent = `Versions of image ${id} in ${dataset}`;
  history.showModal();
}
