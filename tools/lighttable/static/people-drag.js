// Dragging on the People page: faces, or a whole row, onto another row; by mouse, pen or finger.
// A finger that moves scrolls: it holds still first, or takes a row by its grip. Escape or a second finger calls it off.
import { all, chosen, rowOf } from "./people-mark.js";

const HOLD_MS = 380;
const SLOP_PX = 7; // so far a press may stray before it is a movement
const EDGE_PX = 72; // so near to the window's edge it scrolls
const FASTEST_PX = 18; // in each frame

let press = null; // {id, touch, x, y, held, timer}: something is pressed and may become a drag
let drag = null; // the press that became one, with {ghost, over, opened, frame}
let dropped = () => {};

export const isDragging = () => drag !== null;
export const whenDropped = (act) => (dropped = act);

// What a press takes hold of: {faces} or {row}, or null.
function heldAt(target) {
  const face = target.closest(".face");
  if (face) return { faces: chosen.has(face) ? chosen.elements() : [face] };
  const label = target.closest("article.person:not(.all) > .label");
  return label && !target.closest("button, input, a") ? { row: rowOf(label) } : null;
}

const sources = (held) => held.faces ?? [held.row];

function ghostOf(held) {
  const ghost = document.createElement("div");
  ghost.className = "ghost";
  ghost.append(sources(held)[0].querySelector("img.head")?.cloneNode() ?? "");
  const n = held.faces?.length ?? 0;
  if (n > 1) ghost.append(Object.assign(document.createElement("b"), { textContent: n }));
  return ghost;
}

function begin() {
  clearTimeout(press.timer);
  drag = press;
  document.documentElement.setPointerCapture?.(drag.id);
  // On a phone the others are folded away.
  drag.opened = all("details.filters:not([open])")[0] ?? null;
  if (drag.opened) drag.opened.open = true;
  for (const one of sources(drag.held)) one.classList.add("dragged");
  drag.ghost = ghostOf(drag.held);
  document.body.append(drag.ghost);
  document.documentElement.classList.add("dragging");
  document.getElementById("marked").textContent = "Drop it on a row; Esc calls it off.";
  follow(drag.x, drag.y);
  drag.frame = requestAnimationFrame(roll);
}

function over() {
  const row = document.elementFromPoint(drag.x, drag.y)?.closest(".person") ?? null;
  return row && row !== (drag.held.row ?? rowOf(drag.held.faces[0])) ? row : null;
}

function follow(x, y) {
  Object.assign(drag, { x, y });
  drag.ghost.style.translate = `${x}px ${y}px`;
  const row = over();
  if (row === drag.over) return;
  drag.over?.classList.remove("over");
  row?.classList.add("over");
  drag.over = row;
}

// Near an edge the page moves on below what is held, the faster the nearer.
function roll() {
  if (!drag) return;
  const list = document.elementFromPoint(drag.x, drag.y)?.closest(".side");
  const scroller = list && list.scrollHeight > list.clientHeight ? list : document.scrollingElement;
  const { top, bottom } = document.querySelector(".bar").getBoundingClientRect();
  const [upper, lower] = [Math.max(0, bottom, top), document.getElementById("dock").getBoundingClientRect().top];
  const near = (distance) => Math.max(0, Math.min(1, 1 - distance / EDGE_PX));
  const step = Math.round(FASTEST_PX * (near(lower - drag.y) - near(drag.y - upper)));
  if (step) {
    scroller.scrollBy({ top: step, behavior: "instant" });
    follow(drag.x, drag.y);
  }
  drag.frame = requestAnimationFrame(roll);
}

// The press is over; gives the row on which it was dropped, if it was dropped.
function end() {
  clearTimeout(press?.timer);
  const was = drag;
  press = drag = null;
  if (!was) return null;
  cancelAnimationFrame(was.frame);
  was.ghost.remove();
  was.over?.classList.remove("over");
  if (was.opened) was.opened.open = false;
  for (const one of sources(was.held)) one.classList.remove("dragged");
  document.documentElement.classList.remove("dragging");
  chosen.tell();
  // The click that ends a drag chooses nothing.
  const swallow = (event) => (event.preventDefault(), event.stopPropagation());
  document.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => document.removeEventListener("click", swallow, { capture: true }));
  return was;
}

document.addEventListener("pointerdown", (event) => {
  if (press) return end(); // a second finger
  const held = event.button === 0 && event.isPrimary && !event.ctrlKey && !event.metaKey && !event.shiftKey ? heldAt(event.target) : null;
  if (!held) return;
  const touch = event.pointerType === "touch";
  press = { id: event.pointerId, touch, grip: Boolean(event.target.closest(".grip")), x: event.clientX, y: event.clientY, held };
  if (touch && !press.grip) press.timer = setTimeout(begin, HOLD_MS);
});

document.addEventListener("pointermove", (event) => {
  if (event.pointerId !== press?.id) return;
  if (!drag && Math.hypot(event.clientX - press.x, event.clientY - press.y) > SLOP_PX) {
    if (press.touch && !press.grip) return end(); // it scrolls
    begin();
  }
  if (drag) follow(event.clientX, event.clientY);
});

document.addEventListener("pointerup", (event) => {
  if (event.pointerId !== press?.id) return;
  const was = end();
  if (was?.over) dropped(was.held, was.over);
});
document.addEventListener("pointercancel", (event) => event.pointerId === press?.id && end());
addEventListener("blur", end);

// While something is held the finger does not scroll, and holding is no question for a menu.
document.addEventListener("touchmove", (event) => drag && event.cancelable && event.preventDefault(), { passive: false });
document.addEventListener("contextmenu", (event) => press?.touch && event.preventDefault());
document.addEventListener(
  "keydown",
  (event) => {
    if (!drag) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape") end();
  },
  { capture: true },
);
