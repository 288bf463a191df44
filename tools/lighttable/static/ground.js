// The background of cut-outs: remembered, and shown by style alone.
const names = ["checker", "black", "white", "green"];
const group = document.getElementById("ground");

export function setGround(name) {
  document.documentElement.dataset.ground = name;
  localStorage.setItem("ground", name);
  for (const button of group?.querySelectorAll("button") ?? []) {
    button.setAttribute("aria-pressed", String(button.dataset.ground === name));
  }
}

export function nextGround() {
  const now = names.indexOf(document.documentElement.dataset.ground);
  setGround(names[(now + 1) % names.length]);
}

group?.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) setGround(button.dataset.ground);
});
setGround(names.includes(localStorage.getItem("ground")) ? localStorage.getItem("ground") : "checker");
