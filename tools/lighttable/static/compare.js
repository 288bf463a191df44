// Compare: goes through the set that the gallery showed, or through groups that look alike; decides by key.
import { bind } from "./keys.js";
import { clear, decide, remember, undo } from "./deciding.js";
import { nextGround } from "./ground.js";
import { leave, post } from "./post.js";
import { toast } from "./toast.js";
import { bring, isCurrent, layoutNow, nextShow, restore, setLayout, setShow, tellScale, tellStanding, toggleLayer } from "./compare-tools.js";
import { ahead, fetchStage, forget } from "./compare-fetch.js";
import * as look from "./compare-view.js";

const page = document.getElementById("compare");
const stage = document.getElementById("stage");
const film = document.getElementById("film");
const listed = page ? JSON.parse(document.getElementById("listed").textContent) : [];
const byId = new Map(listed.map((item) => [item.id, item]));
const data = page?.dataset ?? {};
const query = () => new URLSearchParams(data.query);
let asked = 0;

const section = () => stage.querySelector(".look");
const inGroups = () => section()?.dataset.mode === "groups";
const own = () => Number(section()?.dataset.item ?? 0);
const setOf = () => (inGroups() ? section().dataset.set : data.set);

function address(changes) {
  const found = query();
  for (const [name, value] of Object.entries({ item: own() || "", mode: data.mode, ...changes })) {
    if (value) found.set(name, value);
    else found.delete(name);
  }
  return found;
}

// --- what is shown ---

