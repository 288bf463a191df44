// Captions: a mark that moves by keys, texts that are edited in place and saved when they are left.
import { bind } from "./keys.js";
import { confirmed, decide, remember, undo } from "./deciding.js";
import { nextGround } from "./ground.js";
import { post } from "./post.js";
import { toast } from "./toast.js";
import { fault, oneLine, paint, rule, tokensAbout, words } from "./captions_text.js";
import { openHistory, openReplace } from "./captions_dialogs.js";

const list = document.getElementById("lines");
const chosen = new Map(); // key → {dataset, id, before}
let marked = 0;
let anchor = -1;
let everything = false;
let cleared = null; // what U took back last, while nothing was written since
const underway = new Set();

const lines = () => [...(list?.querySelectorAll(".cap") ?? [])];
const field = (line) => line.querySelector("textarea");
const before = (line) => JSON.parse(line.dataset.before);
const sought = list ? [list.dataset.q, ...JSON.parse(list.dataset.words).filter((word) => !word.startsWith("-"))].filter(Boolean) : [];
const number = (n, word = "text") => `${n.toLocaleString("en").replaceAll(",", "\u202f")} ${word}${n === 1 ? "" : "s"}`;
const ticket = (line) => ({ dataset: line.dataset.dataset, id: Number(line.dataset.id), before: before(line) });

// --- what is shown of a text ---

function show(line) {
  const text = field(line).value;
  const { dataset } = line.dataset;
  paint(line.querySelector(".paper"), text, dataset, JSON.parse(line.dataset.quoted), sought);
  const wrong = fault(oneLine(text), dataset);
  const { max_words, max_tokens } = rule(dataset);
  const [n, tokens] = [words(text), tokensAbout(text)];
  const count = line.querySelector(".count");
  count.classList.toggle("bad", Boolean(wrong));
  count.querySelector("meter").value = Math.min(100, 100 * Math.max(n / max_words, max_tokens === null ? 0 : tokens / max_tokens));
  const room = max_tokens === null ? "" : ` of ${max_tokens}`;
  count.querySelector("output").textContent = wrong
    ? `${number(n, "word")}, about ${number(tokens, "token")}: ${wrong}`
    : `${n} of ${max_words} words, about ${tokens}${room} tokens`;
}

function tell(line, name, text) {
  line.dataset.state = name;
  line.querySelector(".state").textContent = text;
}

const isChanged = (line) => field(line).value !== field(line).defaultValue;

// --- saving ---

async function save(line, force = false) {
  const area = field(line);
  const text = oneLine(area.value);
  if (!isChanged(line) && !force) return true;
  if (text === before(line) && !force) {
    area.value = area.defaultValue;
    show(line);
    tell(line, "", "");
    return true;
  }
  if (underway.has(line)) return true;
  underway.add(line);
  tell(line, "saving", "saving …");
  const sent = area.value;
  const told = await post("/-/captions/save", { texts: [{ ...ticket(line), text }] });
  underway.delete(line);
  if (!told) {
    const said = [...document.querySelectorAll("#toasts .error")].at(-1)?.textContent ?? "It was not written.";
    tell(line, "refused", said);
    return false;
  }
  remember(told.words);
  cleared = null;
  area.defaultValue = sent;
  await refresh(likes([before(line), text], [line.dataset.key]));
  const now = document.getElementById(line.id);
  if (now) tell(now, "saved", "saved, Z takes it back");
  return true;
}

function likes(texts, keys) {
  const low = new Set(texts.map((text) => text.toLowerCase()));
  return lines().filter((line) => keys.includes(line.dataset.key) || low.has(before(line).toLowerCase())).map((line) => line.dataset.key);
}

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");
async function fetched(path) {
  const answer = await fetch(path, { credentials: "same-origin" });
  return answer.ok ? parsed(await answer.text()) : null;
}

