// Drawing of a spectrum: bars by fate, what people decided below them, the curve of agreement under all.
const NS = "http://www.w3.org/2000/svg";
const AXIS = 24; // px below the bars: numbers of the axis
const DECIDED = 66; // px below that: marks of decisions, and the curve of agreement
const TOP = 12;
const MOST_BARS = 90;

function shape(name, attributes, text = "") {
  const one = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) one.setAttribute(key, value);
  one.textContent = text;
  return one;
}

// The ends of the axis: half a step beyond the first and the last place, so that the handle never hides at an edge.
function ends(places) {
  const margin = (places.at(-1) - places[0]) / Math.max(20, places.length) || 0.5;
  return [places[0] - margin, places.at(-1) + margin];
}

// From a place's value to 0 … 1 along the axis, and back.
export function along(told, value) {
  const [low, high] = ends(told.places);
  return (value - low) / (high - low);
}
export function valueAt(told, share) {
  const [low, high] = ends(told.places);
  return low + share * (high - low);
}

// Cells between neighbouring places, joined to at most MOST_BARS bars: [first cell, last cell, from, to].
function bars(told) {
  const n = told.places.length;
  const [low, high] = ends(told.places);
  const width = Math.max(1, Math.ceil(n / MOST_BARS));
  const found = [];
  for (let first = 0; first <= n; first += width) {
    const last = Math.min(n, first + width - 1);
    found.push([first, last, first === 0 ? low : told.places[first - 1], last === n ? high : told.places[last]]);
  }
  return found;
}

const sum = (cells, first, last) => {
  let total = 0;
  for (let cell = first; cell <= last; cell += 1) total += cells[cell];
  return total;
};

const rounded = (value) => Number(value.toPrecision(6)).toString();

function ticks(told, width) {
  const [low, high] = ends(told.places);
  const rough = (high - low) / Math.max(3, width / 90);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((digit) => digit * power).find((one) => one >= rough);
  const found = [];
  for (let at = Math.ceil(low / step); at * step <= high; at += 1) found.push(Number((at * step).toPrecision(12)));
  return found;
}

// Draws all of it into an <svg>. at: the place of the limit; log: heights as logarithms.
export function draw(svg, told, at, log) {
  const box = svg.parentElement.getBoundingClientRect();
  const width = Math.max(200, Math.round(box.width));
  const height = Math.round(box.height);
  const decided = told.keeps.some(Boolean) || told.rejects.some(Boolean);
  const floor = height - AXIS - (decided ? DECIDED : 0);
  const x = (value) => along(told, value) * width;
  const joined = bars(told);
  const high = Math.max(1, ...joined.map(([first, last]) => sum(told.free, first, last) + sum(told.kept, first, last) + sum(told.out, first, last)));
  const scale = log ? (n) => Math.log2(1 + n) / Math.log2(1 + high) : (n) => n / high;
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const parts = [];
  const labels = []; // last, so that no bar hides them
  for (const n of lines(high, log)) {
    const y = floor - scale(n) * (floor - TOP);
    parts.push(shape("line", { x1: 0, x2: width, y1: y, y2: y, class: "level" }));
    labels.push(shape("text", { x: 2, y: y - 3, class: "level-n" }, n.toLocaleString("en").replaceAll(",", "\u202f")));
  }
  for (const [first, last, from, to] of joined) parts.push(...bar(told, at, first, last, x(from), x(to), floor, (n) => scale(n) * (floor - TOP)));
  parts.push(shape("line", { x1: 0, x2: width, y1: floor, y2: floor, class: "axis" }));
  for (const value of ticks(told, width)) {
    parts.push(shape("line", { x1: x(value), x2: x(value), y1: floor, y2: floor + 4, class: "axis" }));
    const anchor = x(value) < 14 ? "start" : x(value) > width - 14 ? "end" : "middle";
    parts.push(shape("text", { x: x(value), y: floor + 18, class: "tick", "text-anchor": anchor }, rounded(value)));
  }
  if (decided) parts.push(...marks(told, x, floor + 24), ...curve(told, at, x, floor + 46, height - 4));
  svg.replaceChildren(...parts, ...labels);
  return floor;
}

function lines(high, log) {
  if (log) return [1, 10, 100, 1000, 10000, 100000].filter((n) => n <= high);
  const rough = high / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((digit) => digit * power).find((one) => one >= rough));
  return Array.from({ length: Math.floor(high / step) }, (_, place) => (place + 1) * step);
}

// One bar, stacked: passes, kept, rejected by this limit, out for another reason. The limit may run through it.
function bar(told, at, first, last, left, right, floor, tall) {
  const cut = Math.max(first - 1, Math.min(last, at));
  const low = sum(told.free, first, cut);
  const up = sum(told.free, cut + 1, last);
  const [passes, rejected] = told.op === "<" ? [up, low] : [low, up];
  const stacked = [["in", passes], ["kept", sum(told.kept, first, last)], ["out", rejected], ["other", sum(told.out, first, last)]];
  const found = [];
  let below = 0;
  for (const [name, n] of stacked) {
    if (!n) continue;
    const bottom = floor - tall(below);
    below += n;
    const top = floor - tall(below);
    const gap = right - left > 4 ? 1 : 0;
    found.push(shape("rect", { x: left + gap / 2, width: Math.max(1.5, right - left - gap), y: Math.min(top, bottom - 1), height: Math.max(1, bottom - top), class: name }));
  }
  return found;
}

// A tick for each decision at its value: kept above, rejected below.
function marks(told, x, top) {
  const found = [];
  for (const [cells, y, name] of [[told.keeps, top, "keep"], [told.rejects, top + 7, "reject"]]) {
    cells.forEach((n, cell) => {
      if (!n) return;
      const from = told.places[Math.max(0, cell - 1)];
      const middle = (from + told.places[Math.min(told.places.length - 1, cell)]) / 2;
      found.push(shape("rect", { x: x(middle) - 1.5, y, width: 3, height: 6, rx: 1, class: `said ${name}`, opacity: Math.min(1, 0.55 + n * 0.15) }));
    });
  }
  return found;
}

// With how many decisions the limit would agree at each place.
function curve(told, at, x, top, bottom) {
  const all = sum(told.keeps, 0, told.places.length) + sum(told.rejects, 0, told.places.length);
  const y = (n) => bottom - (n / all) * (bottom - top);
  const points = told.agreed.map((n, place) => `${x(told.places[place]).toFixed(1)},${y(n).toFixed(1)}`);
  const [start, end] = [x(told.places[0]).toFixed(1), x(told.places.at(-1)).toFixed(1)];
  return [
    shape("polygon", { points: `${start},${bottom} ${points.join(" ")} ${end},${bottom}`, class: "agreement-area" }),
    shape("polyline", { points: points.join(" "), class: "agreement" }),
    shape("circle", { cx: x(told.places[told.best]), cy: y(told.agreed[told.best]), r: 4.5, class: "best" }),
    shape("circle", { cx: x(told.places[at]), cy: y(told.agreed[at]), r: 3, class: "here" }),
  ];
}
