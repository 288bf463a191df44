// Gallery: a mark that moves by arrows, a selection, decisions by key.
import { bind } from "./keys.js";
import { clear, decide, undo } from "./deciding.js";
import { nextGround } from "./ground.js";
import { leave, reload } from "./post.js";

const grid = document.getElementById("grid");
const tiles = grid ? [...grid.children] : [];
const set = grid?.dataset.set ?? "";
let marked = -1;
let anchor = -1;
let all = false;
const chosen = new Set();

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
  if (scroll) tile.scrollIntoView({ block: "nearest" });
  tell();
}

function choose(tile, on) {
  tile.classList.toggle("chosen", on);
  if (on) chosen.add(tile);
  else chosen.delete(tile);
}

function chooseNone() {
  all = false;
  for (const tile of [...chosen]) choose(tile, false);
  tell();
}

function extend(place) {
  if (anchor < 0) anchor = Math.max(0, marked);
  mark(place);
  for (const tile of [...chosen]) choose(tile, false);
  const [from, to] = [Math.min(anchor, marked), Math.max(anchor, marked)];
  for (const tile of tiles.slice(from, to + 1)) choose(tile, true);
  tell();
}

function tell() {
  const place = document.getElementById("marked");
  const tile = tiles[marked];
  if (all) place.textContent = `all ${Number(grid.dataset.total).toLocaleString("en")} that match`;
  else if (chosen.size) place.textContent = `${chosen.size} selected`;
  else place.textContent = tile ? (tile.querySelector("img")?.alt ?? `item ${tile.dataset.id}`) : "";
}

// The tile in the row above or below that lies nearest to the marked one.
function vertical(step) {
  const here = tiles[Math.max(0, marked)].getBoundingClientRect();
  const middle = here.left + here.width / 2;
  let best = marked;
  let row = null;
  let distance = Infinity;
  for (let place = marked + step; place >= 0 && place < tiles.length; place += step) {
    const there = tiles[place].getBoundingClientRect();
    if (Math.abs(there.top - here.top) < 2) continue;
    row ??= there.top;
    if (Math.abs(there.top - row) > 2) break;
    const off = Math.abs(there.left + there.width / 2 - middle);
    if (off < distance) [best, distance] = [place, off];
  }
  return best;
}

// What is decided in a dataset's set is said of that dataset alone.
const wanted = () => {
  const { dataset, query, total } = grid.dataset;
  if (all) return { all: query, expected: Number(total), dataset };
  const tile = tiles[marked];
  const those = chosen.size ? [...chosen] : tile ? [tile] : [];
  return { ids: those.map((one) => Number(one.dataset.id)), dataset };
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
  tell();
}

function say(verdict) {
  const what = wanted();
  const before = new Map();
  const advance = !all && !chosen.size;
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
      else chooseNone();
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
  clear: () =>
    clear(wanted(), set, (told) => {
      changed(told);
      if (all && told) reload();
    }),
  undo: () => undo(set, changed),
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
  sessionStorage.setItem("neighbours", JSON.stringify(tiles.map((tile) => Number(tile.dataset.id))));
  sessionStorage.setItem("gallery", location.href);
  bind({
    ArrowRight: (event) => (event.shiftKey ? extend(marked + 1) : ((anchor = -1), mark(marked + 1))),
    ArrowLeft: (event) => (event.shiftKey ? extend(marked - 1) : ((anchor = -1), mark(marked - 1))),
    ArrowDown: (event) => (event.shiftKey ? extend(vertical(1)) : ((anchor = -1), mark(vertical(1)))),
    ArrowUp: (event) => (event.shiftKey ? extend(vertical(-1)) : ((anchor = -1), mark(vertical(-1)))),
    Home: () => mark(0),
    End: () => mark(tiles.length - 1),
    " ": () => {
      if (marked >= 0) choose(tiles[marked], !chosen.has(tiles[marked]));
      anchor = marked;
      tell();
    },
    a: () => {
      all = true;
      for (const tile of tiles) choose(tile, true);
      tell();
    },
    Escape: chooseNone,
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
    if (event.shiftKey) extend(place);
    else if (event.target.closest(".mark")) {
      choose(tile, !chosen.has(tile));
      anchor = place;
      mark(place, false);
    } else {
      anchor = -1;
      mark(place, false);
    }
    grid.focus({ preventScroll: true });
  });
  grid.addEventListener("dblclick", open);
  const back = tiles.findIndex((tile) => tile.dataset.id === sessionStorage.getItem("last"));
  mark(Math.max(0, back), back > 0);
  grid.focus({ preventScroll: true });
}

document.querySelector(".acts")?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) acts[button.dataset.act]();
});

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