// Show rows as they stand now. Those that are gone from the set stay in sight, dimmed.
async function refresh(keys) {
  if (!keys.length) return;
  const page = await fetched(`/-/captions/rows?${new URLSearchParams(keys.slice(0, 200).map((key) => ["key", key]))}`);
  if (!page) return;
  for (const key of keys) {
    const old = document.getElementById(`l-${key}`);
    const now = page.getElementById(`l-${key}`);
    if (!old) continue;
    old.classList.toggle("gone", !now);
    if (!now) continue;
    if (isChanged(old)) {
      for (const name of ["before", "quoted"]) old.dataset[name] = now.dataset[name];
      continue;
    }
    const focused = old.contains(document.activeElement) && document.activeElement.matches("textarea");
    now.classList.add(...["marked", "chosen"].filter((name) => old.classList.contains(name)));
    if (chosen.has(key)) chosen.set(key, ticket(now));
    old.replaceWith(document.adoptNode(now));
    furnish(now);
    if (focused) field(now).focus();
  }
  later();
}

// The counts beside the filters, a moment after the last change.
let timer = 0;
function later() {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    const page = await fetched(location.href);
    for (const id of ["heading", "side"]) {
      const [old, now] = [document.getElementById(id), page?.getElementById(id)];
      if (!now || old.contains(document.activeElement)) continue;
      const [top, open] = [old.scrollTop, old.querySelector("details")?.open];
      old.replaceWith(document.adoptNode(now));
      if (open !== undefined) now.querySelector("details").open = open;
      now.scrollTop = top;
    }
  }, 350);
}

// --- mark and selection ---

function mark(place, scroll = true) {
  const all = lines();
  if (!all.length) return;
  all[marked]?.classList.remove("marked");
  marked = Math.max(0, Math.min(all.length - 1, place));
  const line = all[marked];
  line.classList.add("marked");
  list.setAttribute("aria-activedescendant", line.id);
  if (scroll) line.scrollIntoView({ block: "nearest" });
  sessionStorage.setItem("last", line.dataset.id);
  say();
}

function choose(line, on) {
  line.classList.toggle("chosen", on);
  line.querySelector(".pick").setAttribute("aria-pressed", String(on));
  if (on) chosen.set(line.dataset.key, ticket(line));
  else chosen.delete(line.dataset.key);
}

function chooseNone() {
  everything = false;
  chosen.clear();
  for (const line of lines()) choose(line, false);
  say();
}

function extend(place) {
  if (anchor < 0) anchor = marked;
  mark(place);
  chosen.clear();
  const [from, to] = [Math.min(anchor, marked), Math.max(anchor, marked)];
  lines().forEach((line, at) => choose(line, at >= from && at <= to));
  say();
}

async function chooseAll() {
  const answer = await fetch(`/-/captions/keys${list.dataset.query}`, { credentials: "same-origin" });
  if (!answer.ok) return;
  for (const one of await answer.json()) chosen.set(`${one.dataset}-${one.id}`, one);
  for (const line of lines()) choose(line, chosen.has(line.dataset.key));
  everything = true;
  say();
}

function say() {
  const place = document.getElementById("marked");
  const line = lines()[marked];
  const what = everything ? "all " : "";
  place.textContent = chosen.size ? `${what}${chosen.size} selected` : line ? `${marked + 1} of ${lines().length} on this page` : "";
}

const move = (step) => (event) => {
  if (event.shiftKey) return extend(marked + step);
  anchor = -1;
  mark(marked + step);
};

// --- acts ---

function edit() {
  const area = field(lines()[marked]);
  area.focus();
  area.setSelectionRange(area.value.length, area.value.length);
}

function nextEmpty() {
  const all = lines();
  const order = [...all.slice(marked + 1), ...all.slice(0, marked + 1)];
  const line = order.find((one) => one.dataset.missing && !one.classList.contains("gone"));
  if (line) {
    mark(all.indexOf(line));
    edit();
  } else if (list.dataset.lack && Number(list.dataset.missing) > 0) location.assign(list.dataset.lack);
  else toast("Every image here has a caption.");
}

// The images that a key decides on: the selected, else the marked; null where they are of several datasets.
function subjects() {
  const line = lines()[marked];
  const those = chosen.size ? [...chosen.values()] : line ? [ticket(line)] : [];
  if (new Set(those.map((one) => one.dataset)).size <= 1) return those;
  toast("Choose images of one dataset.", "error");
  return [];
}

const keysOf = (ids) => lines().filter((line) => ids.includes(Number(line.dataset.id))).map((line) => line.dataset.key);

