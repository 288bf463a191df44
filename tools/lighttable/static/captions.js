// Captions: texts that are edited in place and saved when they are left; what every key does.
import { bind } from "./keys.js";
import { confirmed, decide, remember, undo } from "./deciding.js";
import { nextGround } from "./ground.js";
import { leave, post } from "./post.js";
import { wasHere } from "./selection.js";
import { toast } from "./toast.js";
import { openHistory, openReplace } from "./captions_dialogs.js";
import { before, chooseAll, chosen, current, field, lines, list, mark, now, number, ticket } from "./captions_list.js";
import { furnish, isChanged, pictured, pictures, refresh, show, tell } from "./captions_rows.js";
import { oneLine } from "./captions_text.js";

let cleared = null; // what U took back last, while nothing was written since
const underway = new Map(); // by key, what is being saved

// --- saving ---

// One save of a text after the other: what was typed on meanwhile is saved next.
async function save(line, force = false) {
  const { key } = line.dataset;
  const before = underway.get(key);
  const doing = before ? before.then((done) => done && written(document.getElementById(line.id) ?? line)) : written(line, force);
  underway.set(key, doing);
  const done = await doing;
  if (underway.get(key) === doing) underway.delete(key);
  return done;
}

async function written(line, force = false) {
  const area = field(line);
  const text = oneLine(area.value);
  if (!isChanged(line) && !force) return true;
  if (text === before(line) && !force) {
    area.value = area.defaultValue;
    show(line);
    tell(line, "", "");
    return true;
  }
  tell(line, "saving", "saving …");
  const sent = area.value;
  const told = await post("/-/captions/save", { texts: [{ ...ticket(line), text }] });
  if (!told) {
    const said = takeToast();
    await refresh([line.dataset.key]); // what stands now, so that another Enter writes over it knowingly
    tell(line, "refused", said);
    return false;
  }
  remember(told.words);
  cleared = null;
  area.defaultValue = sent;
  await refresh(likes([before(line), text], [line.dataset.key]));
  const fresh = document.getElementById(line.id);
  if (!fresh) return true;
  if (!isChanged(fresh)) tell(fresh, "saved", "saved, Z takes it back");
  else if (document.activeElement === field(fresh)) tell(fresh, "changed", "not saved yet");
  else return written(fresh);
  return true;
}

// The sentence that says why nothing was written stands in the row, and not over the rows as well.
function takeToast() {
  const toasts = [...document.querySelectorAll("#toasts .error")];
  const said = toasts.at(-1)?.textContent ?? "It was not written.";
  toasts.at(-1)?.remove();
  return said;
}

function likes(texts, keys) {
  const low = new Set(texts.map((text) => text.toLowerCase()));
  return lines().filter((line) => keys.includes(line.dataset.key) || low.has(before(line).toLowerCase())).map((line) => line.dataset.key);
}

const move = (step) => (event) => {
  const to = Math.max(0, Math.min(lines().length - 1, now.place + step));
  if (event.shiftKey) chosen.extend(lines()[to]);
  else chosen.leave();
  mark(to);
};

// --- acts ---

function edit() {
  const area = field(current());
  area.focus();
  area.setSelectionRange(area.value.length, area.value.length);
}

function nextEmpty() {
  const all = lines();
  const order = [...all.slice(now.place + 1), ...all.slice(0, now.place + 1)];
  const line = order.find((one) => one.dataset.missing && !one.classList.contains("gone"));
  if (line) {
    mark(all.indexOf(line));
    edit();
  } else if (list.dataset.lack && Number(list.dataset.missing) > 0) leave(list.dataset.lack);
  else toast("Every image here has a caption.");
}

// The images that a key decides on: the selected, else the marked; null where they are of several datasets.
function subjects() {
  const line = current();
  const those = chosen.size ? chosen.values() : line ? [ticket(line)] : [];
  if (new Set(those.map((one) => one.dataset)).size <= 1) return those;
  toast("Choose images of one dataset.", "error");
  return [];
}

const keysOf = (ids) => lines().filter((line) => ids.includes(Number(line.dataset.id))).map((line) => line.dataset.key);

