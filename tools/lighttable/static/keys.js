// Keys: a map from a key to what it does. Nothing happens while somebody types or a dialog is open.
const typing = (target) =>
  target.closest("dialog") || (target.matches("input:not([type=range]), textarea, select") && !target.readOnly);

const taken = new Set();
// Whether a key does something on this page.
export const isTaken = (name) => taken.has(name);

export function bind(map) {
  for (const name of Object.keys(map)) taken.add(name);
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (event.key === "?") {
      event.preventDefault();
      document.getElementById("keys").showModal();
      return;
    }
    const name = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const act = map[name];
    if (!act) return;
    // A link or button that has the focus keeps its own Enter and Space.
    if ((name === "Enter" || name === " ") && event.target.closest("a, button, summary") && !event.target.closest("#grid")) return;
    event.preventDefault();
    act(event);
  });
}

// An act that asks something: a key that is pressed twice asks once.
let asking = false;
export const once = (act) => async (...given) => {
  if (asking) return;
  asking = true;
  await act(...given).finally(() => (asking = false));
};