async function judge(verdict) {
  const those = subjects();
  if (!those.length) return;
  if (everything && !(await confirmed(`${number(those.length, "image")} will be decided on. Is that right?`))) return;
  const single = !chosen.size;
  decide(verdict, { ids: those.map((one) => one.id), dataset: those[0].dataset }, "", () => {}, async (told) => {
    if (!told) return;
    cleared = null;
    if (single) mark(marked + 1);
    else chooseNone();
    await refresh(keysOf(told.ids));
  });
}

async function writeAll(texts, done) {
  const told = await post("/-/captions/save", { texts, expected: texts.length });
  if (!told) return false;
  remember(told.words);
  cleared = null;
  toast(`${number(texts.length)} ${done}. Z takes it back.`);
  await refresh(lines().map((line) => line.dataset.key));
  return true;
}

async function copy() {
  const line = lines()[marked];
  if (!line || !(await save(line))) return;
  const text = before(document.getElementById(line.id));
  const others = [...chosen.values()].filter((one) => !(one.id === Number(line.dataset.id) && one.dataset === line.dataset.dataset) && one.before !== text);
  if (!others.length) return toast("Select other images first, by Space or A; the marked one gives its text.");
  if (!text) return toast("The marked image has no text to give.");
  if (!(await confirmed(`${number(others.length, "other image")} will be described as: ${text}`))) return;
  if (await writeAll(others.map((one) => ({ ...one, text })), "copied")) chooseNone();
}

async function takeBack() {
  const those = subjects();
  if (!those.length) return;
  const told = await post("/-/captions/clear", { dataset: those[0].dataset, ids: those.map((one) => one.id) });
  if (!told) return;
  cleared = those.filter((one) => told.ids.includes(one.id));
  toast(`${number(told.ids.length)} taken back.`);
  await refresh(keysOf(told.ids));
}

// Z: what U took back is written again; else the last decision is taken back.
async function undoLast() {
  if (!cleared) return undo("", (told) => told && refresh(lines().map((line) => line.dataset.key)));
  const now = new Map(lines().map((line) => [line.dataset.key, before(line)]));
  const texts = cleared.map((one) => ({ ...one, before: now.get(`${one.dataset}-${one.id}`), text: one.before }));
  await writeAll(texts.filter((one) => one.before !== undefined), "written again");
}

const acts = {
  edit,
  lack: nextEmpty,
  copy,
  keep: () => judge("keep"),
  reject: () => judge("reject"),
  pin: () => judge("pin"),
  clear: takeBack,
  undo: undoLast,
};

// --- pictures: on the new ground, or cut out ---

function pictures(name) {
  localStorage.setItem("captions-picture", name);
  for (const button of document.querySelectorAll("#picture button")) button.setAttribute("aria-pressed", String(button.dataset.picture === name));
  for (const image of list?.querySelectorAll(".view img") ?? []) depict(image, name);
}
function depict(image, name) {
  const address = (name === "composite" && image.dataset.composite) || image.dataset.cutout;
  if (image.getAttribute("src") !== address) image.src = address;
  image.classList.toggle("ground", address === image.dataset.cutout);
}
const pictured = () => (localStorage.getItem("captions-picture") === "cutout" ? "cutout" : "composite");

function furnish(line) {
  const image = line.querySelector(".view img");
  if (image) depict(image, pictured());
  show(line);
}

const versions = () => {
  const line = lines()[marked];
  if (line) openHistory(line, async (text) => (await writeAll([{ ...ticket(line), text }], "restored")) && line);
};

// --- listening ---