async function judge(verdict) {
  const those = subjects();
  if (!those.length) return;
  if (chosen.isAll() && !(await confirmed(`${number(those.length, "image")} will be decided on. Is that right?`))) return;
  const single = !chosen.size;
  decide(verdict, { ids: those.map((one) => one.id), dataset: those[0].dataset }, "", () => {}, async (told) => {
    if (!told) return;
    cleared = null;
    if (single) mark(now.place + 1);
    else chosen.none();
    await refresh(keysOf(told.ids));
  });
}

async function writeAll(texts, done) {
  const told = await post("/-/captions/save", { texts, expected: texts.length });
  if (!told) return false;
  remember(told.words);
  cleared = null;
  await refresh(lines().map((line) => line.dataset.key));
  toast(`${number(texts.length)} ${done}. Z takes it back.`);
  return true;
}

async function copy() {
  const line = current();
  if (!line || !(await save(line))) return;
  const text = before(document.getElementById(line.id));
  const others = chosen.values().filter((one) => !(one.id === Number(line.dataset.id) && one.dataset === line.dataset.dataset) && one.before !== text);
  if (!others.length) return toast("Select other images first, by Space or A; the marked one gives its text.");
  if (!text) return toast("The marked image has no text to give.");
  if (!(await confirmed(`${number(others.length, "other image")} will be described as: ${text}`))) return;
  if (await writeAll(others.map((one) => ({ ...one, text })), "copied")) chosen.none();
}

async function takeBack() {
  const those = subjects();
  if (!those.length) return;
  const told = await post("/-/captions/clear", { dataset: those[0].dataset, ids: those.map((one) => one.id) });
  if (!told) return;
  cleared = those.filter((one) => told.ids.includes(one.id));
  await refresh(keysOf(told.ids));
  toast(`${number(told.ids.length)} taken back.`);
}

// One act after the other: Z pressed at once after U, or after a save, means just that.
let turn = Promise.resolve();
const inTurn = (act) => () => (turn = turn.then(() => Promise.all(underway.values())).then(act));

// Z: what U took back is written again; else the last decision is taken back.
async function undoLast() {
  if (!cleared) return undo("", (told) => told && refresh(lines().map((line) => line.dataset.key)));
  const stands = new Map(lines().map((line) => [line.dataset.key, before(line)]));
  const texts = cleared.map((one) => ({ ...one, before: stands.get(`${one.dataset}-${one.id}`), text: one.before }));
  await writeAll(texts.filter((one) => one.before !== undefined), "written again");
}

const acts = {
  edit,
  lack: nextEmpty,
  copy,
  keep: () => judge("keep"),
  reject: () => judge("reject"),
  pin: () => judge("pin"),
  clear: inTurn(takeBack),
  undo: inTurn(undoLast),
};

const versions = () => {
  const line = current();
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
      if (event.shiftKey) return; // a caption is one line
      const place = lines().indexOf(line);
      const force = Boolean(line.dataset.missing) && oneLine(event.target.value) !== "";
      const saving = save(line, force);
      list.focus({ preventScroll: true });
      mark(place + 1);
      if ((await saving) || document.activeElement !== list) return;
      mark(place);
      edit();
    }
  });
  list.addEventListener("click", (event) => {
    const line = event.target.closest(".cap");
    if (!line || event.target.matches("textarea, summary")) return;
    const place = lines().indexOf(line);
    const button = event.target.closest("[data-do]");
    if (event.shiftKey) {
      event.preventDefault();
      chosen.extend(line);
      mark(place);
    } else if (event.target.closest(".pick")) {
      chosen.toggle(line);
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
    " ": () => chosen.toggle(),
    a: chooseAll,
    v: copy,
    Escape: chosen.none,
    p: acts.keep, x: acts.reject, i: acts.pin, u: acts.clear, z: acts.undo,
    b: nextGround,
    c: () => pictures(pictured() === "cutout" ? "composite" : "cutout"),
    o: () => leave(`/-/item/${current().dataset.id}`),
    "]": () => document.querySelector(".pager [rel=next]")?.click(),
    "[": () => document.querySelector(".pager [rel=prev]")?.click(),
    "/": () => document.querySelector("#search input").select(),
  });
  const back = lines().findIndex((line) => line.dataset.id === wasHere());
  sessionStorage.setItem("gallery", location.href);
  sessionStorage.setItem("neighbours", JSON.stringify(lines().map((line) => Number(line.dataset.id))));
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
  leave(address);
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
