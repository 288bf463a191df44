// Deciding: what keep, reject, pin, clear and undo do on any page. The page says what is marked and shows what changed.
import { post } from "./post.js";
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

// What Z takes back next: the words of a decision that another module wrote, too.
export function remember(words) {
  history.push(words);
  while (history.length > 50) history.shift();
  store();
}

// One decision. wanted: {ids} or {all, expected}; set: the word of the page's set; before: called once nothing more is
// asked, to show at once what will be; changed: called with the answer, or null where it failed.
export async function decide(verdict, wanted, set, before, changed) {
  const n = wanted.ids?.length ?? wanted.expected;
  if (!n) return;
  const why = verdict === "reject" ? await reasonFor(n) : "";
  if (why === null) return;
  if (wanted.all !== undefined && !(await confirmed(`${images(n)} will be ${DONE[verdict]}. Is that right?`))) return;
  before(verdict);
  let told = await post("/-/decide/write", { verdict, why, set, ...wanted });
  if (told?.pin) {
    const pins = await confirmed(`${told.pin} Shall it be pinned instead (I), so that it is chosen?`, "i");
    verdict = "pin";
    told = pins ? await post("/-/decide/write", { verdict, why, set, ...wanted }) : null;
  }
  if (told) {
    remember(told.words);
    toast(`${images(told.ids.length)} ${DONE[verdict]}. Z takes it back.`);
  }
  changed(told);
}

// wanted: the ids, or as in decide: then all that match, after their number was confirmed.
export async function clear(wanted, set, changed) {
  const what = Array.isArray(wanted) ? { ids: wanted } : wanted;
  if (what.all !== undefined && !(await confirmed(`What was decided on ${images(what.expected)} will be cleared. Is that right?`))) return;
  const told = await post("/-/decide/clear", { ...what, set });
  if (told) toast(`${images(told.ids.length)} free again.`);
  changed(told);
}

export async function undo(set, changed) {
  // Taken away at once: another press means the one before it.
  const words = history.pop();
  if (!words) {
    toast("There is nothing to undo.");
    return;
  }
  store();
  const told = await post("/-/decide/undo", { words, set });
  if (told) toast(`Undone: ${images(told.ids.length)}.`);
  else remember(words);
  changed(told);
}
