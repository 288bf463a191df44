// Item: the same keys as in the gallery; arrows lead to its neighbours there.
import { bind } from "./keys.js";
import { clear, decide, undo } from "./deciding.js";
import { nextGround } from "./ground.js";
import { leave, reload } from "./post.js";

const id = Number(document.getElementById("item").dataset.id);
const neighbours = JSON.parse(sessionStorage.getItem("neighbours") ?? "[]");
const place = neighbours.indexOf(id);
const previous = place > 0 ? neighbours[place - 1] : null;
const next = place >= 0 && place + 1 < neighbours.length ? neighbours[place + 1] : null;
const go = (to) => to !== null && leave(`/-/item/${to}`);
const gallery = sessionStorage.getItem("gallery");

sessionStorage.setItem("last", String(id));
if (gallery) document.getElementById("back").href = gallery;
for (const [name, to] of [["previous", previous], ["next", next]]) {
  const button = document.getElementById(name);
  button.disabled = to === null;
  button.addEventListener("click", () => go(to));
}

// Compare goes through the gallery's set where this image was found in it.
const compare = document.getElementById("compare");
if (place >= 0 && gallery) {
  const address = new URLSearchParams(new URL(gallery).search);
  address.set("item", String(id));
  compare.href = `/-/compare?${address}`;
}

const again = (told) => told && reload();
const say = (verdict) => decide(verdict, { ids: [id] }, "", () => {}, (told) => told && (next !== null ? go(next) : reload()));
const acts = {
  keep: () => say("keep"),
  reject: () => say("reject"),
  pin: () => say("pin"),
  clear: () => clear([id], "", again),
  undo: () => undo("", again),
};

bind({
  ArrowLeft: () => go(previous),
  ArrowRight: () => go(next),
  Escape: () => leave(gallery ?? "/-/gallery"),
  p: acts.keep,
  x: acts.reject,
  i: acts.pin,
  u: acts.clear,
  z: acts.undo,
  b: nextGround,
  c: () => compare.click(),
});

document.querySelector(".acts").addEventListener("click", (event) => {
  const button = event.target.closest("[data-act]");
  if (button) acts[button.dataset.act]();
});
