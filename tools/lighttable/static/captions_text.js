// Captions' text: how long it is and what is marked in it, while it is typed. Counted as the captioner's checks count.
const known = JSON.parse(document.getElementById("known")?.textContent ?? '{"whole": [], "datasets": {}}');
const whole = new Set(known.whole);
const bytes = new TextEncoder();

export const rule = (dataset) => known.datasets[dataset];
export const oneLine = (text) => text.trim().split(/\s+/u).join(" ");

export function words(text) {
  return text.match(/[\p{L}\p{N}]+(?:[-'][\p{L}\p{N}]+)*/gu)?.length ?? 0;
}

export function tokensAbout(text) {
  const pieces = text.toLowerCase().match(/'(?:s|t|re|ve|m|ll|d)|[\p{L}]+|\p{N}|(?:[^\s\p{L}\p{N}_]|_)+/gu) ?? [];
  return pieces.reduce((sum, one) => sum + (whole.has(one) ? 1 : Math.ceil(bytes.encode(one).length / 4)), 0);
}

// What is too much or too little of a text, in words; "" where nothing is.
export function fault(text, dataset) {
  const { min_words, max_words, max_tokens, target } = rule(dataset);
  const count = words(text);
  if (!text) return "";
  if (count < min_words) return `${target} wants at least ${min_words} words`;
  if (count > max_words) return `${target} wants at most ${max_words} words`;
  if (max_tokens !== null && tokensAbout(text) > max_tokens) return `${target} reads ${max_tokens} tokens`;
  return "";
}

const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
const wordly = (text) => `(?<![\\p{L}\\p{N}_])${escaped(text)}(?![\\p{L}\\p{N}_])`;

// The places of a text that are marked: [from, to, name], the first that claims a place keeps it.
function places(text, dataset, quoted, sought) {
  const { trigger, forbidden } = rule(dataset);
  const found = [];
  const add = (name, pattern) => {
    for (const match of text.matchAll(pattern)) {
      const [from, to] = [match.index, match.index + match[0].length];
      if (to > from && !found.some(([a, b]) => from < b && a < to)) found.push([from, to, name]);
    }
  };
  add("unseen", /[\p{C}\p{Zl}\p{Zp}]/gu); // what a trainer cannot read has no width of its own
  if (trigger) add("trigger", new RegExp(`^${escaped(trigger)}(?![\\p{L}\\p{N}_])`, "giu"));
  for (const phrase of forbidden) add("forbidden", new RegExp(wordly(phrase), "giu"));
  for (const part of quoted) add("doubted", new RegExp(wordly(part), "giu"));
  for (const part of sought) add("sought", new RegExp(escaped(part), "giu"));
  return found.sort((a, b) => a[0] - b[0]);
}

// Write the text behind its field, with marks: it is what makes the field grow, too.
export function paint(paper, text, dataset, quoted, sought) {
  const pieces = [];
  let at = 0;
  for (const [from, to, name] of places(text, dataset, quoted, sought)) {
    pieces.push(text.slice(at, from));
    const mark = document.createElement("mark");
    mark.className = name;
    mark.textContent = text.slice(from, to);
    pieces.push(mark);
    at = to;
  }
  paper.replaceChildren(...pieces, `${text.slice(at)}\u200b`);
}
