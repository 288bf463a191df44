// Datasette's own pages: what their inline scripts would do, which the policy forbids, and their menus by keyboard.
const form = document.querySelector("form.sql");
const area = document.getElementById("sql-editor");
const readOnly = document.getElementById("sql-query");
const format = document.getElementById("sql-format");

// Asked for by Datasette's own table.js.
globalThis.DATASETTE_ALLOW_FACET = true;

// --- the SQL editor ---

function edited() {
  const editor = globalThis.CodeMirror.fromTextArea(area, { lineNumbers: true, lineWrapping: true, mode: "text/x-sql" });
  const run = () => form.requestSubmit();
  editor.setOption("extraKeys", { "Shift-Enter": run, "Ctrl-Enter": run, "Cmd-Enter": run, Tab: false, "Shift-Tab": false });
  editor.getInputField().setAttribute("aria-label", "SQL");
  new ResizeObserver(() => editor.refresh()).observe(editor.getWrapperElement());
  return { get: () => editor.getValue(), set: (text) => editor.setValue(text) };
}

const shown = { get: () => readOnly.textContent, set: (text) => (readOnly.textContent = text) };
const sql = area ? edited() : readOnly ? shown : null;
if (format && sql) {
  format.hidden = false;
  format.classList.add("button");
  format.addEventListener("click", () => sql.set(globalThis.sqlFormatter.format(sql.get())));
}

// --- menus ---

// A click elsewhere closes what is open.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[open]:not(.folded)")) if (!menu.contains(event.target)) menu.open = false;
});

const menu = () => document.querySelector("body > .dropdown-menu");
let opener = null;

for (const icon of document.querySelectorAll(".dropdown-menu-icon")) {
  icon.setAttribute("role", "button");
  icon.setAttribute("tabindex", "0");
  icon.setAttribute("aria-haspopup", "true");
  icon.setAttribute("aria-label", `What to do with column ${icon.closest("th").dataset.column}`);
  icon.addEventListener("click", () => {
    opener = icon;
    // At the right edge of a narrow screen it would hang out of the page.
    const over = menu().getBoundingClientRect().right - document.documentElement.clientWidth + 8;
    if (over > 0) menu().style.left = `${parseFloat(menu().style.left) - over}px`;
  });
  icon.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    icon.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    [...menu().querySelectorAll("a")].find((link) => link.offsetParent)?.focus();
  });
}

document.addEventListener("keydown", (event) => {
  const open = menu();
  if (!open || open.style.display === "none" || !opener) return;
  const links = [...open.querySelectorAll("a")].filter((link) => link.offsetParent);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (event.key === "Escape" || event.key === "Tab") {
    if (event.key === "Escape") event.preventDefault();
    document.body.click();
    opener.focus();
  } else if (step) {
    event.preventDefault();
    links.at((links.indexOf(document.activeElement) + step) % links.length).focus();
  }
});

// --- pictures, where there are not too many ---

const MOST_ROWS = 199;

for (const table of document.querySelectorAll(".rows-and-columns")) {
  if (table.querySelectorAll("tbody tr").length > MOST_ROWS) continue;
  for (const link of table.querySelectorAll("a.shown")) {
    link.prepend(Object.assign(document.createElement("img"), { loading: "lazy", alt: "", src: `/-/picture/${link.textContent}/96` }));
  }
}

// --- a phone's width: each row is a card, each value stands under its column's name ---

for (const table of document.querySelectorAll(".rows-and-columns")) {
  const names = [...table.querySelectorAll("thead th")].map((th) => th.dataset.column ?? th.textContent.trim());
  for (const row of table.querySelectorAll("tbody tr")) [...row.cells].forEach((cell, at) => (cell.dataset.name = names[at] ?? ""));
}
