// Final set: a mark that moves by arrows, decisions for this dataset, swaps, pictures at the size they are trained at.
import { bind, once } from "./keys.js";
import { confirmed, decide, remember, undo } from "./deciding.js";
import { nextGround } from "./ground.js";
import { whenChanged } from "./live.js";
import { leave, post, reload } from "./post.js";
import { selection, vertical, wasHere } from "./selection.js";
import { choose as chooseStandIn } from "./final-swap.js";
import { toast } from "./toast.js";
import { asTrained, larger, rescale } from "./final-size.js";

const grid = document.getElementById("grid");
const dataset = grid?.dataset.dataset;
const set = grid?.dataset.set ?? "";
const cards = () => [...(grid?.querySelectorAll(".card") ?? [])];
const idOf = (card) => Number(card.dataset.id);
const DONE = { keep: "kept", reject: "rejected", pin: "pinned" };
let marked = null;

// --- the mark and the selection ---

const chosen = selection({
  items: cards,
  key: (card) => card.id,
  value: idOf,
  paint: (card, on) => card.setAttribute("aria-selected", String(on)),
  mark: () => marked,
  describe: () => [marked?.querySelector("img")?.alt, marked?.querySelector(".why")?.title].filter(Boolean).join(". "),
});

function mark(card, scroll = true) {
  if (!card) return;
  marked?.classList.remove("marked");
  marked = card;
  card.classList.add("marked");
  grid.setAttribute("aria-activedescendant", card.id);
  sessionStorage.setItem("last", card.id.slice(1));
  if (scroll) card.scrollIntoView({ block: "nearest" });
  chosen.tell();
}

function beside(step) {
  const shown = cards();
  return shown[Math.max(0, Math.min(shown.length - 1, shown.indexOf(marked) + step))];
}

const above = (step) => vertical(cards(), marked, step);

const move = (find) => (event) => {
  const to = find();
  if (event.shiftKey) chosen.extend(to);
  else chosen.leave();
  mark(to);
};

// --- what the next make would change ---

let asked = 0;

