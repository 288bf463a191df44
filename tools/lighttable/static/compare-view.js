// The pictures of Compare: zoom and pan in step, at the level of pixels; a divider; one picture, then the other.
// All views share one place: a point of the first picture, and how many CSS pixels one of its pixels gets (0: all fits).

const MOST = 32;
const place = { scale: 0, x: 0, y: 0 };
let views = [];
let stage = null;
let told = () => {};
let cut = Number(localStorage.getItem("compare-cut") ?? 50);

const part = (name) => views.find((view) => view.dataset.part === name);
const number = (view, name) => Number(view.dataset[name]);
const space = (view) => ({ width: view.clientWidth, height: view.clientHeight });

// How many CSS pixels a pixel of the view's own picture gets when all of it fits.
function fitting(view) {
  const room = space(view);
  return Math.min(room.width / number(view, "width"), room.height / number(view, "height"));
}

// The scale of a view in pixels of the first picture, never less than what fits.
const isWhole = (view) => !place.scale || place.scale * number(view, "scale") <= fitting(view);

// A cut-out lies where it lies in its composite, also where all fits.
function leading(view) {
  const first = part("a");
  return stage.dataset.mode === "composite" && view.dataset.part === "b" && first && !view.classList.contains("free") ? first : view;
}

function lay(view) {
  const lead = leading(view);
  const room = space(view);
  const [left, top, ratio] = ["left", "top", "scale"].map((name) => number(view, name));
  let scale;
  let x;
  let y;
  if (isWhole(lead)) {
    scale = fitting(lead) / number(lead, "scale");
    x = (room.width - number(lead, "width") * fitting(lead)) / 2 - number(lead, "left") * scale;
    y = (room.height - number(lead, "height") * fitting(lead)) / 2 - number(lead, "top") * scale;
  } else {
    scale = place.scale;
    x = room.width / 2 - place.x * scale;
    y = room.height / 2 - place.y * scale;
  }
  const plane = view.querySelector(".plane");
  plane.style.width = `${number(view, "width") * scale * ratio}px`;
  plane.style.height = `${number(view, "height") * scale * ratio}px`;
  plane.style.transform = `translate(${x + left * scale}px, ${y + top * scale}px)`;
  view.classList.toggle("coarse", scale * ratio * devicePixelRatio >= 2);
}

export function layAll() {
  if (!stage) return;
  for (const view of views) lay(view);
  const first = views[0];
  if (first) told(place.scale || fitting(first), !place.scale || isWhole(first), place.scale * devicePixelRatio === 1);
}

// The place in the first picture that lies at a point of a view.
function under(view, x, y) {
  const lead = leading(view);
  const room = space(view);
  if (!isWhole(lead)) return { x: place.x + (x - room.width / 2) / place.scale, y: place.y + (y - room.height / 2) / place.scale };
  const scale = fitting(lead) / number(lead, "scale");
  return {
    x: number(lead, "left") + (x - (room.width - number(lead, "width") * fitting(lead)) / 2) / scale,
    y: number(lead, "top") + (y - (room.height - number(lead, "height") * fitting(lead)) / 2) / scale,
  };
}

const now = (view) => (isWhole(leading(view)) ? fitting(leading(view)) / number(leading(view), "scale") : place.scale);

function hold() {
  const first = views[0];
  if (!first || !place.scale) return;
  place.x = Math.max(0, Math.min(number(first, "width"), place.x));
  place.y = Math.max(0, Math.min(number(first, "height"), place.y));
}

// Larger or smaller by a factor; the pixel under (x, y) of the view stays where it is.
function zoomAt(view, factor, x, y) {
  const at = under(view, x, y);
  const room = space(view);
  const scale = Math.min(MOST, now(view) * factor);
  if (views.every((one) => scale * number(one, "scale") <= fitting(one))) {
    place.scale = 0;
  } else {
    place.scale = scale;
    place.x = at.x - (x - room.width / 2) / scale;
    place.y = at.y - (y - room.height / 2) / scale;
    hold();
  }
  layAll();
}

// Where keys begin to enlarge: who it is about, else the middle.
function middle(view) {
  if (isWhole(view) && view.dataset.x) return { x: number(view, "x"), y: number(view, "y") };
  return under(view, view.clientWidth / 2, view.clientHeight / 2);
}

export function zoom(factor) {
  const view = views[0];
  if (!view) return;
  const at = middle(view);
  zoomAt(view, factor, view.clientWidth / 2, view.clientHeight / 2);
  if (place.scale) Object.assign(place, at);
  hold();
  layAll();
}