async function show(changes) {
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

function arrive() {
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

const members = () => [...stage.querySelectorAll(".member")];
const marked = () => stage.querySelector(".member.marked");

function mark(place) {
  const all = members();
  if (!all.length) return;
  marked()?.classList.remove("marked");
  const tile = all[Math.max(0, Math.min(all.length - 1, place))];
  tile.classList.add("marked");
  tile.scrollIntoView({ block: "nearest" });
  tell();
}

function neighbour(step) {
  const at = listed.findIndex((item) => item.id === own());
  return listed[at < 0 ? (step > 0 ? 0 : -1) : at + step]?.id;
}

function go(step) {
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

function group(step) {
  const { place, groups } = section().dataset;
  const to = Number(place) + step;
  if (to >= 1 && to <= Number(groups)) show({ set: section().dataset.set, group: to, item: "" });
  else toast(step > 0 ? "This is the last group." : "This is the first group.");
}

function current() {
  if (!inGroups()) return byId.get(own()) ?? { id: own(), state: "", verdict: stage.querySelector("[data-badge]")?.dataset.badge ?? "" };
  const tile = marked();
  return tile ? { ...tile.dataset, id: Number(tile.dataset.id) } : null;
}

function tell() {
  const one = current();
  if (!one?.id) return;
  const kind = inGroups() ? one.kind : section().querySelector("h1").firstChild.textContent.trim().split(" ")[0].toLowerCase();
  tellStanding(kind, one, inGroups() ? null : stage);
}

// --- deciding ---

function put(id, fate) {
  if (!fate) return;
  const item = byId.get(id);
  if (item) Object.assign(item, fate);
  for (const tile of [document.getElementById(`f${id}`), document.getElementById(`m${id}`)]) if (tile) Object.assign(tile.dataset, { state: fate.state ?? tile.dataset.state, verdict: fate.verdict });
}

const isDecided = (id) => Boolean(byId.get(id)?.verdict);

function count(difference) {
  const bar = document.getElementById("progress");
  bar.value += difference;
  document.getElementById("reviewed").textContent = bar.value.toLocaleString("en").replaceAll(",", "\u202f");
}

// An item that a step no longer reaches has no fate there: it has what was just said of it.
function changed(told, before = new Map(), verdict = "") {
  forget();
  if (told === null) for (const [id, fate] of before) put(id, fate);
  else {
    const was = new Map(told.ids.map((id) => [id, before.has(id) ? Boolean(before.get(id).verdict) : isDecided(id)]));
    for (const id of told.ids) put(id, told.fates[id] ?? { verdict });
    count(told.ids.reduce((sum, id) => sum + (byId.has(id) ? Number(isDecided(id)) - Number(was.get(id)) : 0), 0));
  }
  tell();
}

function say(verdict) {
  const one = current();
  if (!one?.id) return;
  const before = new Map();
  const wanted = { ids: [one.id], dataset: inGroups() ? section().dataset.dataset : "" };
  decide(
    verdict,
    wanted,
    setOf(),
    () => {
      before.set(one.id, { state: one.state, verdict: one.verdict, reason: one.reason });
      put(one.id, { state: verdict === "reject" ? "out" : "in", verdict, reason: verdict === "reject" ? "rejected_by_hand" : "" });
      if (!inGroups()) neighbour(1) ? go(1) : tell();
      else if (members().indexOf(marked()) < members().length - 1) mark(members().indexOf(marked()) + 1);
      else tell();
    },
    (told) => changed(told, before, verdict),
  );
}

// Z leads back to what was decided.
function takeBack() {
  undo(setOf(), (told) => {
    changed(told);
    if (!told || told.ids.length !== 1) return;
    if (inGroups()) {
      const at = members().findIndex((tile) => Number(tile.dataset.id) === told.ids[0]);
      if (at >= 0) mark(at);
    } else if (byId.has(told.ids[0]) && told.ids[0] !== own()) show({ item: told.ids[0] });
  });
}

async function swap() {
  const tile = marked();
  const kept = stage.querySelector(".member.kept");
  if (!tile || tile === kept) {
    toast("Move the mark to the image that is to be in instead.");
    return;
  }
  const told = await post("/-/compare/swap", { wanted: Number(tile.dataset.id), kept: Number(kept.dataset.id), set: setOf() });
  if (told) {
    remember(told.words);
    toast(`${tile.dataset.kind} ${tile.dataset.id} will be in instead, from the next make on. Z takes it back.`);
    changed(told);
  }
}

const acts = {
  keep: () => say("keep"),
  reject: () => say("reject"),
  pin: () => say("pin"),
  clear: () => current()?.id && clear([current().id], setOf(), (told) => changed(told)),
  undo: takeBack,
  swap: () => inGroups() && swap(),
};

const modes = page ? [...page.querySelectorAll(".modes a")].map((link) => link.dataset.mode) : [];

function setMode(mode) {
  if (mode === data.mode) return;
  const id = current()?.id ?? own();
  look.whole();
  show({ mode, item: inGroups() ? id : own(), set: data.set });
}

function arrow(step, right, down) {
  return (event) => {
    if (event.shiftKey) look.pan(right, down);
    else if (right) go(step);
    else if (inGroups()) group(step);
  };
}

if (page) {
  // What an item's page leads to from here: the images beside it, and the way back.
  sessionStorage.setItem("neighbours", JSON.stringify(listed.map((item) => item.id)));
  sessionStorage.setItem("gallery", document.getElementById("back").href);
  arrive();
  bind({
    ArrowRight: arrow(1, 1, 0),
    ArrowLeft: arrow(-1, -1, 0),
    ArrowDown: arrow(1, 0, 1),
    ArrowUp: arrow(-1, 0, -1),
    "[": () => look.moveCut(-4),
    "]": () => look.moveCut(4),
    f: (event) => event.repeat || look.flicker(),
    v: () => setLayout(layoutNow() === "slider" ? "beside" : "slider"),
    m: nextShow,
    k: () => toggleLayer("joints"),
    b: nextGround,
    "+": () => look.zoom(1.5),
    "=": () => look.zoom(1.5),
    "-": () => look.zoom(1 / 1.5),
    0: look.toggleScale,
    ...Object.fromEntries(modes.map((mode, at) => [String(at + 1), () => setMode(mode)])),
    p: acts.keep,
    x: acts.reject,
    i: acts.pin,
    u: acts.clear,
    z: acts.undo,
    s: acts.swap,
    Enter: () => current()?.id && leave(`/-/item/${current().id}`),
    Escape: () => document.getElementById("back").click(),
  });
  page.querySelector(".tools").addEventListener("click", (event) => {
    const pressed = event.target.closest("button, .modes a");
    if (!pressed) return;
    if (pressed.dataset.mode) {
      event.preventDefault();
      setMode(pressed.dataset.mode);
    } else if (pressed.dataset.layout) setLayout(pressed.dataset.layout);
    else if (pressed.dataset.show) setShow(pressed.dataset.show);
    else if (pressed.dataset.layer) toggleLayer(pressed.dataset.layer);
    else if (pressed.dataset.zoom === "fit") look.toggleScale();
    else if (pressed.dataset.zoom) look.zoom(pressed.dataset.zoom === "in" ? 1.5 : 1 / 1.5);
    else if (pressed.id === "flicker") look.flicker();
    else if (pressed.id === "previous") go(-1);
    else if (pressed.id === "next") go(1);
  });
  page.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    const frame = event.target.closest(".film a, .drawing a");
    const tile = event.target.closest(".member");
    if (frame) {
      event.preventDefault();
      const to = new URL(frame.href?.baseVal ?? frame.href, location.href).searchParams;
      if (to.get("group")) show({ set: to.get("set"), group: to.get("group"), item: "" });
      else show({ item: to.get("item") });
    } else if (tile && !event.target.closest("a")) mark(members().indexOf(tile));
  });
}

document.querySelector(".acts")?.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-act]");
  if (pressed) acts[pressed.dataset.act]();
});
