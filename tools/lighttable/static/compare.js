// Compare: its keys and buttons. compare-walk.js goes through the images, compare-decide.js decides on them.
import { bind } from "./keys.js";
import { nextGround } from "./ground.js";
import { leave } from "./post.js";
import { layoutNow, nextShow, setLayout, setShow, toggleLayer } from "./compare-tools.js";
import { acts } from "./compare-decide.js";
import { arrive, current, data, go, group, inGroups, listed, mark, members, page, setMode, show } from "./compare-walk.js";
import * as look from "./compare-view.js";

const modes = page ? [...page.querySelectorAll(".modes a")].map((link) => link.dataset.mode) : [];

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
