// Live: what is at work, and whether what the page shows may have changed. Asked only while somebody sees the page.
import { bind, isTaken } from "./keys.js";
import { reload, written } from "./post.js";

const BUSY_MS = 2500;
const IDLE_MS = 8000;
const SILENT_MS = 20000;
const { moment, concerns = "" } = document.body.dataset;
const mine = concerns.split(" ").filter(Boolean);
const place = document.getElementById("live");
const watchers = [];
let known = moment ? JSON.parse(moment) : null;
let refresh = null;
let mark = written().n;
let turn = 0;

// refresh(words): shows the page as it is now, in place, and gives true; or false where the reviewer is to be asked.
// It is never called under an open dialog, nor while somebody types.
export const whenChanged = (act) => (refresh = act);

// see(runs): is given the runs that have not ended, as often as they are asked for.
export const watch = (see) => watchers.push(see);

const alive = (runs) => runs.filter((run) => !run.gone);
const thousands = (n) => n.toLocaleString("en").replaceAll(",", "\u202f");
const named = (run) => [run.tool, run.dataset && `for ${run.dataset}`].filter(Boolean).join(" ");

export function told(runs) {
  if (runs.length > 1) return `${runs.map(named).join(" and ")} are at work`;
  const [{ done, total }] = runs;
  return `${named(runs[0])} is at work${total ? `, ${thousands(done)} of ${thousands(total)}` : ""}`;
}

function say(text, running) {
  place.hidden = !text;
  if (place.textContent !== text) place.textContent = place.title = text;
  place.classList.toggle("busy", running);
}

// --- what changed ---

const isMine = (word) => mine.some((one) => one === "*" || one === word || word.startsWith(`${one}.`));
const typing = () => document.activeElement?.matches("textarea, input:not([type=range], [type=checkbox]), [contenteditable]");

function stale() {
  const bar = document.getElementById("stale");
  if (bar.firstChild) return;
  const again = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: "Load again" });
  again.addEventListener("click", reload);
  bar.append("The set has changed. ", again);
  if (isTaken("r")) return;
  again.append(" ", Object.assign(document.createElement("kbd"), { textContent: "R" }));
  bind({ r: reload });
}

// Gives whether the page has taken note of it. own: decisions among it are those that were made on this page.
async function changed(now, own) {
  const words = Object.keys({ ...known, ...now }).filter((word) => known[word] !== now[word]);
  const news = words.filter((word) => isMine(word) && !(own && word === "decided"));
  if (!news.length) return true;
  if (document.querySelector("dialog[open]") || written().underway) return false;
  // A page that only says that there is nothing yet has nothing to lose.
  if (!refresh && document.querySelector("#main > .message")) await reload();
  else if (typing() || !refresh) stale();
  else if (!(await refresh(news))) stale();
  return true;
}

// --- asking ---

async function ask() {
  try {
    const answer = await fetch("/-/live", { credentials: "same-origin" });
    return answer.ok ? await answer.json() : null;
  } catch {
    return null;
  }
}

async function look() {
  const asked = ++turn;
  const before = written();
  const found = await ask();
  if (asked !== turn || document.hidden) return;
  if (!found) {
    say("The light table does not answer", false);
    return later(SILENT_MS);
  }
  const own = before.underway || written().n !== mark;
  mark = before.n;
  const runs = alive(found.running);
  say(runs.length ? told(runs) : "", runs.length > 0);
  for (const see of watchers) see(found.running);
  known ??= found.moment;
  const noted = await changed(found.moment, own);
  if (noted) known = found.moment;
  if (asked === turn) later(runs.length || !noted ? BUSY_MS : IDLE_MS);
}

let timer = 0;

function later(ms) {
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(look, ms);
}

if (place && mine.length) {
  // A hidden page does not wake up; seen again it looks at once.
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    turn += 1;
    if (!document.hidden) look();
  });
  later(BUSY_MS);
}
