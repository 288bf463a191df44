// The selection, the same on every page: Space and Shift choose, A takes all that match, and A again, Escape or the
// button in the dock choose nothing.
const place = document.getElementById("marked");
const number = (n) => n.toLocaleString("en").replaceAll(",", "\u202f");

// The element in the row above (step -1) or below (1) that lies nearest to another; that one where there is none.
export function vertical(list, from, step) {
  const here = from.getBoundingClientRect();
  const middle = here.left + here.width / 2;
  let [best, row, distance] = [from, null, Infinity];
  for (let at = list.indexOf(from) + step; list[at]; at += step) {
    const there = list[at].getBoundingClientRect();
    if (Math.abs(there.top - here.top) < 2) continue;
    row ??= there.top;
    if (Math.abs(there.top - row) > 2) break;
    const off = Math.abs(there.left + there.width / 2 - middle);
    if (off < distance) [best, distance] = [list[at], off];
  }
  return best;
}

// The id that had the mark when this very address was shown last, in this tab; null where another one was.
export const wasHere = () => (sessionStorage.getItem("gallery") === location.href ? sessionStorage.getItem("last") : null);

// items: what can be chosen now, in its order. key: what tells one from the others, also when the page shows it anew.
// value: what is remembered of it. paint: shows that it is chosen, beside its class. mark: what has the mark, may be null.
// describe: what the dock says where nothing is chosen. about: what it says of the chosen, beside their number.
export function selection({ items, key, value = key, paint = () => {}, mark, describe = () => "", about = () => "" }) {
  const chosen = new Map();
  let all = null; // {scope, n} where A took all that match: more than this page shows, perhaps
  let anchor = null;

  function tell() {
    if (!place) return;
    place.classList.toggle("selecting", chosen.size > 0);
    place.title = chosen.size ? "" : describe(); // where it is cut off
    if (!chosen.size) return (place.textContent = describe());
    const n = all ? `all ${number(all.n)}` : number(chosen.size);
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "unselect", title: "Select nothing (Esc)" });
    button.setAttribute("aria-label", "Select nothing");
    button.textContent = "clear";
    button.addEventListener("click", none);
    place.replaceChildren([`${n} selected`, about()].filter(Boolean).join(", "), button);
  }

  function put(element, on) {
    element.classList.toggle("chosen", on);
    paint(element, on);
    if (on) chosen.set(key(element), value(element));
    else chosen.delete(key(element));
  }

  function none() {
    all = anchor = null;
    chosen.clear();
    for (const element of items()) put(element, false);
    tell();
  }

  function only(those) {
    all = null;
    chosen.clear();
    for (const element of items()) put(element, those.includes(element));
  }

  // One more, or one less.
  function toggle(element = mark()) {
    if (!element) return;
    all = null;
    put(element, !chosen.has(key(element)));
    anchor = key(element);
    tell();
  }

  // From where the selection began to an element, and no others.
  function extend(to, list = items()) {
    anchor ??= mark() && key(mark());
    const from = list.findIndex((one) => key(one) === anchor);
    const ends = [from < 0 ? list.indexOf(to) : from, list.indexOf(to)].sort((a, b) => a - b);
    only(list.slice(ends[0], ends[1] + 1));
    tell();
  }

  // All of a scope, or nothing where all of it is chosen. entries: key and value of those that the page does not show,
  // too. n: how many there are in all.
  function take(scope, entries, n = entries.length) {
    if (isAll(scope) || !entries.length) return none();
    chosen.clear();
    for (const [name, what] of entries) chosen.set(name, what);
    all = { scope, n };
    anchor = null;
    restore();
    tell();
  }

  const entriesOf = (list) => list.map((element) => [key(element), value(element)]);
  const isAll = (scope) => all !== null && (scope === undefined || all.scope === scope);

  // Shows what is chosen on elements that were made anew.
  function restore(list = items()) {
    for (const element of list) {
      const on = chosen.has(key(element));
      element.classList.toggle("chosen", on);
      paint(element, on);
      if (on) chosen.set(key(element), value(element));
    }
  }

  // What is shown no more is not decided on either.
  function prune() {
    const here = new Set(items().map(key));
    for (const name of [...chosen.keys()]) if (!here.has(name)) chosen.delete(name);
    restore();
    tell();
  }

  return {
    tell, none, prune, toggle, extend, take, restore, entriesOf, isAll,
    takeShown: () => take("shown", entriesOf(items())),
    leave: () => (anchor = null),
    begin: (element) => (anchor = key(element)),
    has: (element) => chosen.has(key(element)),
    elements: () => items().filter((element) => chosen.has(key(element))),
    values: () => [...chosen.values()],
    get size() {
      return chosen.size;
    },
  };
}
