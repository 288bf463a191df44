// Captions' saving: a text is sent when it is left. What is called saved is what was written, and no text goes over
// another that its writer has not seen.
import { remember } from "./deciding.js";
import { post } from "./post.js";
import { toast } from "./toast.js";
import { before, current, field, lines, ticket } from "./captions_list.js";
import { isChanged, refresh, show, tell } from "./captions_rows.js";
import { oneLine } from "./captions_text.js";

const underway = new Map(); // row → whether its text will stand
const refused = new WeakMap(); // row → the text that was refused: it is sent again when Enter says so, or when it is another
let thrown = null; // what Escape threw away last: {line, text}

// Once what is being saved now has arrived. A page that is left meanwhile is held by post.js.
export const saved = () => Promise.allSettled(underway.values());

// force: also a text that stands already, or that was refused, or beside one that was written meanwhile. True where what
// is in the field stands.
export async function save(line, force = false) {
  if (underway.has(line)) return underway.get(line);
  const area = field(line);
  if (!force && (!isChanged(line) || "clash" in line.dataset)) return !isChanged(line);
  if (!force && refused.get(line) === area.value) return false;
  if (!force && oneLine(area.value) === before(line)) {
    putBack(line);
    return true;
  }
  const done = write(line);
  underway.set(line, done);
  done.finally(() => underway.delete(line));
  return done;
}

// Enter: what was refused is sent again, and of two texts this one is taken.
export function submit(line) {
  const text = field(line).value;
  const insists = isChanged(line) ? "clash" in line.dataset || refused.get(line) === text : line.dataset.missing && oneLine(text) !== "";
  return save(line, Boolean(insists));
}

async function write(line) {
  const area = field(line);
  const [sent, stood, asked] = [area.value, before(line), ticket(line)];
  const text = oneLine(sent);
  delete line.dataset.clash;
  tell(line, "saving", "saving …");
  let why = "";
  const told = await post("/-/captions/save", { texts: [{ ...asked, text }] }, (said) => (why = said));
  if (!told) return isNot(line, sent, asked.digest, why);
  remember(told.words);
  refused.delete(line);
  thrown = null;
  area.defaultValue = sent;
  line.dataset.before = JSON.stringify(text);
  [line.dataset.digest] = told.digests;
  await refresh(likes([stood, text], line.dataset.key));
  if (!isChanged(line)) {
    tell(line, "saved", "saved, Z takes it back");
    return true;
  }
  // Somebody typed on meanwhile.
  if ("clash" in line.dataset) return false;
  if (area !== document.activeElement) return write(line);
  tell(line, "changed", "not saved yet");
  return false;
}

async function isNot(line, sent, digest, why) {
  refused.set(line, sent);
  await refresh([line.dataset.key]);
  if (!isChanged(line)) return true; // another wrote the same
  if (digest === line.dataset.digest) tell(line, "refused", why);
  if (line !== current()) toast(`The text of image ${line.dataset.id} is not saved: N leads to it.`, "error");
  return false;
}

function likes(texts, key) {
  const low = new Set(texts.map((text) => text.toLowerCase()));
  return lines().filter((line) => line.dataset.key === key || low.has(before(line).toLowerCase())).map((line) => line.dataset.key);
}

function putBack(line) {
  const area = field(line);
  area.value = area.defaultValue;
  delete line.dataset.clash;
  line.querySelector(".clash")?.remove();
  show(line);
  tell(line, "", "");
}

// Escape: what stands is in the field again, and Z brings back what was typed.
export function throwAway(line) {
  const text = field(line).value;
  const isNew = isChanged(line) && !(thrown?.line === line && thrown.text === text);
  putBack(line);
  if (!isNew) return;
  thrown = { line, text };
  tell(line, "changed", "left as it was, Z brings back what you typed");
}

// True where there was something to bring back for the marked row.
export function bringBack() {
  const { line, text } = thrown ?? {};
  if (!line || line !== current() || isChanged(line) || line.dataset.state !== "changed") return false;
  const area = field(line);
  area.value = text;
  area.focus();
  typed(line);
  return true;
}

export function typed(line) {
  const changed = isChanged(line);
  if (!changed) delete line.dataset.clash;
  show(line);
  if (!("clash" in line.dataset)) tell(line, changed ? "changed" : "", changed ? "not saved yet" : "");
}
