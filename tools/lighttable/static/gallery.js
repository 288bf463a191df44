// Gallery: a mark that moves by arrows, a selection, decisions by key.
import { bind } from "./keys.js";
import { clear, decide, undo } from "./deciding.js";
import { nextGround } from "./ground.js";
import { leave, reload } from "./post.js";
import { selection, vertical, wasHere } from "./selection.js";

const grid = document.getElementById("grid");
const tiles = grid ? [...grid.children] : [];
const set = grid?.dataset.set ?? "";
let marked = -1;
for (const tile of tiles) tile.setAttribute("role", "option");
const chosen = selection({
  items: () => tiles,
  key: (tile) => Number(tile.dataset.id),
  paint: (tile, on) => tile.setAttribute("aria-selected", String(on)),
  mark: () => tiles[marked],
  describe: () => {
    const tile = tiles[marked];
    if (!tile) return "";
    const told = tile.querySelector(".unstored .told")?.textContent;
    return told ? `frame ${tile.dataset.id}. ${told}` : (tile.querySelector("img")?.alt ?? `item ${tile.dataset.id}`);
  },
});

const size = document.getElementById("size");
function resize(value) {
  document.documentElement.style.setProperty("--row", `${value}px`);
  localStorage.setItem("row", value);
  const wanted = value * devicePixelRatio > 260 ? "512" : "256";
  for (const image of grid?.querySelectorAll("img") ?? []) {
    const address = image.src.replace(/\/(256|512)\?/, `/${wanted}?`);
    if (address !== image.src) image.src = address;
  }
}
if (size) {
  size.value = localStorage.getItem("row") ?? (matchMedia("(max-width: 760px)").matches ? 130 : 180);
  size.addEventListener("input", () => resize(Number(size.value)));
  resize(Number(size.value));
}

function mark(place, scroll = true) {
  if (!tiles.length) return;
  tiles[marked]?.classList.remove("marked");
  marked = Math.max(0, Math.min(tiles.length - 1, place));
  const tile = tiles[marked];
  tile.classList.add("marked");
  grid.setAttribute("aria-activedescendant", tile.id);
  sessionStorage.setItem("last", tile.dataset.id);
  if (scroll) tile.scrollIntoView({ block: "nearest" });
  chosen.tell();
}

const go = (find) => (event) => {
  if (!tiles.length) return;
  const to = find();
  if (event.shiftKey) chosen.extend(to);
  else chosen.leave();
  mark(tiles.indexOf(to));
};
const beside = (step) => tiles[Math.max(0, Math.min(tiles.length - 1, marked + step))];
const above = (step) => vertical(tiles, tiles[marked], step);

// What is decided in a dataset's set is said of that dataset alone.
const wanted = () => {
  const { dataset, query, total } = grid.dataset;
  if (chosen.isAll()) return { all: query, expected: Number(total), dataset };
  if (chosen.size) return { ids: chosen.values(), dataset };
  return { ids: tiles[marked] ? [Number(tiles[marked].dataset.id)] : [], dataset };
};

function show(id, fate) {
  const tile = document.getElementById(`i${id}`);
  if (!tile || !fate) return;
  tile.dataset.state = fate.state ?? tile.dataset.state;
  tile.dataset.verdict = fate.verdict;
}

function count(difference) {
  const bar = document.getElementById("progress");
  bar.value += difference;
  document.getElementById("reviewed").textContent = bar.value.toLocaleString("en").replaceAll(",", "\u202f");
}

const isDecided = (id) => Boolean(document.getElementById(`i${id}`)?.dataset.verdict);

// An item that a step no longer reaches has no fate there: it has what was just said of it.
function changed(told, before, verdict = "") {
  if (told === null) {
    for (const [id, fate] of before ?? []) show(id, fate);
    return;
  }
  const was = new Map(told.ids.map((id) => [id, before?.has(id) ? Boolean(before.get(id).verdict) : isDecided(id)]));
  for (const id of told.ids) show(id, told.fates[id] ?? { verdict });
  count(told.ids.reduce((sum, id) => sum + Number(isDecided(id)) - Number(was.get(id)), 0));
  chosen.tell();
}

