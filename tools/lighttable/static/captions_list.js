// Captions' list: its rows, the mark that moves over them, what is selected.
export const list = document.getElementById("lines");
export const chosen = new Map(); // key → {dataset, id, digest}
// place: of the mark; anchor: where a selection began; all: everything that matches is selected, on other pages, too.
export const now = { place: 0, anchor: -1, all: false };

export const lines = () => [...(list?.querySelectorAll(".cap") ?? [])];
export const current = () => lines()[now.place];
export const field = (line) => line.querySelector("textarea");
export const before = (line) => JSON.parse(line.dataset.before);
export const number = (n, word = "text") => `${n.toLocaleString("en").replaceAll(",", "\u202f")} ${word}${n === 1 ? "" : "s"}`;
export const ticket = (line) => ({ dataset: line.dataset.dataset, id: Number(line.dataset.id), digest: line.dataset.digest });

export function mark(place, scroll = true) {
  const all = lines();
  if (!all.length) return;
  all[now.place]?.classList.remove("marked");
  now.place = Math.max(0, Math.min(all.length - 1, place));
  const line = all[now.place];
  line.classList.add("marked");
  list.setAttribute("aria-activedescendant", line.id);
  if (scroll) line.scrollIntoView({ block: "nearest" });
  sessionStorage.setItem("last", line.dataset.id);
  say();
}

export function choose(line, on) {
  line.classList.toggle("chosen", on);
  line.querySelector(".pick").setAttribute("aria-pressed", String(on));
  if (on) chosen.set(line.dataset.key, ticket(line));
  else chosen.delete(line.dataset.key);
}

export function chooseNone() {
  now.all = false;
  chosen.clear();
  for (const line of lines()) choose(line, false);
  say();
}

export function extend(place) {
  if (now.anchor < 0) now.anchor = now.place;
  mark(place);
  chosen.clear();
  const [from, to] = [Math.min(now.anchor, now.place), Math.max(now.anchor, now.place)];
  lines().forEach((line, at) => choose(line, at >= from && at <= to));
  say();
}

export async function chooseAll() {
  const answer = await fetch(`/-/captions/keys${list.dataset.query}`, { credentials: "same-origin" });
  if (!answer.ok) return;
  for (const one of await answer.json()) chosen.set(`${one.dataset}-${one.id}`, one);
  for (const line of lines()) choose(line, chosen.has(line.dataset.key));
  now.all = true;
  say();
}

export function say() {
  const place = document.getElementById("marked");
  const line = current();
  const what = now.all ? "all " : "";
  place.textContent = chosen.size ? `${what}${chosen.size} selected` : line ? `${now.place + 1} of ${lines().length} on this page` : "";
}
