// Overview: how far a run has come, and what has changed since, in place; what a run changed, when asked.
import { watch, whenChanged } from "./live.js";
const MARGIN_S = 3; // a rate over less time than that says nothing
const panel = document.getElementById("running");
const thousands = (n) => n.toLocaleString("en").replaceAll(",", "\u202f");

function duration(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
}

// What is told of one run: n of N, the rate, and how long it will take at that rate.
export function told(run) {
  if (run.gone) return `Its process is gone: it was killed. Type ${panel.dataset.make}.`;
  const parts = [`${thousands(run.done)} of ${thousands(run.total)}`];
  if (run.done && run.seconds > MARGIN_S) {
    const rate = run.done / run.seconds;
    parts.push(rate >= 1 ? `${rate.toFixed(rate < 10 ? 1 : 0)} a second` : `${(1 / rate).toFixed(1)} s each`);
    if (run.total > run.done) parts.push(`${duration((run.total - run.done) / rate)} left`);
  } else parts.push(`began ${duration(run.seconds)} ago`);
  return parts.join(", ");
}

function line(run) {
  const one = document.createElement("li");
  const name = document.createElement("b");
  name.textContent = `${run.tool} ${run.dataset}`.trim();
  const bar = Object.assign(document.createElement("progress"), { max: run.total || 1, value: run.done });
  bar.setAttribute("aria-label", name.textContent);
  const text = Object.assign(document.createElement("span"), { className: "told", textContent: told(run) });
  one.dataset.run = run.id;
  one.append(name, run.gone ? "" : bar, text);
  return one;
}

watch((runs) => {
  const alive = runs.filter((run) => !run.gone).length;
  panel.hidden = !runs.length;
  panel.dataset.alive = alive;
  panel.querySelector("h2").textContent = alive ? "At work" : "Did not end";
  panel.querySelector("ul").replaceChildren(...runs.map(line));
});

// --- what has changed, in place ---

const parts = () => [...document.querySelectorAll(".part")];
const asMade = new Map(parts().map((part) => [part.id, part.innerHTML]));

const same = (one) => (one.dataset.run ? `[data-run="${one.dataset.run}"]` : `a[href="${CSS.escape(one.getAttribute("href"))}"]`);

// A part in which something is opened stays as it is; gives whether all could be shown anew.
whenChanged(async () => {
  const answer = await fetch("/-/overview", { credentials: "same-origin" });
  if (!answer.ok) return false;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  let all = true;
  for (const part of parts()) {
    const now = fresh.getElementById(part.id);
    if (!now || now.innerHTML === asMade.get(part.id)) continue;
    if (part.querySelector(".flips")) {
      all = false;
      continue;
    }
    const held = part.contains(document.activeElement) ? same(document.activeElement) : null;
    asMade.set(part.id, now.innerHTML);
    part.replaceChildren(...now.childNodes);
    if (held) part.querySelector(held)?.focus({ preventScroll: true });
  }
  return all;
});

const WAYS = { "now in": "in", "now out": "out", "out otherwise": "" };

function picture(image) {
  const link = document.createElement("a");
  link.href = `/-/item/${image.id}`;
  link.title = image.why;
  if (image.has_picture) {
    const one = Object.assign(document.createElement("img"), { loading: "lazy", className: "ground", alt: `${image.kind} ${image.id}, ${image.why}` });
    one.src = `/-/picture/${image.id}/256?v=${encodeURIComponent(image.version)}`;
    link.append(one);
  } else link.append(Object.assign(document.createElement("span"), { className: "nothing", textContent: `${image.kind} ${image.id}` }));
  const item = document.createElement("li");
  item.append(link, Object.assign(document.createElement("small"), { textContent: image.why }));
  return item;
}

function section(way) {
  const part = document.createElement("div");
  const title = document.createElement("h3");
  title.append(Object.assign(document.createElement("i"), { className: `dot ${WAYS[way.flip]}` }), ` ${way.flip} `, Object.assign(document.createElement("b"), { textContent: thousands(way.n) }));
  const list = Object.assign(document.createElement("ul"), { className: "flipped" });
  list.append(...way.images.map(picture));
  part.append(title, list);
  return part;
}

async function changed(button) {
  const row = button.closest("tr");
  if (row.nextElementSibling?.classList.contains("flips")) {
    row.nextElementSibling.remove();
    button.setAttribute("aria-expanded", "false");
    return;
  }
  const { run, before } = button.dataset;
  const shown = document.createElement("tr");
  const cell = Object.assign(document.createElement("td"), { colSpan: 6, textContent: "…" });
  shown.className = "flips";
  shown.append(cell);
  row.after(shown);
  button.setAttribute("aria-expanded", "true");
  const answer = await fetch(`/-/overview/flips?${new URLSearchParams({ run, before })}`);
  if (!answer.ok) {
    cell.textContent = "This took too long. Ask for it by: make query Q=flips.";
    return;
  }
  const { settings, ways } = await answer.json();
  const set = document.createElement("p");
  set.textContent = settings.length ? settings.join("; ") : `Set as run ${before} was.`;
  cell.replaceChildren(set, ...(ways.length ? ways.map(section) : ["No verdict of what was done again differs."]));
  button.textContent = ways.length ? `${thousands(ways.reduce((n, way) => n + way.n, 0))} changed` : "none changed";
}

document.getElementById("runs").addEventListener("click", (event) => {
  const button = event.target.closest(".change");
  if (button) changed(button);
});
