// Spectrum: a limit that moves by mouse, touch and arrow keys; what it would let pass, counted at once.
import { bind } from "./keys.js";
import { clear, decide, undo } from "./deciding.js";
import { nextGround } from "./ground.js";
import { along, draw, valueAt } from "./spectrum-plot.js";
import { follow, mark, marked, refresh, show } from "./spectrum-strips.js";
import { toast } from "./toast.js";
import { leave } from "./post.js";

const get = (id) => document.getElementById(id);
const page = get("spectrum");
const { word, tool, key, metric, set, reason } = page?.dataset ?? {};
let told = page ? JSON.parse(get("numbers").textContent) : null;
let log = localStorage.getItem("spectrum-scale") === "log";
let at = 0;

const thousands = (n) => n.toLocaleString("en").replaceAll(",", "\u202f");
const text = (value) => String(Number(value.toPrecision(12)));
const sum = (cells, first, last) => cells.slice(first, last + 1).reduce((total, n) => total + n, 0);
const nearest = (value) => {
  let best = 0;
  told.places.forEach((one, place) => {
    if (Math.abs(one - value) < Math.abs(told.places[best] - value)) best = place;
  });
  return best;
};

// How many would pass with the limit at a place: what nothing can move, and what lies on the side that passes.
function passing(place) {
  const end = told.places.length;
  return told.always + (told.op === "<" ? sum(told.free, place + 1, end) : sum(told.free, 0, place));
}

// What changes sides between today's limit and a place: [come in, go out].
function flips(place) {
  const more = passing(place) - passing(told.today);
  return [Math.max(0, more), Math.max(0, -more)];
}

function tell() {
  const value = told.places[at];
  const now = passing(told.today);
  const then = passing(at);
  const [gained, lost] = flips(at);
  get("at").value = text(value);
  get("pass").textContent = at === told.today ? thousands(now) : `${thousands(now)} → ${thousands(then)}`;
  get("pass").dataset.change = then === now ? "" : then > now ? `+${thousands(then - now)}` : `−${thousands(now - then)}`;
  get("judged").textContent = `of ${thousands(told.judged)}${told.unmeasured ? `, ${thousands(told.unmeasured)} not measured` : ""}`;
  for (const [id, n, state] of [["gained", gained, "out"], ["lost", lost, "in"]]) {
    get(id).textContent = thousands(n);
    const link = get(`see-${id}`);
    link.hidden = !n;
    const [low, high] = [Math.min(value, told.places[told.today]), Math.max(value, told.places[told.today])];
    const asked = new URLSearchParams({ set, state, range: `${metric}:${text(low)}:${text(high)}`, sort: metric });
    if (state === "out") asked.set("reason", reason);
    link.href = `/-/gallery?${asked}`;
  }
  get("to-today").disabled = at === told.today;
  get("line").textContent = `[${tool}]\n${key} = ${text(value)}`;
  const handle = get("handle");
  handle.setAttribute("aria-valuemin", told.places[0]);
  handle.setAttribute("aria-valuemax", told.places.at(-1));
  handle.setAttribute("aria-valuenow", value);
  handle.setAttribute("aria-valuetext", `${text(value)}: ${then} would pass, ${gained} come in, ${lost} go out`);
  get("grip").textContent = text(value);
  agree();
}

function agree() {
  const keeps = sum(told.keeps, 0, told.places.length);
  const all = keeps + sum(told.rejects, 0, told.places.length);
  const offer = get("offer");
  offer.hidden = !all || told.agreed[told.best] <= told.agreed[at];
  const line = get("agree");
  if (!all) {
    line.textContent = "Keep some images below and reject some: the limit that agrees best with you is offered here.";
    return;
  }
  const place = at === told.today ? "Today’s limit" : "This limit";
  let sentence = `${place} agrees with ${told.agreed[at]} of ${all} decisions of people (${keeps} kept, ${all - keeps} rejected).`;
  if (offer.hidden) sentence += " None agrees with more.";
  if (!keeps || keeps === all) sentence += ` All are ${keeps ? "kept" : "rejected"} ones: decide on some of the other sort as well before you trust this.`;
  line.textContent = sentence;
  const more = passing(told.best) - passing(told.today);
  const change = more ? `${thousands(Math.abs(more))} ${more > 0 ? "more" : "fewer"} pass` : "as many pass";
  offer.textContent = `Move to ${text(told.places[told.best])}: ${told.agreed[told.best]} of ${all} agree, ${change}`;
}

function place() {
  const share = (value) => `${along(told, value) * 100}%`;
  get("handle").style.left = share(told.places[at]);
  get("todays").style.left = share(told.places[told.today]);
  get("todays").hidden = at === told.today;
}

