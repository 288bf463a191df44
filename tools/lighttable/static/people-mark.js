// People's mark and selection: faces in rows, and the unsure that are asked about.
import { selection } from "./selection.js";

export const home = () => document.getElementById("people");
export const all = (query) => [...home().querySelectorAll(query)];
export const rowOf = (element) => element?.closest("article.person") ?? null;
export const callOf = (row) => row.dataset.name || `cluster ${row.dataset.cluster}`;
export const idOf = (face) => Number(face.dataset.id);
const at = { mark: null };
export const marked = () => at.mark;

export const chosen = selection({
  items: () => all(".face"),
  key: idOf,
  mark: () => (at.mark?.matches(".face") ? at.mark : null),
  describe: () => at.mark?.querySelector("img")?.alt ?? "",
  about: () => (rowOf(at.mark) ? callOf(rowOf(at.mark)) : ""),
});

// The lines in which the mark moves: the unsure, then each line of faces as it is laid out.
export function lines() {
  const found = [all(".queue .ask:not(.done)")];
  for (const list of all("ul.faces")) {
    const byTop = new Map();
    for (const face of list.querySelectorAll(".face")) {
      byTop.set(face.offsetTop, [...(byTop.get(face.offsetTop) ?? []), face]);
    }
    found.push(...byTop.values());
  }
  return found.filter((line) => line.length);
}

export function set(element, scroll = true) {
  at.mark?.classList.remove("marked");
  rowOf(at.mark)?.classList.remove("current");
  const mark = element ?? null;
  at.mark = mark;
  mark?.classList.add("marked");
  rowOf(mark)?.classList.add("current");
  if (mark?.matches(".ask")) {
    for (const card of all(".card")) card.hidden = card.dataset.id !== mark.dataset.id;
    // The next face is fetched while this one is looked at.
    document.getElementById(`card${mark.nextElementSibling?.dataset.id}`)?.querySelectorAll("img").forEach((image) => (image.loading = "eager"));
    const strip = mark.parentElement;
    strip.scrollLeft = mark.offsetLeft - strip.offsetLeft - strip.clientWidth / 3;
    if (scroll) document.getElementById("unsure").scrollIntoView({ block: "nearest" });
  } else if (scroll) mark?.scrollIntoView({ block: "nearest", inline: "nearest" });
  chosen.tell();
}

export function across(step) {
  const line = lines().find((each) => each.includes(at.mark)) ?? lines()[0];
  if (line) set(line[Math.max(0, Math.min(line.length - 1, line.indexOf(at.mark) + step))]);
}

export function down(step) {
  const there = lines();
  const place = there.findIndex((each) => each.includes(at.mark));
  const next = there[Math.max(0, Math.min(there.length - 1, place + step))];
  if (!next) return;
  const middle = (one) => one.getBoundingClientRect().left + one.offsetWidth / 2;
  const here = at.mark?.matches(".face") ? middle(at.mark) : 0;
  set(next.reduce((best, one) => (Math.abs(middle(one) - here) < Math.abs(middle(best) - here) ? one : best)));
}

export function extend(step) {
  if (!at.mark?.matches(".face")) return across(step);
  const faces = [...at.mark.parentElement.querySelectorAll(".face")];
  const to = faces[Math.max(0, Math.min(faces.length - 1, faces.indexOf(at.mark) + step))];
  chosen.extend(to, faces);
  set(to);
}

// A: all faces of the row, or none of them again.
export function takeRow() {
  const row = rowOf(at.mark);
  if (row) chosen.take(row.id, chosen.entriesOf([...row.querySelectorAll(".face")]));
}

// The page was made anew: the mark where it was, else in the row where it was, else at the beginning.
export function begin(id, row) {
  const there = (id && document.getElementById(id)) || (row && document.querySelector(`#${row} .face`));
  at.mark = null;
  chosen.prune();
  set(there || lines()[0]?.[0], false);
}
