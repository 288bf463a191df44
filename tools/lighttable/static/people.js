// People: a mark among faces, the unsure answered by one key, rows named, merged and split, faces moved by key or drag.
import { bind, once } from "./keys.js";
import { confirmed, decide, remember, undo } from "./deciding.js";
import { whenChanged } from "./live.js";
import { both, whoIs } from "./people-ask.js";
import { isDragging, whenDropped } from "./people-drag.js";
import { across, all, begin, callOf, chosen, down, extend, home, idOf, lines, marked, rowOf, set, takeAlike, takenAlike, takeRow } from "./people-mark.js";
import { leave, post } from "./post.js";
import { toast } from "./toast.js";

const LONG = 70; // so many letters take longer to read

const seen = () => home().dataset.seen;
const images = (n) => `${n.toLocaleString("en").replaceAll(",", "\u202f")} image${n === 1 ? "" : "s"}`;
const meant = () => (chosen.size ? chosen.elements() : marked() ? [marked()] : []);
const ids = () => [...new Set(meant().map(idOf))];

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
  if (told.together) return told;
  remember(told.words);
  for (const sentence of told.sentences) {
    const text = sentence.split("; `")[0].replaceAll("`", "");
    toast(text, text.length > LONG ? "warn" : "");
  }
  if (later) soon();
  else await refresh();
  return told;
}

// --- the unsure ---

const asked = () => Boolean(marked()?.matches(".ask"));
const card = () => (asked() ? document.getElementById(`card${marked().dataset.id}`) : null);
const called = (to) => (to.name === "other" ? "nobody of these" : to.name || `cluster ${to.cluster}`);
const said = (to) => (to.name ? { name: to.name } : { cluster: to.cluster });

// Answer who is asked about, or all who are selected, and ask about the next at once.
async function answer(to) {
  if (chosen.size) return answerAll(to);
  const [one, id] = [marked(), idOf(marked())];
  const open = all(".queue .ask:not(.done)");
  const next = open[open.indexOf(one) + 1] ?? open.find((each) => each !== one);
  one.classList.add("done");
  set(next ?? lines()[0]?.[0], false);
  await say("move", { ids: [id], ...said(to) }, true);
}

async function answerAll(to) {
  const alike = takenAlike();
  const those = alike ? { like: alike.id, expected: alike.n } : { ids: ids() };
  const n = alike?.n ?? those.ids.length;
  if (n > 1 && !(await confirmed(`${images(n)} will be ${called(to)}. Is that right?`))) return;
  chosen.none();
  await say("move", { ...those, ...said(to) });
}

function takeAll() {
  if (!card()) return takeRow();
  const n = Number(card().dataset.alike);
  if (n > 1) takeAlike(n);
  else toast("Nobody else waits who is like this one.");
}

function candidate(key) {
  const button = card()?.querySelector(`[data-key="${key}"]`);
  if (button) answer(offered(button));
}
const offered = (button) => ({ name: button.dataset.name, cluster: Number(button.dataset.cluster) });

// --- faces and rows ---

async function moved(faces, to) {
  const those = faces.map(idOf);
  if (!those.length || !to) return;
  chosen.none();
  await say("move", to.name ? { ids: those, name: to.name } : { ids: those, cluster: to.cluster });
}

async function move() {
  const faces = meant();
  if (!faces.length) return;
  const row = rowOf(faces[0]);
  const n = takenAlike()?.n ?? faces.length;
  const to = await whoIs(`Who ${n === 1 ? "is it" : `are these ${images(n)}`}?`, row ? [row.dataset.name || row.dataset.cluster] : []);
  if (to && !row) await answer(to);
  else await moved(faces, to);
}

async function other() {
  if (!rowOf(meant()[0])) return asked() && answer({ name: "other" });
  const faces = meant();
  if (faces.length > 1 && !(await confirmed(`${images(faces.length)} will be nobody of these. Is that right?`))) return;
  await moved(faces, { name: "other" });
}

const pictures = (row) => [...row.querySelectorAll(".face img")].slice(0, 8).map((image) => image.cloneNode());

async function merge(row, into) {
  if (!row) return toast("Go to a row first, then merge it.");
  const to = into ?? (await whoIs(`Merge ${callOf(row)} with whom?`, [row.dataset.name || row.dataset.cluster], "Next"));
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

// What was said of several at once is taken back as one word: its number is confirmed first.
async function forget() {
  const those = ids();
  if (!those.length) return;
  const told = await say("forget", { ids: those });
  if (!told?.together) return;
  const n = told.together;
  const text = `Who this is was said of ${images(n)} at once. What was said of all ${images(n)} will be taken back. Is that right?`;
  if (await confirmed(text)) await say("forget", { ids: those, expected: n });
}

function verdict(word) {
  if (ids().length) decide(word, { ids: ids() }, "match:person", chosen.none, () => refresh());
}

const acts = {
  name: rename,
  merge: once(merge),
  split: once(split),
  move: once(move),
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
  " ": () => chosen.toggle(),
  a: takeAll,
  Escape: chosen.none,
  1: () => candidate("1"),
  2: () => candidate("2"),
  3: () => candidate("3"),
  o: other,
  s: () => marked()?.matches(".ask") && across(1),
  m: acts.move,
  n: () => rename(rowOf(marked())),
  g: () => acts.merge(rowOf(marked())),
  d: () => acts.split(rowOf(marked())),
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
  const [act, offer, ask] = [event.target.closest("[data-act]"), event.target.closest(".candidate"), event.target.closest(".ask")];
  if (act) return acts[act.dataset.act](rowOf(act) ?? rowOf(marked()));
  if (offer) return answer(offered(offer));
  if (ask && !ask.matches(".done")) return pick(ask, event);
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
// One of the unsure: with Ctrl one more, with Shift all from where the selection began.
function pick(ask, event) {
  if (event.shiftKey) chosen.extend(ask, all(".queue .ask:not(.done)"));
  else if (event.ctrlKey || event.metaKey) chosen.toggle(ask);
  set(ask);
}

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
document.addEventListener("focusout", (event) => event.target.matches?.("input.field") && named(event.target, true));

whenDropped((held, row) => {
  if (held.faces) moved(held.faces, { name: row.dataset.name, cluster: Number(row.dataset.cluster) });
  else acts.merge(held.row, row);
});

// Not while faces are selected or dragged: then the reviewer says when.
whenChanged(async () => {
  if (home().querySelector(".chosen, .dragged")) return false;
  await refresh();
  return true;
});

begin();
