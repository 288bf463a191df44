// The images on either side of a limit: asked for once it rests, shown without a flicker of what stays.
import { leave } from "./post.js";
const get = (id) => document.getElementById(id);
const PAUSE_MS = 90;
const MARKS = { keep: "kept", reject: "rejected", pin: "pinned" };
let timer = 0;
let asked = 0;
let last = null;
let markedId = null;
let row = "below";

export const marked = () => markedId;

const tiles = () => [...get(row).children].filter((one) => one.dataset.id);

// Shows what the server said of one place. today: where the limit stands; op: what it rejects.
export function show(told, today, op) {
  for (const side of ["below", "above"]) {
    const list = get(side);
    const old = new Map([...list.children].map((one) => [one.dataset.id, one]));
    const items = told[side];
    list.replaceChildren(...items.map((item) => tile(item, old.get(String(item.id)))));
    if (!items.length) list.append(Object.assign(document.createElement("li"), { className: "soft", textContent: "Nothing lies there." }));
    const passes = (side === "above") === (op === "<");
    get(`${side}-dot`).className = `dot ${passes ? "in" : "out"}`;
    get(`${side}-told`).textContent = passes ? "the limit lets them pass" : "the limit rejects them";
  }
  if (!document.querySelector(`.reach [data-id="${markedId}"]`)) markedId = null;
  point();
}

const figure = (value) => String(Number(value.toPrecision(4)));

function tile(item, old) {
  const line = old ?? document.createElement("li");
  if (!old) {
    line.className = "tile";
    line.id = `i${item.id}`;
    line.dataset.id = item.id;
    line.setAttribute("role", "option");
    line.innerHTML = '<a tabindex="-1" draggable="false"></a><span class="chip value"></span><span class="chip change"></span><span class="mark" aria-hidden="true"></span>';
    line.firstChild.href = `/-/item/${item.id}`;
    line.firstChild.append(item.path === null && item.kind !== "video" && item.kind !== "photo" ? nothing() : image(item));
  }
  const now = item.state === "in";
  line.dataset.state = item.state;
  line.dataset.verdict = item.verdict;
  line.dataset.change = now === item.would ? "" : item.would ? "in" : "out";
  const change = line.querySelector(".change");
  change.textContent = item.fixed ? (item.would ? (MARKS[item.verdict] ?? "kept") : `out: ${item.reason.replaceAll("_", " ")}`) : now === item.would ? "" : item.would ? "comes in" : "goes out";
  line.querySelector(".value").textContent = figure(item.value);
  const shown = line.querySelector("img");
  if (shown) shown.alt = `${item.kind} ${item.id}, ${figure(item.value)}${change.textContent ? `, ${change.textContent}` : ""}`;
  return line;
}

function nothing() {
  return Object.assign(document.createElement("span"), { className: "nothing", textContent: "no file" });
}

function image(item) {
  const one = document.createElement("img");
  one.className = "ground";
  one.loading = "lazy";
  one.decoding = "async";
  one.src = `/-/picture/${item.id}/256?v=${encodeURIComponent(item.version)}`;
  return one;
}

// Asks for the images at a place once nothing has moved for a moment; an answer that comes too late is dropped.
export function follow(word, at, today, op) {
  last = [word, at, today, op];
  clearTimeout(timer);
  timer = setTimeout(refresh, PAUSE_MS);
}

export async function refresh() {
  clearTimeout(timer);
  if (!last) return;
  const [word, at, today, op] = last;
  const turn = (asked += 1);
  const answer = await fetch(`/-/spectrum/near?${new URLSearchParams({ limit: word, at })}`);
  if (!answer.ok || turn !== asked) return;
  const told = await answer.json();
  if (turn === asked) show(told, today, op);
}

// Moves the mark in the row that has the focus.
export function mark(by) {
  const those = tiles();
  if (!those.length) return;
  const here = those.findIndex((one) => Number(one.dataset.id) === markedId);
  const turned = getComputedStyle(get(row)).flexDirection === "row-reverse" ? -by : by;
  const to = here < 0 ? 0 : Math.max(0, Math.min(those.length - 1, here + turned));
  markedId = Number(those[to].dataset.id);
  point();
  those[to].scrollIntoView({ block: "nearest", inline: "nearest" });
}

function point() {
  for (const one of document.querySelectorAll(".reach .tile")) {
    const on = Number(one.dataset.id) === markedId;
    one.classList.toggle("marked", on);
    one.setAttribute("aria-selected", String(on));
  }
  const list = get(row);
  if (markedId !== null) list.setAttribute("aria-activedescendant", `i${markedId}`);
  const shown = document.querySelector(`#i${markedId} img`);
  get("marked").textContent = shown?.alt ?? "";
}

for (const side of ["below", "above"]) {
  get(side)?.addEventListener("focus", () => {
    row = side;
    if (!tiles().some((one) => Number(one.dataset.id) === markedId)) {
      markedId = null;
      mark(0);
    }
  });
  get(side)?.addEventListener("click", (event) => {
    const one = event.target.closest(".tile");
    if (!one || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    row = side;
    markedId = Number(one.dataset.id);
    get(side).focus({ preventScroll: true });
    point();
  });
  get(side)?.addEventListener("dblclick", () => markedId !== null && leave(`/-/item/${markedId}`));
}
