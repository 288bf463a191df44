// A short message at the edge; screen readers say it too.
const place = document.getElementById("toasts");

export function toast(text, kind = "") {
  const line = document.createElement("p");
  line.className = `toast ${kind}`;
  line.textContent = text;
  place.append(line);
  setTimeout(() => line.remove(), kind ? 9000 : 2600);
}
