// People: a mark among faces, the unsure answered by one key, rows named, merged and split, faces moved by key or drag.
import { bind } from "./keys.js";
import { confirmed, decide, remember, undo } from "./deciding.js";
import { whenChanged } from "./live.js";
import { both, whoIs } from "./people-ask.js";
import { leave, post } from "./post.js";
import { toast } from "./toast.js";

const home = () => document.getElementById("people");
const all = (query) => [...home().querySelectorAll(query)];
const seen = () => home().dataset.seen;
const rowOf = (element) => element?.closest("article.person") ?? null;
const callOf = (row) => row.dataset.name || `cluster ${row.dataset.cluster}`;
const images = (n) => `${n.toLocaleString("en").replaceAll(",", "\u202f")} image${n === 1 ? "" : "s"}`;
let mark = null;
let anchor = null;

// --- the mark ---

// The lines in which the mark moves: the unsure, then each line of faces as it is laid out.
function lines() {
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

function set(element, scroll = true) {
  mark?.classList.remove("marked");
  rowOf(mark)?.classList.remove("current");
  mark = element ?? null;
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
  tell();
}

function across(step) {
  const line = lines().find((each) => each.includes(mark)) ?? lines()[0];
  if (line) set(line[Math.max(0, Math.min(line.length - 1, line.indexOf(mark) + step))]);
}

function down(step) {
  const there = lines();
  const place = there.findIndex((each) => each.includes(mark));
  const next = there[Math.max(0, Math.min(there.length - 1, place + step))];
  if (!next) return;
  const middle = (one) => one.getBoundingClientRect().left + one.offsetWidth / 2;
  const here = mark?.matches(".face") ? middle(mark) : 0;
  set(next.reduce((best, one) => (Math.abs(middle(one) - here) < Math.abs(middle(best) - here) ? one : best)));
}

function extend(step) {
  if (!mark?.matches(".face")) return across(step);
  anchor ??= mark;
  across(step);
  const faces = [...mark.parentElement.querySelectorAll(".face")];
  const [from, to] = [faces.indexOf(anchor), faces.indexOf(mark)].sort((a, b) => a - b);
  for (const face of all(".face.chosen")) face.classList.remove("chosen");
  for (const face of faces.slice(Math.max(0, from), to + 1)) face.classList.add("chosen");
  tell();
}

const chosen = () => all(".face.chosen");
const meant = () => (chosen().length ? chosen() : mark ? [mark] : []);
const ids = () => meant().map((face) => Number(face.dataset.id));

function nothing() {
  anchor = null;
  for (const face of chosen()) face.classList.remove("chosen");
  tell();
}

function tell() {
  const place = document.getElementById("marked");
  const row = rowOf(mark);
  const said = chosen().length ? `${chosen().length} selected` : (mark?.querySelector("img")?.alt ?? "");
  place.textContent = row && chosen().length ? `${said}, ${callOf(row)}` : said;
}

// --- what stands now ---

let refreshing = 0;

// The page as it is now, with the mark where it was.
async function refresh() {
  const mine = ++refreshing;
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (mine !== refreshing) return;
  const fresh = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("people");
  if (!fresh) return leave("/-/people");
  const [old, row] = [mark?.id, rowOf(mark)?.id];
  const strips = all("ul.faces").map((list) => [rowOf(list)?.id, list.scrollLeft]);
  home().replaceWith(document.adoptNode(fresh));
  for (const [id, left] of strips) {
    const list = document.getElementById(id)?.querySelector("ul.faces");
    if (list) list.scrollLeft = left;
  }
  begin(old, row);
}

function begin(id, row) {
  const there = (id && document.getElementById(id)) || (row && document.querySelector(`#${row} .face`));
  mark = anchor = null;
  set(there || lines()[0]?.[0], false);
}

let waiting = 0;
const soon = () => {
  clearTimeout(waiting);
  waiting = setTimeout(refresh, 350);
};

// Send what was said; what the answer tells is shown, and then the page as it stands.
async function say(act, said, later = false) {
  const told = await post(`/-/people/${act}`, { ...said, seen: seen() });
  if (!told) {
    await refresh();
    return null;
  }
  remember(told.words);
  for (const sentence of told.sentences) toast(sentence.split("; `")[0].replaceAll("`", ""));
  if (later) soon();
  else await refresh();
  return told;
}

// --- the unsure ---

const card = () => document.getElementById(`card${mark?.dataset.id}`);
const alike = () => card()?.querySelector(".all[aria-pressed=true]") ?? null;

// Answer the face that is asked about, or all that are like it, and ask about the next at once.
async function answer(name) {
  const [one, id, n] = [mark, Number(mark.dataset.id), Number(card().dataset.alike)];
  if (alike()) {
    const whose = name === "other" ? "nobody who has a name" : name;
    if (await confirmed(`${images(n)} will be ${whose}. Is that right?`)) await say("move", { like: id, expected: n, name });
    return;
  }
  const open = all(".queue .ask:not(.done)");
  const next = open[open.indexOf(one) + 1] ?? open.find((each) => each !== one);
  one.classList.add("done");
  set(next ?? lines()[0]?.[0], false);
  await say("move", { ids: [id], name }, true);
}

function takeAll() {
  const button = card()?.querySelector(".all");
  if (button) button.setAttribute("aria-pressed", String(!alike()));
  else for (const face of rowOf(mark)?.querySelectorAll(".face") ?? []) face.classList.add("chosen");
  tell();
}

function candidate(key) {
  if (!mark?.matches(".ask")) return;
  const button = document.querySelector(`#card${mark.dataset.id} [data-key="${key}"]`);
  if (button) answer(button.dataset.name);
}

// --- faces and rows ---

async function moved(faces, to) {
  const those = faces.map((face) => Number(face.dataset.id));
  if (!those.length || !to) return;
  nothing();
  await say("move", to.name ? { ids: those, name: to.name } : { ids: those, cluster: to.cluster });
}

async function move() {
  if (mark?.matches(".ask") && !chosen().length) {
    const to = await whoIs("Who is it?");
    if (to?.name) answer(to.name);
    else if (to) await moved([mark], to);
    return;
  }
  const faces = meant();
  if (!faces.length) return;
  const row = rowOf(faces[0]);
  await moved(faces, await whoIs(`Who ${faces.length === 1 ? "is it" : `are these ${images(faces.length)}`}?`, row ? [row.dataset.name || row.dataset.cluster] : []));
}

async function other() {
  if (mark?.matches(".ask") && !chosen().length) return answer("other");
  const faces = meant();
  if (faces.length > 1 && !(await confirmed(`${images(faces.length)} will be nobody who has a name. Is that right?`))) return;
  await moved(faces, { name: "other" });
}

const pictures = (row) => [...row.querySelectorAll(".face img")].slice(0, 8).map((image) => image.cloneNode());

async function merge(row, into) {
  if (!row) return toast("Go to a row first, then merge it.");
  const to = into ?? (await whoIs(`Who is ${callOf(row)} as well?`, [row.dataset.name || row.dataset.cluster]));
  if (!to) return;
  const other = into ?? all(".person").find((each) => (to.cluster ? Number(each.dataset.cluster) === to.cluster : each.dataset.name === to.name && each !== row));
  if (!other && !to.cluster) return say("name", { cluster: Number(row.dataset.cluster), name: to.name });
  const target = other ? Number(other.dataset.cluster) : to.cluster;
  const [own, its] = [row.dataset.name, other ? other.dataset.name : to.name];
  const side = (one) => [`${callOf(one)}, ${images(Number(one.dataset.images ?? 0))}`, pictures(one)];
  const sides = [side(row), other ? side(other) : [its || `cluster ${target}`, []]];
  const name = await both("Are these one person?", "Merge", sides, "Name", its || own, "a new name");
  if (name !== null) await say("merge", { clusters: [Number(row.dataset.cluster), target], name });
}

async function split(row) {
  if (!row) return toast("Go to a row first, then split it.");
  const answer = await fetch(`/-/people/${row.dataset.cluster}/parts`, { credentials: "same-origin" });
  const told = await answer.json();
  if (!answer.ok) return toast(told.error, "error");
  const heads = (part) =>
    part.ids.map((id) => {
      const image = document.createElement("img");
      image.className = "head";
      image.src = `/-/people/face/${id}/128`;
      image.alt = `person ${id}`;
      return image;
    });
  const [large, small] = told.parts;
  const sides = [[`${large.name}, ${images(large.n)}`, heads(large)], [`new, ${images(small.n)}`, heads(small)]];
  const name = await both("Are these two people?", "Split", sides, "Name of the new one", small.name, small.name);
  if (name !== null) await say("split", { cluster: Number(row.dataset.cluster), name });
}

function rename(row) {
  if (!row) return toast("Go to a row first, then name it.");
  const [button, field] = [row.querySelector("button.name"), row.querySelector("input.field")];
  button.hidden = true;
  field.hidden = false;
  field.focus();
  field.select();
}

function named(field, save) {
  const row = rowOf(field);
  if (field.hidden) return;
  field.hidden = true;
  row.querySelector("button.name").hidden = false;
  const value = field.value.trim();
  if (save && value && value !== row.dataset.name) say("name", { cluster: Number(row.dataset.cluster), name: value });
  else field.value = row.dataset.name;
}

async function forget() {
  if (ids().length) await say("forget", { ids: ids() });
}

function verdict(word) {
  if (ids().length) decide(word, { ids: ids() }, "match:person", () => {}, () => refresh());
}

const acts = {
  name: rename,
  merge,
  split,
  move,
  other,
  skip: () => across(1),
  alike: takeAll,
  undo: () => undo("", (told) => told && refresh()),
};

bind({
  ArrowRight: (event) => (event.shiftKey ? extend(1) : ((anchor = null), across(1))),
  ArrowLeft: (event) => (event.shiftKey ? extend(-1) : ((anchor = null), across(-1))),
  ArrowDown: () => ((anchor = null), down(1)),
  ArrowUp: () => ((anchor = null), down(-1)),
  " ": () => {
    if (mark?.matches(".face")) mark.classList.toggle("chosen");
    anchor = mark;
    tell();
  },
  a: takeAll,
  Escape: nothing,
  1: () => candidate("1"),
  2: () => candidate("2"),
  o: other,
  s: () => mark?.matches(".ask") && across(1),
  m: move,
  n: () => rename(rowOf(mark)),
  g: () => merge(rowOf(mark)),
  d: () => split(rowOf(mark)),
  u: forget,
  z: acts.undo,
  p: () => verdict("keep"),
  x: () => verdict("reject"),
  i: () => verdict("pin"),
  Enter: (event) => {
    const row = rowOf(mark);
    if (event.shiftKey && row) leave(`/-/people/${row.dataset.cluster}`);
    else if (mark) leave(`/-/item/${mark.dataset.id}`);
  },
});

// --- mouse and touch ---

document.addEventListener("click", (event) => {
  const [act, said, ask] = [event.target.closest("[data-act]"), event.target.closest(".candidate"), event.target.closest(".ask")];
  if (act) return acts[act.dataset.act](rowOf(act) ?? rowOf(mark));
  if (said) return answer(said.dataset.name);
  if (ask && !ask.matches(".done")) return set(ask);
  const face = event.target.closest(".face");
  if (!face || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (event.shiftKey && mark?.parentElement === face.parentElement) {
    anchor ??= mark;
    set(face, false);
    extend(0);
  } else {
    if (event.target.closest(".mark")) face.classList.toggle("chosen");
    anchor = null;
    set(face, false);
  }
});
document.addEventListener("dblclick", (event) => {
  const face = event.target.closest(".face");
  if (face) leave(`/-/item/${face.dataset.id}`);
});
document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.("input.field")) return;
  if (event.key === "Enter") named(event.target, true);
  else if (event.key === "Escape") named(event.target, false);
  else return;
  event.preventDefault();
});
document.addEventListener("focusout", (event) => event.target.matches?.("input.field") && named(event.target, false));

