// Sending: one request after the other, so that decisions arrive in the order in which they were made.
import { toast } from "./toast.js";

let last = Promise.resolve();

async function send(path, said) {
  let answer;
  try {
    answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(said),
      credentials: "same-origin",
    });
  } catch {
    toast("The light table does not answer. Is make review still running?", "error");
    return null;
  }
  const told = answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : {};
  if (answer.ok) return told;
  toast(told.error ?? "Nothing was written. Load the page again.", "error");
  return null;
}

// The answer as an object, or null where nothing was written; the reviewer was told why.
export function post(path, said) {
  const done = last.then(() => send(path, said));
  last = done;
  return done;
}
