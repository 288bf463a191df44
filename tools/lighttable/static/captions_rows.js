// Captions' rows: what is shown of a text, and of what the manifest says now.
import { before, chosen, field, lines, list, number } from "./captions_list.js";
import { fault, oneLine, paint, rule, tokensAbout, words } from "./captions_text.js";

const sought = list ? [list.dataset.q, ...JSON.parse(list.dataset.words).filter((word) => !word.startsWith("-"))].filter(Boolean) : [];

export function show(line) {
  const text = field(line).value;
  const { dataset } = line.dataset;
  paint(line.querySelector(".paper"), text, dataset, JSON.parse(line.dataset.quoted), sought);
  const wrong = fault(oneLine(text), dataset);
  const { max_words, max_tokens } = rule(dataset);
  const [n, tokens] = [words(text), tokensAbout(text)];
  const count = line.querySelector(".count");
  count.classList.toggle("bad", Boolean(wrong));
  count.querySelector("meter").value = Math.min(100, 100 * Math.max(n / max_words, max_tokens === null ? 0 : tokens / max_tokens));
  const room = max_tokens === null ? "" : ` of ${max_tokens}`;
  count.querySelector("output").textContent = wrong
    ? `${number(n, "word")}, about ${number(tokens, "token")}: ${wrong}`
    : `${n} of ${max_words} words, about ${tokens}${room} tokens`;
}

export function tell(line, name, text) {
  line.dataset.state = name;
  line.querySelector(".state").textContent = text;
}

export const isChanged = (line) => field(line).value !== field(line).defaultValue;

const parsed = (text) => new DOMParser().parseFromString(text, "text/html");
async function fetched(path) {
  const answer = await fetch(path, { credentials: "same-origin" });
  return answer.ok ? parsed(await answer.text()) : null;
}

// Show rows as they stand now. Those that are gone from the set stay in sight, dimmed.
export async function refresh(keys) {
  if (!keys.length) return;
  const page = await fetched(`/-/captions/rows?${new URLSearchParams(keys.slice(0, 200).map((key) => ["key", key]))}`);
  if (!page) return;
  for (const key of keys) {
    const old = document.getElementById(`l-${key}`);
    const now = page.getElementById(`l-${key}`);
    if (!old) continue;
    old.classList.toggle("gone", !now);
    if (!now) continue;
    if (isChanged(old)) {
      for (const name of ["before", "quoted"]) old.dataset[name] = now.dataset[name];
      field(old).defaultValue = field(now).defaultValue;
      chosen.restore([old]);
      continue;
    }
    const focused = old.contains(document.activeElement) && document.activeElement.matches("textarea");
    now.classList.toggle("marked", old.classList.contains("marked"));
    old.replaceWith(document.adoptNode(now));
    chosen.restore([now]);
    furnish(now);
    if (focused) field(now).focus();
  }
  later();
}

// The counts beside the filters, a moment after the last change.
let timer = 0;
function later() {
  clearTimeout(timer);
  timer = setTimeout(async () => {
    const page = await fetched(location.href);
    for (const id of ["heading", "side"]) {
      const [old, now] = [document.getElementById(id), page?.getElementById(id)];
      if (!now || old.contains(document.activeElement)) continue;
      const [top, open] = [old.scrollTop, old.querySelector("details")?.open];
      old.replaceWith(document.adoptNode(now));
      if (open !== undefined) now.querySelector("details").open = open;
      now.scrollTop = top;
    }
  }, 350);
}

// The picture: on its new ground, or cut out.
export function pictures(name) {
  localStorage.setItem("captions-picture", name);
  for (const button of document.querySelectorAll("#picture button")) button.setAttribute("aria-pressed", String(button.dataset.picture === name));
  for (const image of list?.querySelectorAll(".view img") ?? []) depict(image, name);
}
function depict(image, name) {
  const address = (name === "composite" && image.dataset.composite) || image.dataset.cutout;
  if (image.getAttribute("src") !== address) image.src = address;
  image.classList.toggle("ground", address === image.dataset.cutout);
}
export const pictured = () => (localStorage.getItem("captions-picture") === "cutout" ? "cutout" : "composite");

export function furnish(line) {
  const image = line.querySelector(".view img");
  if (image) depict(image, pictured());
  show(line);
}
