// What every page has: the theme's button, the list of keys, selects that lead somewhere.
import "./live.js";
import { leave } from "./post.js";

// What a tab remembers (Z, neighbours, where the mark was) is of one manifest. This runs before a page's own modules.
const { manifest } = document.body.dataset;
if (manifest && sessionStorage.getItem("manifest") !== manifest) {
  sessionStorage.clear();
  sessionStorage.setItem("manifest", manifest);
}

const dark = () => {
  const set = document.documentElement.dataset.theme;
  return set ? set === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
};

document.getElementById("theme")?.addEventListener("click", () => {
  const next = dark() ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  localStorage.setItem("theme", next);
});

const keys = document.getElementById("keys");
document.getElementById("help")?.addEventListener("click", () => keys.showModal());

for (const select of document.querySelectorAll("select.go")) {
  select.addEventListener("change", () => select.value && leave(select.value));
}

// Where the pages do not fit beside each other, the one that is shown is in sight.
const [nav, here] = [document.querySelector(".bar nav"), document.querySelector(".bar nav [aria-current]")];
if (here) nav.scrollLeft = here.offsetLeft - nav.offsetLeft - (nav.clientWidth - here.offsetWidth) / 2;

// On a narrow screen the filters begin closed.
if (matchMedia("(max-width: 760px)").matches) {
  for (const details of document.querySelectorAll("details.filters")) details.open = false;
}

// A dialog that closes keeps the focus where nothing else had it before: the next key would go to what is not shown.
const letGo = ({ target }) => target.matches("dialog") && target.contains(document.activeElement) && document.activeElement.blur();
document.addEventListener("cancel", letGo, true);
document.addEventListener("close", letGo, true);
