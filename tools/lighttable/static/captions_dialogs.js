// Captions' dialogs: find and replace with what would change; all versions of a text.
import { confirmed } from "./deciding.js";

const replacing = document.getElementById("replace");
const preview = document.getElementById("replace-preview");
const go = document.getElementById("replace-do");
const fields = ["find", "into", "whole", "case"].map((name) => document.getElementById(`replace-${name}`));
const number = (n) => `${n.toLocaleString("en").replaceAll(",", "\u202f")} text${n === 1 ? "" : "s"}`;

let asked = 0;
let query = "";
let write = null;

async function into(place, path) {
  const answer = await fetch(path, { credentials: "same-origin" });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  return () => place.replaceChildren(...[...page.body.children].map((one) => document.adoptNode(one)));
}

const boxes = () => [...preview.querySelectorAll(".changes input")];

function tell() {
  const n = boxes().filter((box) => box.checked).length;
  go.disabled = n === 0;
  go.textContent = n ? `Change ${number(n)}` : "Change nothing";
  const all = document.getElementById("replace-all");
  if (!all) return;
  all.checked = n === boxes().length;
  all.indeterminate = n > 0 && n < boxes().length;
}

// What the preview shows: find and into, as they were when it was asked for.
let shown = ["", ""];

async function look() {
  const mine = ++asked;
  const address = new URLSearchParams(query);
  const words = [fields[0].value, fields[1].value];
  address.set("find", words[0]);
  address.set("into", words[1]);
  address.set("whole", fields[2].checked ? "1" : "0");
  address.set("case", fields[3].checked ? "1" : "0");
  const place = await into(preview, `/-/captions/preview?${address}`);
  if (mine !== asked) return;
  place();
  shown = words;
  tell();
}

let timer = 0;
let looking = Promise.resolve();
function soon() {
  clearTimeout(timer);
  go.disabled = true;
  timer = setTimeout(now, 180);
}
function now() {
  clearTimeout(timer);
  timer = 0;
  looking = look();
}

// Once the preview shows what the fields say.
async function ready() {
  if (timer) now();
  await looking;
  return !go.disabled;
}

async function change() {
  if (!(await ready())) return;
  const texts = boxes()
    .filter((box) => box.checked)
    .map(({ dataset }) => ({ dataset: dataset.dataset, id: Number(dataset.id), before: JSON.parse(dataset.before), text: JSON.parse(dataset.after) }));
  const what = shown[1] ? `“${shown[0]}” becomes “${shown[1]}” in` : `“${shown[0]}” is taken out of`;
  if (!(await confirmed(`${what} ${number(texts.length)}. Is that right?`))) return;
  if (await write(texts, "changed")) replacing.close();
}

for (const one of fields) one?.addEventListener("input", soon);
preview?.addEventListener("change", (event) => {
  if (event.target.id === "replace-all") for (const box of boxes()) box.checked = event.target.checked;
  tell();
});
go?.addEventListener("click", change);
replacing?.addEventListener("keydown", async (event) => {
  if (event.key !== "Enter" || !event.target.matches("input:not([type=checkbox])")) return;
  event.preventDefault();
  if (event.ctrlKey || event.metaKey) change();
  else if (event.target === fields[0]) fields[1].select();
  else if (await ready()) go.focus();
});

// writing: gets the texts and a word for what was done with them; true where they were written.
export function openReplace(list, writing) {
  query = list.dataset.query;
  write = writing;
  replacing.showModal();
  fields[0].select();
  now();
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