function paint() {
  const floor = draw(get("bars"), told, at, log);
  get("plot").style.setProperty("--floor", `${floor}px`);
  place();
}

function move(to, settle = true) {
  at = Math.max(0, Math.min(told.places.length - 1, to));
  paint();
  tell();
  if (!settle) return;
  const address = new URL(location.href);
  address.searchParams.set("limit", word);
  if (at === told.today) address.searchParams.delete("at");
  else address.searchParams.set("at", text(told.places[at]));
  history.replaceState(null, "", address);
  follow(word, told.places[at], told.places[told.today], told.op);
}

// Everything again after a decision: the limit stays where it is.
async function again(answer) {
  if (!answer) return;
  const value = told.places[at];
  const fresh = await fetch(`/-/spectrum/numbers?${new URLSearchParams({ limit: word })}`);
  if (!fresh.ok) {
    toast("The numbers could not be read again. Load the page again.", "error");
    return;
  }
  told = await fresh.json();
  move(nearest(value));
  refresh();
}

const ids = () => (marked() === null ? [] : [marked()]);
const say = (verdict) => {
  const those = ids();
  if (!those.length) toast("Mark an image first: the arrow down leads to them.");
  else decide(verdict, { ids: those }, set, () => {}, again);
};
const acts = {
  keep: () => say("keep"),
  reject: () => say("reject"),
  pin: () => say("pin"),
  clear: () => ids().length && clear(ids(), set, again),
  undo: () => undo(set, again),
};

function scale(name) {
  log = name === "log";
  localStorage.setItem("spectrum-scale", name);
  for (const button of document.querySelectorAll("[data-scale]")) button.setAttribute("aria-pressed", String(button.dataset.scale === name));
  paint();
}

const inStrip = () => document.activeElement?.closest(".reach") ?? null;
const step = (event, by) => {
  if (inStrip()) mark(by);
  else move(at + by * (event.shiftKey ? 10 : 1));
};
function drag() {
  const plot = get("plot");
  const to = (event) => {
    const box = plot.getBoundingClientRect();
    return nearest(valueAt(told, (event.clientX - box.left) / box.width));
  };
  plot.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    plot.setPointerCapture(event.pointerId);
    get("handle").focus({ preventScroll: true });
    event.preventDefault();
    move(to(event));
  });
  plot.addEventListener("pointermove", (event) => plot.hasPointerCapture(event.pointerId) && move(to(event)));
}

function copy() {
  navigator.clipboard.writeText(get("line").textContent).then(
    () => toast("Copied."),
    () => toast("The browser does not let me copy. Select the lines by hand.", "error"),
  );
}

function start() {
  const [list, own] = [document.querySelector(".side"), document.querySelector(".limits [aria-current]")];
  list.scrollTop = own.offsetTop - list.clientHeight / 2; // not scrollIntoView, which moves the page as well
  at = nearest(told.at);
  scale(log ? "log" : "linear");
  tell();
  show(JSON.parse(get("first").textContent), told.places[told.today], told.op);
  drag();
  new ResizeObserver(paint).observe(get("plot"));
  bind({
    ArrowLeft: (event) => step(event, -1),
    ArrowRight: (event) => step(event, 1),
    ArrowDown: () => get(inStrip()?.id === "below" ? "above" : "below").focus(),
    ArrowUp: () => (inStrip()?.id === "above" ? get("below") : get("handle")).focus(),
    PageDown: () => move(at - 10),
    PageUp: () => move(at + 10),
    Home: () => (inStrip() ? mark(-Infinity) : move(0)),
    End: () => (inStrip() ? mark(Infinity) : move(told.places.length - 1)),
    o: () => move(told.best),
    t: () => move(told.today),
    l: () => scale(log ? "linear" : "log"),
    p: acts.keep,
    x: acts.reject,
    i: acts.pin,
    u: acts.clear,
    z: acts.undo,
    b: nextGround,
    Enter: () => marked() !== null && leave(`/-/item/${marked()}`),
  });
  get("at").addEventListener("change", (event) => {
    const value = Number(event.target.value.replace(",", "."));
    if (event.target.value.trim() && Number.isFinite(value)) move(nearest(value));
    else tell();
  });
  get("offer").addEventListener("click", () => move(told.best));
  get("to-today").addEventListener("click", () => move(told.today));
  get("copy").addEventListener("click", copy);
  document.querySelector(".segments.words").addEventListener("click", (event) => event.target.dataset.scale && scale(event.target.dataset.scale));
  get("dock").addEventListener("click", (event) => {
    const button = event.target.closest("[data-act]");
    if (button) acts[button.dataset.act]();
  });
}

if (get("plot")) start();
