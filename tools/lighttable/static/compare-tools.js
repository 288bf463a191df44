// The tools of Compare: layout, what is shown of a mask, what is drawn, the scale. All of it is remembered.
import * as look from "./compare-view.js";

const page = document.getElementById("compare");
const section = () => document.querySelector("#stage .look");

export function isCurrent(link, is) {
  if (is) link.setAttribute("aria-current", "true");
  else link.removeAttribute("aria-current");
}

export function bring(tile, strip) {
  if (tile) strip.scrollLeft = tile.offsetLeft - (strip.clientWidth - tile.clientWidth) / 2;
}

export function tellScale(scale, whole, exact) {
  const text = document.getElementById("scale");
  const percent = Math.round(scale * devicePixelRatio * 100);
  text.textContent = exact ? "1:1" : `${percent} %`;
  text.setAttribute("aria-pressed", String(exact));
  text.setAttribute("aria-label", `${percent} %${whole ? ", the whole picture" : ""}. Press for ${whole ? "pixel for pixel" : "the whole picture"}.`);
}

const WORDS = { keep: "kept", reject: "rejected", pin: "pinned" };

// What is marked, and what stands of it now. stage: that of one image, null for a group, which shows it by its tiles.
export function tellStanding(kind, one, stage) {
  document.getElementById("marked").textContent = `${kind} ${one.id}${one.verdict ? `, ${WORDS[one.verdict]}` : ""}`;
  const badge = stage?.querySelector("[data-badge]");
  if (!badge) return;
  badge.className = `badge ${one.verdict}`;
  badge.textContent = WORDS[one.verdict] ?? "";
  const standing = stage.querySelector(".standing");
  if (!one.state || standing.dataset.state === one.state) return;
  standing.dataset.state = one.state;
  const dot = Object.assign(document.createElement("i"), { className: `dot ${one.state}` });
  standing.replaceChildren(dot, ` ${one.state === "in" ? "in" : (one.reason ?? "").replaceAll("_", " ") || "out"}`);
}

const toggles = (group, name, value) => {
  for (const each of page.querySelectorAll(`.${group} [data-${name}]`)) each.setAttribute("aria-pressed", String(each.dataset[name] === value));
};

export function setLayout(value, again = true) {
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

export function setShow(value, again = true) {
  if (again) localStorage.setItem("compare-show", value);
  toggles("shows", "show", value);
  if (section()) section().dataset.show = value;
}

const hidden = () => new Set(JSON.parse(localStorage.getItem("compare-hidden") ?? "[]"));
export function setLayers() {
  const without = hidden();
  for (const each of page.querySelectorAll("[data-layer]")) each.setAttribute("aria-pressed", String(!without.has(each.dataset.layer)));
  if (section()) section().dataset.hidden = [...without].join(" ");
}
export function toggleLayer(name) {
  const without = hidden();
  if (!without.delete(name)) without.add(name);
  localStorage.setItem("compare-hidden", JSON.stringify([...without]));
  setLayers();
}

export const layoutNow = () => page.querySelector(".layouts [aria-pressed=true]")?.dataset.layout;

const SHOWS = ["cutout", "matte", "tint"];
export const nextShow = () => setShow(SHOWS[(SHOWS.indexOf(localStorage.getItem("compare-show") ?? "cutout") + 1) % SHOWS.length]);

// A new stage is shown as the last one was.
export function restore() {
  setLayout(localStorage.getItem("compare-layout") ?? (matchMedia("(max-width: 760px)").matches ? "slider" : "beside"), false);
  setShow(localStorage.getItem("compare-show") ?? "cutout", false);
  setLayers();
}