async function part(address) {
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

async function forecast() {
  const turn = ++asked;
  const place = document.getElementById("forecast");
  const found = await part(`/-/final/forecast?dataset=${dataset}`);
  if (turn !== asked) return;
  if (!found) {
    toast("What the next make would choose could not be worked out.", "error");
    return;
  }
  const was = marked?.isConnected && place.contains(marked) ? marked.id : null;
  place.replaceChildren(...found.body.childNodes);
  place.dataset.told = String(turn);
  const goes = JSON.parse(place.querySelector(".coming")?.dataset.goes ?? "[]");
  for (const card of cards()) card.classList.toggle("goes", goes.includes(idOf(card)));
  chosen.prune();
  if (was || !marked?.isConnected) mark(document.getElementById(was) ?? cards()[0], false);
}

// After a decision, or when something has changed: the counts, quotas and gaps of now, and what is going to change.
// Gives false where that cannot be shown in place without losing what is selected.
async function refresh() {
  forecast();
  const turn = asked;
  const found = await part(location.href);
  if (turn !== asked || !found) return true;
  for (const id of ["side", "banner"]) {
    const fresh = found.getElementById(id);
    if (fresh) document.getElementById(id).replaceChildren(...fresh.childNodes);
  }
  const fresh = [...found.querySelectorAll("#grid .card")];
  const here = cards().filter((card) => !card.classList.contains("stand-in"));
  // A make has come by in the meantime.
  if (fresh.map(picturesOf).join() !== here.map(picturesOf).join()) {
    if (grid.querySelector(".chosen")) return false;
    if (marked) sessionStorage.setItem("last", marked.id.slice(1));
    return reload();
  }
  for (const card of fresh) show(idOf(card), card.dataset);
  count();
  return true;
}

const picturesOf = (card) => `${card.id} ${new URL(card.querySelector("img").src, location.href).search}`;

function count() {
  const decided = new Set(cards().filter((card) => !card.classList.contains("stand-in") && card.dataset.verdict).map(idOf));
  document.getElementById("reviewed").textContent = decided.size;
  document.getElementById("progress").value = decided.size;
}

function show(id, fate) {
  for (const card of cards().filter((one) => idOf(one) === id)) {
    const state = fate.state ?? card.dataset.state;
    for (const one of [card, card.querySelector(".tile")]) {
      one.dataset.state = state;
      one.dataset.verdict = fate.verdict;
    }
    const what = card.querySelector(".what");
    if (card.classList.contains("stand-in")) continue;
    what.querySelector("em")?.remove();
    if (state === "out") what.append(Object.assign(document.createElement("em"), { textContent: " leaves" }));
  }
}

// --- deciding ---

const wanted = () => {
  const those = chosen.size ? chosen.values() : marked ? [idOf(marked)] : [];
  return { ids: [...new Set(those)], dataset };
};

function changed(told, before) {
  if (told === null) for (const [id, fate] of before ?? []) show(id, fate);
  else refresh();
}

async function say(verdict) {
  const what = wanted();
  const n = what.ids.length;
  if (chosen.isAll() && !(await confirmed(`${n} image${n === 1 ? "" : "s"} will be ${DONE[verdict]} for ${dataset}. Is that right?`))) return;
  const before = new Map();
  const advance = !chosen.size;
  decide(
    verdict,
    what,
    set,
    () => {
      for (const card of cards().filter((one) => what.ids.includes(idOf(one)))) {
        before.set(idOf(card), { state: card.dataset.state, verdict: card.dataset.verdict });
      }
      for (const id of what.ids) show(id, { state: verdict === "reject" ? "out" : before.get(id)?.state, verdict });
      if (advance) mark(beside(1));
      else chosen.none();
    },
    (told) => changed(told, before),
  );
}

async function clear() {
  const told = await post("/-/final/clear", wanted());
  if (!told) return;
  remember(told.words);
  toast(`${told.ids.length} image${told.ids.length === 1 ? "" : "s"} free again. Z takes it back.`);
  refresh();
}

async function swap() {
  if (!marked) return;
  const said = await chooseStandIn(dataset, idOf(marked));
  if (!said) return;
  const told = await post("/-/final/swap", said);
  if (!told) return;
  remember(told.words);
  toast("Swapped. Z takes it back.");
  refresh();
}

const acts = {
  keep: () => say("keep"),
  reject: () => say("reject"),
  pin: () => say("pin"),
  clear,
  undo: () => undo(set, changed),
  swap: once(swap),
};

// Read again each time: what was decided has replaced the list.
document.getElementById("side")?.addEventListener("change", (event) => {
  if (event.target.matches("select.go")) leave(event.target.value);
});

if (grid) {
  rescale();
  bind({
    ArrowRight: move(() => beside(1)),
    ArrowLeft: move(() => beside(-1)),
    ArrowDown: move(() => above(1)),
    ArrowUp: move(() => above(-1)),
    Home: () => mark(cards()[0]),
    End: () => mark(cards().at(-1)),
    " ": () => chosen.toggle(),
    a: chosen.takeShown,
    Escape: chosen.none,
    p: acts.keep,
    x: acts.reject,
    i: acts.pin,
    u: acts.clear,
    z: acts.undo,
    s: acts.swap,
    b: nextGround,
    1: asTrained,
    "+": () => larger(4),
    "-": () => larger(-4),
    c: () => grid.dataset.compare && marked.id.startsWith("c") && leave(grid.dataset.compare + marked.id.slice(1)),
    Enter: () => leave(marked.querySelector("a").href),
  });
  grid.addEventListener("click", (event) => {
    const card = event.target.closest(".card");
    if (!card || event.ctrlKey || event.metaKey || event.target.closest(".text a")) return;
    event.preventDefault();
    if (event.shiftKey) chosen.extend(card);
    else if (event.target.closest(".mark")) chosen.toggle(card);
    else chosen.begin(card);
    mark(card, false);
    grid.focus({ preventScroll: true });
  });
  grid.addEventListener("dblclick", () => leave(marked.querySelector("a").href));
  mark(cards().find((card) => card.id.slice(1) === wasHere()) ?? cards()[0], false);
  grid.focus({ preventScroll: true });
  sessionStorage.setItem("gallery", location.href);
  sessionStorage.setItem("neighbours", JSON.stringify(cards().map((card) => Number(card.id.slice(1)))));
  forecast();
}

whenChanged(grid ? refresh : reload);

// What takes long to count is asked for when it is opened.
document.addEventListener(
  "toggle",
  async (event) => {
    const address = event.target.dataset?.part;
    if (!address || !event.target.open) return;
    const found = await part(address);
    const list = found?.querySelector("ul") ?? "It could not be counted. Try again.";
    event.target.replaceChildren(event.target.querySelector("summary"), list);
  },
  true,
);

document.querySelector(".acts")?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) acts[button.dataset.act]();
});