let dragged = null;
const under = (event) => event.target.closest?.(".person");

document.addEventListener("dragstart", (event) => {
  const face = event.target.closest?.(".face");
  const row = face ? null : rowOf(event.target);
  if (!face && !row) return;
  dragged = face ? { faces: face.matches(".chosen") ? chosen() : [face] } : { row };
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", face ? `person ${face.dataset.id}` : callOf(row));
  for (const one of dragged.faces ?? [row]) one.classList.add("dragged");
});
document.addEventListener("dragover", (event) => {
  const row = dragged && under(event);
  if (!row || row === (dragged.row ?? rowOf(dragged.faces[0]))) return;
  event.preventDefault();
  if (!row.classList.contains("over")) all(".over").forEach((one) => one.classList.remove("over"));
  row.classList.add("over");
});
document.addEventListener("dragend", () => {
  for (const one of all(".over, .dragged")) one.classList.remove("over", "dragged");
  dragged = null;
});
document.addEventListener("drop", (event) => {
  const [row, what] = [dragged && under(event), dragged];
  if (!row) return;
  event.preventDefault();
  if (what.faces) moved(what.faces, { name: row.dataset.name, cluster: Number(row.dataset.cluster) });
  else merge(what.row, row);
});

// Not while faces are selected or dragged: then the reviewer says when.
whenChanged(async () => {
  if (home().querySelector(".chosen, .dragged")) return false;
  await refresh();
  return true;
});

begin();