function say(verdict) {
  const what = wanted();
  const before = new Map();
  const advance = !chosen.size;
  decide(
    verdict,
    what,
    set,
    () => {
      for (const id of what.ids ?? []) {
        const tile = document.getElementById(`i${id}`);
        before.set(id, { state: tile.dataset.state, verdict: tile.dataset.verdict });
        show(id, { state: verdict === "reject" ? "out" : "in", verdict });
      }
      if (advance) mark(marked + 1);
      else chosen.none();
    },
    (told) => {
      changed(told, before, verdict);
      if (what.all !== undefined && told) reload();
    },
  );
}

const acts = {
  keep: () => say("keep"),
  reject: () => say("reject"),
  pin: () => say("pin"),
  clear: () => {
    const what = wanted();
    clear(what, set, (told) => {
      changed(told);
      if (what.all !== undefined && told) reload();
    });
  },
  undo: () => undo(set, (told) => changed(told)),
};

function open() {
  const tile = tiles[marked];
  if (!tile) return;
  leave(`/-/item/${tile.dataset.id}`);
}

// Compare goes through the same set: it gets this very address, and the marked image.
function compare() {
  const tile = tiles[marked];
  if (!tile) return;
  const address = new URLSearchParams(location.search);
  address.set("set", set);
  address.set("item", tile.dataset.id);
  leave(`/-/compare?${address}`);
}

document.getElementById("compare")?.addEventListener("click", compare);

if (grid) {
  const back = tiles.findIndex((tile) => tile.dataset.id === wasHere());
  sessionStorage.setItem("neighbours", JSON.stringify(tiles.map((tile) => Number(tile.dataset.id))));
  sessionStorage.setItem("gallery", location.href);
  bind({
    ArrowRight: go(() => beside(1)),
    ArrowLeft: go(() => beside(-1)),
    ArrowDown: go(() => above(1)),
    ArrowUp: go(() => above(-1)),
    Home: () => mark(0),
    End: () => mark(tiles.length - 1),
    " ": () => chosen.toggle(),
    a: () => chosen.take("set", chosen.entriesOf(tiles), Number(grid.dataset.total)),
    Escape: chosen.none,
    p: acts.keep,
    x: acts.reject,
    i: acts.pin,
    u: acts.clear,
    z: acts.undo,
    b: nextGround,
    n: () => document.querySelector(".pager [rel=next]")?.click(),
    c: compare,
    Enter: open,
  });
  grid.addEventListener("click", (event) => {
    const tile = event.target.closest(".tile");
    if (!tile || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const place = tiles.indexOf(tile);
    if (event.shiftKey) chosen.extend(tile);
    else if (event.target.closest(".mark")) chosen.toggle(tile);
    else chosen.leave();
    mark(place, false);
    grid.focus({ preventScroll: true });
  });
  grid.addEventListener("dblclick", open);
  mark(Math.max(0, back), back > 0);
  grid.focus({ preventScroll: true });
}

document.querySelector(".acts")?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) acts[button.dataset.act]();
});

// A filter is a check box: Space toggles it, too, and the page that comes has the focus where it was.
for (const box of document.querySelectorAll(".facet a")) {
  box.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    sessionStorage.setItem("filter", `${box.closest("section").querySelector("h2").textContent}:${box.dataset.value}`);
    leave(box.href);
  });
  const name = `${box.closest("section").querySelector("h2").textContent}:${box.dataset.value}`;
  if (sessionStorage.getItem("filter") === name) box.focus();
}
sessionStorage.removeItem("filter");

const ranges = document.getElementById("ranges");
document.getElementById("range-add")?.addEventListener("change", (event) => {
  const name = event.target.value;
  if (!name) return;
  const field = document.createElement("fieldset");
  field.dataset.metric = name;
  const title = document.createElement("legend");
  title.textContent = name.replaceAll("_", " ");
  field.append(title);
  for (const word of ["from", "to"]) {
    const input = document.createElement("input");
    Object.assign(input, { type: "number", step: "any", placeholder: word });
    input.setAttribute("aria-label", `${title.textContent} ${word}`);
    field.append(input);
  }
  ranges.querySelector(".row").before(field);
  event.target.selectedOptions[0].remove();
  field.querySelector("input").focus();
});
ranges?.addEventListener("submit", (event) => {
  event.preventDefault();
  const address = new URL(ranges.dataset.address, location.href);
  for (const field of ranges.querySelectorAll("fieldset")) {
    const [from, to] = [...field.querySelectorAll("input")].map((input) => input.value);
    if (from || to) address.searchParams.append("range", `${field.dataset.metric}:${from}:${to}`);
  }
  leave(address);
});
