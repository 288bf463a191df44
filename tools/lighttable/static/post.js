// Sending: one request after the other, so that decisions arrive in the order in which they were made.
import { toast } from "./toast.js";

const PATIENCE_MS = 400;
let last = Promise.resolve();
let underway = 0;
let refused = 0;
let begun = 0;

async function send(path, said, refuse) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(said),
      credentials: "same-origin",
    });
  } catch {
    refuse("The light table does not answer. Is make review still running?");
    return null;
  }
  const told = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : {};
  if (answer.ok) return told;
  refuse(told.error ?? "Nothing was written. Load the page again.");
  return null;
}

// The answer as an object, or null where nothing was written; the reviewer was told why. refuse: gets why instead.
export function post(path, said, refuse = (why) => toast(why, "error")) {
  underway += 1;
  begun += 1;
  const done = last.then(() => send(path, said, refuse)).then((told) => {
    underway -= 1;
    refused += Number(told === null);
    return told;
  });
  last = done;
  return done;
}

// How many were sent from this page so far, and whether one is under way.
export const written = () => ({ n: begun, underway: underway > 0 });

// Once nothing is under way any more.
export async function settled() {
  while (underway) await last;
}

// A page that is left takes with it what is still to be sent, and what it has to say: so it is left once all has
// arrived, and not where something was refused or is asked.
async function arrived() {
  if (!underway) return true;
  const before = refused;
  const waits = setTimeout(() => toast("Writing what you decided …"), PATIENCE_MS);
  await settled();
  clearTimeout(waits);
  await new Promise((resolve) => setTimeout(resolve));
  return refused === before && !document.querySelector("dialog[open]");
}
export const leave = async (address) => (await arrived()) && location.assign(address);
export const reload = async () => (await arrived()) && location.reload();

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]");
  const elsewhere = event.ctrlKey || event.metaKey || event.shiftKey || event.button || link?.target;
  if (!underway || !link || elsewhere || event.defaultPrevented) return;
  event.preventDefault();
  leave(link.href);
});

// For what no page of ours asked for: closing, reloading, going back.
addEventListener("beforeunload", (event) => {
  if (underway) event.preventDefault();
});
