// Compare: goes through the set that the gallery showed, or through groups that look alike; decides by key.
import { bind } from "./keys.js";
import { clear, decide, remember, undo } from "./deciding.js";
import { nextGround } from "./ground.js";
import { post } from "./post.js";
import { toast } from "./toast.js";
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

const fetched = new Map();
function fetchStage(wanted) {
  const key = String(wanted);
  if (!fetched.has(key)) {
    fetched.set(key, fetch(`/-/compare/stage?${key}`, { credentials: "same-origin" }).then((answer) => (answer.ok ? answer.text() : null), () => null));
    while (fetched.size > 8) fetched.delete(fetched.keys().next().value);
  }
  return fetched.get(key);
}

async function show(changes) {
  const wanted = address(changes);
  const turn = ++asked;
  const text = await fetchStage(wanted);
  if (turn !== asked) return;
  if (text === null) {
    fetched.delete(String(wanted));
    toast("The light table does not answer. Is make review still running?", "error");
    return;
  }
  const flickered = section()?.dataset.flicker;
  stage.innerHTML = text;
  data.mode = section().dataset.mode;
  page.dataset.mode = data.mode;
  history.replaceState(null, "", `/-/compare?${wanted}`);
  if (flickered) section().dataset.flicker = flickered;
  arrive();
}

// The next stage and its pictures, before they are asked for.
async function prefetch(id) {
  if (!id || inGroups()) return;
  const text = await fetchStage(address({ item: id }));
  if (!text) return;
  const page = new DOMParser().parseFromString(text, "text/html");
  for (const image of page.querySelectorAll(".view img")) new Image().src = image.getAttribute("src");
}

function arrive() {
  const layout = localStorage.getItem("compare-layout") ?? (matchMedia("(max-width: 760px)").matches ? "slider" : "beside");
  setLayout(layout, false);
  setShow(localStorage.getItem("compare-show") ?? "cutout", false);
  setLayers();
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
    prefetch(neighbour(1));
  }
  stage.querySelector("select.go")?.addEventListener("change", (event) => location.assign(event.target.value));
  const at = listed.findIndex((item) => item.id === own());
  const first = (Number(data.page) - 1) * Number(data.per);
  const group = section()?.dataset;
  document.getElementById("place").textContent = inGroups() ? `${group.place} / ${group.groups}` : `${at < 0 ? "–" : first + at + 1} / ${data.total}`;
}

function isCurrent(link, is) {
  if (is) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
}

function bring(tile, strip) {
  if (tile) strip.scrollLeft = tile.offsetLeft - (strip.clientWidth - tile.clientWidth) / 2;
}

function tellScale(scale, whole, exact) {
  const text = document.getElementById("scale");
  const percent = Math.round(scale * devicePixelRatio * 100);
  text.textContent = exact ? "1:1" : `${percent} %`;
  text.setAttribute("aria-pressed", String(exact));
  text.setAttribute("aria-label", `${percent} %${whole ? ", the whole picture" : ""}. Press for ${whole ? "pixel for pixel" : "the whole picture"}.`);
}

const toggles = (group, name, value) => {
  for (const each of page.querySelectorAll(`.${group} [data-${name}]`)) each.setAttribute("aria-pressed", String(each.dataset[name] === value));
};

function setLayout(value, again = true) {
  if (again) {
    localStorage.setItem("compare-layout", value);
    look.stopFlicker();
  }
  toggles("layouts", "layout", value);
  const one = section();
  if (!one) return;
  const can = one.dataset.mode !== "frame" && one.querySelector("[data-part=a]") && one.querySelector("[data-part=b]");
  one.dataset.stacked = String(Boolean(can) && value === "slider");
  if (again) look.layAll();
}

function setShow(value, again = true) {
  if (again) localStorage.setItem("compare-show", value);
  toggles("shows", "show", value);
  if (section()) section().dataset.show = value;
}

const hidden = () => new Set(JSON.parse(localStorage.getItem("compare-hidden") ?? "[]"));
function setLayers() {
  const without = hidden();
  for (const each of page.querySelectorAll("[data-layer]")) each.setAttribute("aria-pressed", String(!without.has(each.dataset.layer)));
  if (section()) section().dataset.hidden = [...without].join(" ");
}
function toggleLayer(name) {
  const without = hidden();
  if (!without.delete(name)) without.add(name);
  localStorage.setItem("compare-hidden", JSON.stringify([...without]));
  setLayers();
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
    else location.assign(`/-/compare?${address({ page: to, item: "", last: step < 0 ? 1 : "" })}`);
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

const WORDS = { keep: "kept", reject: "rejected", pin: "pinned" };
function tell() {
  const one = current();
  if (!one) return;
  const kind = inGroups() ? one.kind : section().querySelector("h1")?.firstChild.textContent.trim().split(" ")[0].toLowerCase();
  document.getElementById("marked").textContent = `${kind} ${one.id}${one.verdict ? `, ${WORDS[one.verdict]}` : ""}`;
  const badge = stage.querySelector("[data-badge]");
  if (!badge || inGroups()) return;
  badge.dataset.badge = one.verdict;
  badge.className = `badge ${one.verdict}`;
  badge.textContent = WORDS[one.verdict] ?? "";
  const standing = stage.querySelector(".standing");
  if (!one.state || standing.dataset.state === one.state) return;
  standing.dataset.state = one.state;
  standing.replaceChildren(Object.assign(document.createElement("i"), { className: `dot ${one.state}` }), ` ${one.state === "in" ? "in" : (one.reason ?? "").replaceAll("_", " ") || "out"}`);
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
  fetched.clear();
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

const next = (name, values, attribute) => values[(values.indexOf(localStorage.getItem(name) ?? attribute) + 1) % values.length];
const layoutNow = () => page.querySelector(".layouts [aria-pressed=true]")?.dataset.layout;
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
    m: () => setShow(next("compare-show", ["cutout", "matte", "tint"], "cutout")),
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
    Enter: () => current()?.id && location.assign(`/-/item/${current().id}`),
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
