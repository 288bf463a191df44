// Deciding: what keep, reject, pin, clear and undo do on any page. The page says what is marked and shows what changed.
import { post, settled } from "./post.js";
import { toast } from "./toast.js";

const DONE = { keep: "kept", reject: "rejected", pin: "pinned" };
const reasonDialog = document.getElementById("reason");
const confirmDialog = document.getElementById("confirm");
const history = JSON.parse(sessionStorage.getItem("decided") ?? "[]");

const number = (n) => n.toLocaleString("en").replaceAll(",", "\u202f");
const images = (n) => `${number(n)} image${n === 1 ? "" : "s"}`;

// A dialog tells that it was closed a moment later: the next one waits for that, or it would take it for its own.
let last = Promise.resolve("");

function closed(dialog) {
  last = new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
  return last;
}

// key: one that says yes, too.
export async function confirmed(text, key = "") {
  await last;
  document.getElementById("confirm-text").textContent = text;
  confirmDialog.returnValue = "";
  confirmDialog.showModal();
  document.getElementById("confirm-yes").focus();
  // A handler that gave false back would forbid Enter and Escape.
  confirmDialog.onkeydown = (event) => {
    if (event.key.toLowerCase() === key) confirmDialog.close("yes");
  };
  return (await closed(confirmDialog)) === "yes";
}

const reasons = () => JSON.parse(localStorage.getItem("reasons") ?? "[]");

// The reviewer's reason, remembered; null where it was called off.
async function reasonFor(n) {
  await last;
  const text = document.getElementById("reason-text");
  const recent = document.getElementById("reason-recent");
  document.getElementById("reason-number").textContent = n === 1 ? "it" : images(n);
  text.value = reasons()[0] ?? "";
  recent.replaceChildren(
    ...reasons().slice(0, 6).map((why) => {
      const chip = document.createElement("button");
      chip.className = "pill";
      chip.value = "reject";
      chip.textContent = why;
      chip.addEventListener("click", () => (text.value = why));
      return chip;
    }),
  );
  reasonDialog.returnValue = "";
  reasonDialog.showModal();
  text.select();
  if ((await closed(reasonDialog)) !== "reject") return null;
  const why = text.value.trim();
  if (why) localStorage.setItem("reasons", JSON.stringify([why, ...reasons().filter((one) => one !== why)].slice(0, 20)));
  return why;
}
document.getElementById("reason-cancel")?.addEventListener("click", () => reasonDialog.close(""));

const store = () => sessionStorage.setItem("decided", JSON.stringify(history));

// What Z takes back next, as the answers name it: the first and the last row; of another module, too.
export function remember(words) {
  if (!words.length) return;
  history.push(words);
  while (history.length > 50) history.shift();
  store();
}

// One decision. wanted: {ids} or {all, expected, except}, and the dataset that is meant, '' for all; set: the word of the page's set; before: called once nothing
// more is asked, to show at once what will be; changed: called with the answer, or null where it failed.
export async function decide(verdict, wanted, set, before, changed) {
  const n = countOf(wanted);
  if (!n) return;
  const why = verdict === "reject" ? await reasonFor(n) : "";
  if (why === null) return;
  if (wanted.all !== undefined && !(await confirmed(`${images(n)} will be ${DONE[verdict]}. Is that right?`))) return;
  before(verdict);
  let told = await post("/-/decide/write", { verdict, why, set, ...wanted });
  // What was shown at once is not so: it is taken back before anything is asked.
  if (told?.pin || told?.refused) changed(null);
  if (told?.pin) {
    const pins = await confirmed(`${told.pin} Shall it be pinned instead (I), so that it is chosen?`, "i");
    verdict = "pin";
    told = pins ? await post("/-/decide/write", { verdict, why, set, ...wanted }) : null;
  }
  if (told?.refused) told = await withoutThose(told, { verdict, why, set, ...wanted }, n);
  if (told) {
    remember(told.words);
    toast(`${images(told.ids.length)} ${DONE[verdict]}${wanted.dataset ? ` for ${wanted.dataset}` : ""}. Z takes it back.`);
  }
  changed(told);
}

const countOf = (wanted) => wanted.ids?.length ?? wanted.expected - (wanted.except?.length ?? 0);

// Some of several cannot obey, and nothing was written: the others do, if the reviewer says so.
async function withoutThose({ refused, why }, said, n) {
  const left = n - refused.length;
  if (!left) {
    toast(`None of the ${images(n)}: ${why}`, "error");
    return null;
  }
  const text = `${number(refused.length)} of ${images(n)} cannot be ${DONE[said.verdict]}: ${why} Shall the other ${number(left)} be?`;
  if (!(await confirmed(text))) return null;
  return post("/-/decide/write", { ...said, except: [...(said.except ?? []), ...refused] });
}

// wanted: the ids, or as in decide: then all that match, after their number was confirmed.
export async function clear(wanted, set, changed) {
  const what = Array.isArray(wanted) ? { ids: wanted } : wanted;
  const sure = `What was decided on ${images(countOf(what))} will be cleared. Is that right?`;
  if (what.all !== undefined && !(await confirmed(sure))) return;
  const told = await post("/-/decide/clear", { ...what, set });
  if (told) {
    remember(told.words);
    toast(`${images(told.ids.length)} free again. Z takes it back.`);
  }
  changed(told);
}

export async function undo(set, changed) {
  // What is still under way is the last that was done, and has no words yet.
  await settled();
  for (let words = history.pop(); words; words = history.pop()) {
    store();
    const told = await post("/-/decide/undo", { words: [words[0], words.at(-1)], set });
    // Taken back in another way, so it is the one before that is meant.
    if (told?.gone) continue;
    if (told) toast(`Undone: ${images(told.ids.length)}.`);
    else remember(words);
    changed(told);
    return;
  }
  toast("There is nothing to undo.");
}
