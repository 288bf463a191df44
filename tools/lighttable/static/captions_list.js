// Captions' list: its rows, the mark that moves over them, what is selected.
import { selection } from "./selection.js";

export const list = document.getElementById("lines");
export const now = { place: 0 }; // of the mark

export const lines = () => [...(list?.querySelectorAll(".cap") ?? [])];
export const current = () => lines()[now.place];
export const field = (line) => line.querySelector("textarea");
export const before = (line) => JSON.parse(line.dataset.before);
export const number = (n, word = "text") => `${n.toLocaleString("en").replaceAll(",", "\u202f")} ${word}${n === 1 ? "" : "s"}`;
export const ticket = (line) => ({ dataset: line.dataset.dataset, id: Number(line.dataset.id), before: before(line) });

// Value: {dataset, id, before}; A selects on other pages, too.
export const chosen = selection({
  items: lines,
  key: (line) => line.dataset.key,
  value: ticket,
  paint: (line, on) => line.querySelector(".pick").setAttribute("aria-pressed", String(on)),
  mark: current,
  describe: () => (current() ? `${now.place + 1} of ${lines().length} on this page` : ""),
});

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
  chosen.tell();
}

export async function chooseAll() {
  if (chosen.isAll()) return chosen.none();
  const answer = await fetch(`/-/captions/keys${list.dataset.query}`, { credentials: "same-origin" });
  if (answer.ok) chosen.take("set", (await answer.json()).map((one) => [`${one.dataset}-${one.id}`, one]));
}