if (list) {
  for (const line of lines()) furnish(line);
  pictures(pictured());
  list.addEventListener("input", (event) => {
    const line = event.target.closest(".cap");
    const area = field(line);
    if (/[\r\n\t]/.test(area.value)) {
      const at = area.selectionStart;
      area.value = area.value.replace(/[\r\n\t]+/g, " ");
      area.setSelectionRange(at, at);
    }
    show(line);
    tell(line, isChanged(line) ? "changed" : "", isChanged(line) ? "not saved yet" : "");
  });
  list.addEventListener("focusin", (event) => event.target.matches("textarea") && mark(lines().indexOf(event.target.closest(".cap")), false));
  list.addEventListener("focusout", (event) => {
    if (event.target.matches("textarea") && event.target.isConnected) save(event.target.closest(".cap"));
  });
  list.addEventListener("keydown", async (event) => {
    if (!event.target.matches("textarea") || event.isComposing) return;
    const line = event.target.closest(".cap");
    if (event.key === "Escape") {
      event.target.value = event.target.defaultValue;
      show(line);
      tell(line, "", "");
      list.focus({ preventScroll: true });
    } else if (event.key === "Enter") {
      event.preventDefault();
      event.stopPropagation();
      const place = lines().indexOf(line);
      const force = Boolean(line.dataset.missing) && oneLine(event.target.value) !== "";
      if (!(await save(line, force))) return;
      list.focus({ preventScroll: true });
      mark(place + 1);
    }
  });
  list.addEventListener("click", (event) => {
    const line = event.target.closest(".cap");
    if (!line || event.target.matches("textarea, summary")) return;
    const place = lines().indexOf(line);
    const button = event.target.closest("[data-do]");
    if (event.shiftKey) {
      event.preventDefault();
      extend(place);
    } else if (event.target.closest(".pick")) {
      choose(line, !chosen.has(line.dataset.key));
      anchor = place;
      mark(place, false);
      list.focus({ preventScroll: true });
    } else if (button?.dataset.do === "use") {
      mark(place, false);
      edit();
      field(line).value = JSON.parse(button.dataset.text);
      field(line).dispatchEvent(new Event("input", { bubbles: true }));
    } else if (button?.dataset.do === "history") {
      mark(place, false);
      versions();
    } else mark(place, false);
  });
  bind({
    ArrowDown: move(1), ArrowRight: move(1), j: move(1),
    ArrowUp: move(-1), ArrowLeft: move(-1), k: move(-1),
    Home: () => mark(0),
    End: () => mark(lines().length - 1),
    Enter: edit,
    n: nextEmpty,
    r: () => openReplace(list, writeAll),
    h: versions,
    " ": () => {
      const line = lines()[marked];
      choose(line, !chosen.has(line.dataset.key));
      anchor = marked;
      say();
    },
    a: chooseAll,
    v: copy,
    Escape: chooseNone,
    p: acts.keep, x: acts.reject, i: acts.pin, u: acts.clear, z: acts.undo,
    b: nextGround,
    c: () => pictures(pictured() === "cutout" ? "composite" : "cutout"),
    o: () => location.assign(`/-/item/${lines()[marked].dataset.id}`),
    "]": () => document.querySelector(".pager [rel=next]")?.click(),
    "[": () => document.querySelector(".pager [rel=prev]")?.click(),
    "/": () => document.querySelector("#search input").select(),
  });
  sessionStorage.setItem("gallery", location.href);
  sessionStorage.setItem("neighbours", JSON.stringify(lines().map((line) => Number(line.dataset.id))));
  const back = lines().findIndex((line) => line.dataset.id === sessionStorage.getItem("last"));
  mark(Math.max(0, back), back > 0);
  list.focus({ preventScroll: true });
} else bind({ "/": () => document.querySelector("#search input")?.select() });

addEventListener("beforeunload", (event) => {
  if (underway.size || lines().some(isChanged)) event.preventDefault();
});
document.getElementById("picture")?.addEventListener("click", (event) => event.target.dataset.picture && pictures(event.target.dataset.picture));
document.getElementById("replace-open")?.addEventListener("click", () => list && openReplace(list, writeAll));
document.querySelector(".dock .acts")?.addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button && list) acts[button.dataset.act]();
});

function leadTo(form, name, value) {
  const address = new URL(form.dataset.address, location.href);
  if (value) address.searchParams.set(name, value);
  location.assign(address);
}
document.addEventListener("submit", (event) => {
  if (event.target.id === "search") {
    event.preventDefault();
    leadTo(event.target, "q", event.target.querySelector("input").value.trim());
  } else if (event.target.id === "length") {
    event.preventDefault();
    const ends = [...event.target.querySelectorAll("input")].map((input) => input.value);
    leadTo(event.target, "length", ends.some(Boolean) ? ends.join(":") : "");
  }
});
document.querySelector("#search input")?.addEventListener("keydown", (event) => {
  if (event.key === "Escape") list?.focus();
});
