// Compare's way through the set that the gallery showed, or through groups that look alike: what is shown, what is marked.
import { leave } from "./post.js";
import { toast } from "./toast.js";
import { bring, isCurrent, restore, tellScale, tellStanding } from "./compare-tools.js";
import { ahead, fetchStage } from "./compare-fetch.js";
import * as look from "./compare-view.js";

export const page = document.getElementById("compare");
export const stage = document.getElementById("stage");
const film = document.getElementById("film");
export const listed = page ? JSON.parse(document.getElementById("listed").textContent) : [];
export const byId = new Map(listed.map((item) => [item.id, item]));
export const data = page?.dataset ?? {};
const query = () => new URLSearchParams(data.query);
let asked = 0;

export const section = () => stage.querySelector(".look");
export const inGroups = () => section()?.dataset.mode === "groups";
export const own = () => Number(section()?.dataset.item ?? 0);
export const setOf = () => (inGroups() ? section().dataset.set : data.set);

function address(changes) {
  const found = query();
  for (const [name, value] of Object.entries({ item: own() || "", mode: data.mode, ...changes })) {
    if (value) found.set(name, value);
    else found.delete(name);
  }
  return found;
}

// --- what is shown ---

export async function show(changes) {
  const wanted = address(changes);
  const turn = ++asked;
  const text = await fetchStage(wanted);
  if (turn !== asked) return;
  if (text === null) {
    toast("The light table does not answer. Is make review still running?", "error");
    return;
  }
  const flickered = section()?.dataset.flicker;
  const held = document.activeElement?.classList.contains("handle");
  stage.innerHTML = text;
  data.mode = section().dataset.mode;
  page.dataset.mode = data.mode;
  history.replaceState(null, "", `/-/compare?${wanted}`);
  if (flickered) section().dataset.flicker = flickered;
  arrive();
  if (held) stage.querySelector(".handle")?.focus();
}

export function arrive() {
  restore();
  look.take(section(), tellScale);
  for (const link of page.querySelectorAll(".modes a")) {
    isCurrent(link, link.dataset.mode === data.mode);
    link.href = `/-/compare?${address({ mode: link.dataset.mode })}`;
  }
  for (const frame of film.querySelectorAll("a")) isCurrent(frame, !inGroups() && Number(frame.dataset.id) === own());
  for (const strip of [film, stage.querySelector(".film")]) bring(strip?.querySelector("[aria-current]"), strip);
  if (inGroups()) mark(0);
  else {
    sessionStorage.setItem("last", String(own()));
    tell();
    const after = neighbour(1);
    if (after) ahead(address({ item: after }));
  }
  stage.querySelector("select.go")?.addEventListener("change", (event) => leave(event.target.value));
  const at = listed.findIndex((item) => item.id === own());
  const first = (Number(data.page) - 1) * Number(data.per);
  const group = section()?.dataset;
  document.getElementById("place").textContent = inGroups() ? `${group.place} / ${group.groups}` : `${at < 0 ? "–" : first + at + 1} / ${data.total}`;
}

// --- the mark ---

export const members = () => [...stage.querySelectorAll(".member")];
export const marked = () => stage.querySelector(".member.marked");

export function mark(place) {
  const all = members();
  if (!all.length) return;
  marked()?.classList.remove("marked");
  const tile = all[Math.max(0, Math.min(all.length - 1, place))];
  tile.classList.add("marked");
  tile.scrollIntoView({ block: "nearest" });
  tell();
}

export function neighbour(step) {
  const at = listed.findIndex((item) => item.id === own());
  return listed[at < 0 ? (step > 0 ? 0 : -1) : at + step]?.id;
}

export function go(step) {
  if (inGroups()) {
    const all = members();
    const to = all.indexOf(marked()) + step;
    if (to >= 0 && to < all.length) mark(to);
    else group(step);
    return;
  }
  const id = neighbour(step);
  if (id) show({ item: id });
  else {
    const to = Number(data.page) + step;
    if (to < 1 || to > Number(data.pages)) toast(step > 0 ? "This is the last of the set." : "This is the first of the set.");
    else leave(`/-/compare?${address({ page: to, item: "", last: step < 0 ? 1 : "" })}`);
  }
}

export function group(step) {
  const { place, groups } = section().dataset;
  const to = Number(place) + step;
  if (to >= 1 && to <= Number(groups)) show({ set: section().dataset.set, group: to, item: "" });
  else toast(step > 0 ? "This is the last group." : "This is the first group.");
}

export function current() {
  if (!inGroups()) return byId.get(own()) ?? { id: own(), state: "", verdict: stage.querySelector("[data-badge]")?.dataset.badge ?? "" };
  const tile = marked();
  return tile ? { ...tile.dataset, id: Number(tile.dataset.id) } : null;
}

export function tell() {
  const one = current();
  if (!one?.id) return;
  const kind = inGroups() ? one.kind : section().querySelector("h1").firstChild.textContent.trim().split(" ")[0].toLowerCase();
  tellStanding(kind, one, inGroups() ? null : stage);
}

export function setMode(mode) {
  if (mode === data.mode) return;
  const id = current()?.id ?? own();
  look.whole();
  show({ mode, item: inGroups() ? id : own(), set: data.set });
}