// Whole, or one pixel of the picture for one of the screen.
export function toggleScale() {
  const view = views[0];
  if (!view) return;
  if (place.scale) place.scale = 0;
  else {
    Object.assign(place, middle(view));
    place.scale = 1 / devicePixelRatio;
  }
  layAll();
}

export function pan(right, down) {
  if (!place.scale) return;
  place.x += (right * 60) / place.scale;
  place.y += (down * 60) / place.scale;
  hold();
  layAll();
}

export function setCut(value, keep = true) {
  cut = Math.max(0, Math.min(100, value));
  localStorage.setItem("compare-cut", cut);
  if (!stage) return;
  stage.style.setProperty("--cut", cut);
  stage.querySelector(".handle")?.setAttribute("aria-valuenow", String(Math.round(cut)));
  if (keep) stopFlicker();
}
export const moveCut = (by) => setCut(cut + by);

const button = document.getElementById("flicker");
export function stopFlicker() {
  stage?.removeAttribute("data-flicker");
  button?.setAttribute("aria-pressed", "false");
}
export function flicker() {
  if (!stage) return;
  const next = stage.dataset.flicker === "a" ? "b" : "a";
  stage.dataset.flicker = next;
  button?.setAttribute("aria-pressed", "true");
  button?.setAttribute("data-now", next);
}

function drag(event) {
  const handle = event.currentTarget;
  handle.setPointerCapture(event.pointerId);
  const box = stage.querySelector(".views").getBoundingClientRect();
  const view = part("b") ?? views[0];
  const own = view.getBoundingClientRect();
  const follow = (moved) => setCut(((moved.clientX - own.left) / (own.width || box.width)) * 100);
  handle.addEventListener("pointermove", follow);
  handle.addEventListener("pointerup", () => handle.removeEventListener("pointermove", follow), { once: true });
  handle.addEventListener("pointercancel", () => handle.removeEventListener("pointermove", follow), { once: true });
}

function slide(event) {
  const by = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10 }[event.key];
  if (event.key === "Home") setCut(0);
  else if (event.key === "End") setCut(100);
  else if (by && !event.shiftKey) moveCut(by);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

// One finger or the mouse moves, two fingers also zoom.
function grab(view) {
  const fingers = new Map();
  const middle = () => {
    const all = [...fingers.values()];
    const box = view.getBoundingClientRect();
    const x = all.reduce((sum, one) => sum + one.x, 0) / all.length - box.left;
    const y = all.reduce((sum, one) => sum + one.y, 0) / all.length - box.top;
    return { x, y, apart: all.length > 1 ? Math.hypot(all[0].x - all[1].x, all[0].y - all[1].y) : 0 };
  };
  view.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest("a")) return;
    view.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  view.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) return;
    const before = middle();
    fingers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    const after = middle();
    if (place.scale) {
      place.x -= (after.x - before.x) / place.scale;
      place.y -= (after.y - before.y) / place.scale;
      hold();
      layAll();
    }
    if (before.apart && after.apart) zoomAt(view, after.apart / before.apart, after.x, after.y);
  });
  for (const name of ["pointerup", "pointercancel"]) view.addEventListener(name, (event) => fingers.delete(event.pointerId));
  view.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const box = view.getBoundingClientRect();
      const by = event.deltaMode === 1 ? event.deltaY * 30 : event.deltaY;
      zoomAt(view, Math.exp(-by / 400), event.clientX - box.left, event.clientY - box.top);
    },
    { passive: false },
  );
  view.addEventListener("dblclick", toggleScale);
}

// Take over the pictures of a stage. tell: called with the scale, whether all fits, and whether it is pixel for pixel.
export function take(element, tell) {
  stage = element;
  told = tell;
  views = [...element.querySelectorAll(".view[data-part]")];
  for (const view of views) grab(view);
  const handle = element.querySelector(".handle");
  handle?.addEventListener("pointerdown", drag);
  handle?.addEventListener("keydown", slide);
  const [first, over] = [part("a")?.querySelector("img"), part("b")?.querySelector("img")];
  for (const [name, image] of [["matte", over], ["tint", over]]) {
    const layer = part("b")?.querySelector(`.${name}`);
    if (layer && image) layer.style.setProperty("--alpha", `url("${image.src}")`);
  }
  if (first) part("b")?.querySelector(".tint")?.style.setProperty("--under", `url("${first.src}")`);
  setCut(cut, false);
  layAll();
}
export const whole = () => {
  place.scale = 0;
};

new ResizeObserver(layAll).observe(document.getElementById("stage") ?? document.body);
