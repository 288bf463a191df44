// People: a mark among faces, the unsure answered by one key, rows named, merged and split, faces moved by key or drag.
import { bind } from "./keys.js";
import { confirmed, decide, remember, undo } from "./deciding.js";
import { whenChanged } from "./live.js";
import { both, whoIs } from "./people-ask.js";
import { isDragging, whenDropped } from "./people-drag.js";
import { across, all, begin, callOf, chosen, down, extend, home, idOf, lines, marked, rowOf, set, takeRow } from "./people-mark.js";
import { leave, post } from "./post.js";
import { toast } from "./toast.js";

const seen = () => home().dataset.seen;
const images = (n) => `${n.toLocaleString("en").replaceAll(",", "\u202f")} image${n === 1 ? "" : "s"}`;
const meant = () => (chosen.size ? chosen.elements() : marked() ? [marked()] : []);
const ids = () => meant().map(idOf);

// --- what stands now ---

let refreshing = 0;

// The page as it is now, with the mark where it was.
async function refresh() {
  if (isDragging()) return soon(); // what is held in the hand stays there
  const mine = ++refreshing;
  const answer = await fetch(location.href, { credentials: "same-origin" });
  if (mine !== refreshing) return;
  const fresh = answer.ok && new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("people");
  if (!fresh) return leave("/-/people");
  const [old, row] = [marked()?.id, rowOf(marked())?.id];
  const strips = all("ul.faces").map((list) => [rowOf(list)?.id, list.scrollLeft]);
  const folded = all("details.filters:not([open])").length > 0;
  home().replaceWith(document.adoptNode(fresh));
  if (folded) for (const filters of all("details.filters")) filters.open = false;
  for (const [id, left] of strips) {
    const list = document.getElementById(id)?.querySelector("ul.faces");
    if (list) list.scrollLeft = left;
  }
  begin(old, row);
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

const card = () => (marked()?.matches(".ask") ? document.getElementById(`card${marked().dataset.id}`) : null);
const alike = () => card()?.querySelector(".all[aria-pressed=true]") ?? null;

// Answer the face that is asked about, or all that are like it, and ask about the next at once.
async function answer(name) {
  const [one, id, n] = [marked(), idOf(marked()), Number(card().dataset.alike)];
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
  else if (marked()?.matches(".ask")) toast("None of the others that wait is known to be like this one.");
  else takeRow();
}

function candidate(key) {
  if (!marked()?.matches(".ask")) return;
  const button = document.querySelector(`#card${marked().dataset.id} [data-key="${key}"]`);
  if (button) answer(button.dataset.name);
}

// --- faces and rows ---

async function moved(faces, to) {
  const those = faces.map(idOf);
  if (!those.length || !to) return;
  chosen.none();
  await say("move", to.name ? { ids: those, name: to.name } : { ids: those, cluster: to.cluster });
}

async function move() {
  if (marked()?.matches(".ask") && !chosen.size) {
    const to = await whoIs("Who is it?");
    if (to?.name) answer(to.name);
    else if (to) await moved([marked()], to);
    return;
  }
  const faces = meant();
  if (!faces.length) return;
  const row = rowOf(faces[0]);
  await moved(faces, await whoIs(`Who ${faces.length === 1 ? "is it" : `are these ${images(faces.length)}`}?`, row ? [row.dataset.name || row.dataset.cluster] : []));
}

async function other() {
  if (marked()?.matches(".ask") && !chosen.size) return answer("other");
  const faces = meant();
  if (faces.length > 1 && !(await confirmed(`${images(faces.length)} will be nobody who has a name. Is that right?`))) return;
  await moved(faces, { name: "other" });
}

const pictures = (row) => [...row.querySelectorAll(".face img")].slice(0, 8).map((image) => image.cloneNode());

async function merge(row, into) {
  if (!row) return toast("Go to a row first, then merge it.");
  const to = into ?? (await whoIs(`Merge ${callOf(row)} with whom?`, [row.dataset.name || row.dataset.cluster]));
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
  if (ids().length) decide(word, { ids: ids() }, "match:person", chosen.none, () => refresh());
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
  ArrowRight: (event) => (event.shiftKey ? extend(1) : (chosen.leave(), across(1))),
  ArrowLeft: (event) => (event.shiftKey ? extend(-1) : (chosen.leave(), across(-1))),
  ArrowDown: () => (chosen.leave(), down(1)),
  ArrowUp: () => (chosen.leave(), down(-1)),
  " ": () => marked()?.matches(".face") && chosen.toggle(),
  a: takeAll,
  Escape: chosen.none,
  1: () => candidate("1"),
  2: () => candidate("2"),
  o: other,
  s: () => marked()?.matches(".ask") && across(1),
  m: move,
  n: () => rename(rowOf(marked())),
  g: () => merge(rowOf(marked())),
  d: () => split(rowOf(marked())),
  u: forget,
  z: acts.undo,
  p: () => verdict("keep"),
  x: () => verdict("reject"),
  i: () => verdict("pin"),
  Enter: (event) => {
    const row = rowOf(marked());
    if (event.shiftKey && row) leave(`/-/people/${row.dataset.cluster}`);
    else if (marked()) leave(`/-/item/${marked().dataset.id}`);
  },
});

// --- mouse and finger ---

document.addEventListener("click", (event) => {
  const [act, said, ask] = [event.target.closest("[data-act]"), event.target.closest(".candidate"), event.target.closest(".ask")];
  if (act) return acts[act.dataset.act](rowOf(act) ?? rowOf(marked()));
  if (said) return answer(said.dataset.name);
  if (ask && !ask.matches(".done")) return set(ask);
  const face = event.target.closest(".face");
  if (!face || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  if (event.shiftKey && marked()?.parentElement === face.parentElement) {
    chosen.extend(face, [...face.parentElement.querySelectorAll(".face")]);
    set(face, false);
  } else {
    if (event.target.closest(".mark")) chosen.toggle(face);
    else chosen.leave();
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

whenDropped((held, row) => {
  if (held.faces) moved(held.faces, { name: row.dataset.name, cluster: Number(row.dataset.cluster) });
  else merge(held.row, row);
});

// Not while faces are selected or dragged: then the reviewer says when.
whenChanged(async () => {
  if (home().querySelector(".chosen, .dragged")) return false;
  await refresh();
  return true;
});

begin();
