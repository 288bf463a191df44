// Asking: the two dialogs of the People page: who is it, and the two sides of a merge or a split.
const closed = (dialog) =>
  new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));

for (const button of document.querySelectorAll("dialog [data-close]")) {
  button.addEventListener("click", () => button.closest("dialog").close(""));
}

const choose = document.getElementById("choose");
const text = document.getElementById("choose-text");
const list = document.getElementById("choose-list");
const shown = () => [...list.children].filter((option) => !option.hidden);
const active = () => list.querySelector("[aria-selected=true]");

function select(option) {
  active()?.setAttribute("aria-selected", "false");
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) text.setAttribute("aria-activedescendant", option.id);
  else text.removeAttribute("aria-activedescendant");
}

// Who matches what is typed; last, where nobody has just that name, a new person of it.
function narrow() {
  const typed = text.value.trim();
  const wanted = typed.toLowerCase();
  list.querySelector(".new")?.remove();
  const called = (option) => option.querySelector("b").textContent.toLowerCase();
  for (const option of list.children) option.hidden = !called(option).includes(wanted);
  const exact = shown().find((option) => option.dataset.name === typed);
  if (typed && !exact) {
    const option = document.createElement("li");
    Object.assign(option, { id: "option-new", className: "new", innerHTML: '<span class="head none" aria-hidden="true">+</span><b></b><span class="soft">new</span>' });
    option.querySelector("b").textContent = typed;
    Object.assign(option.dataset, { name: typed, cluster: "" });
    option.setAttribute("role", "option");
    list.append(option);
  }
  select(typed ? (exact ?? shown().find((option) => called(option).startsWith(wanted)) ?? null) : null);
}

text?.addEventListener("input", narrow);
text?.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const there = shown();
  select(there[(there.indexOf(active()) + step + there.length) % there.length]);
});
list?.addEventListener("click", (event) => {
  const option = event.target.closest("li");
  if (!option) return;
  select(option);
  choose.close("yes");
});

// {name} or {cluster}, or null where it was called off. without: clusters and names that are no choice. yes: the button.
export async function whoIs(title, without = [], yes = "This one") {
  choose.querySelector("[value=yes]").textContent = yes;
  document.getElementById("choose-title").textContent = title;
  list.replaceChildren(
    ...[...document.getElementById("choices").children]
      .filter((one) => !without.includes(one.dataset.name || one.dataset.cluster))
      .map((one, place) => {
        const option = one.cloneNode(true);
        option.id = `option${place}`;
        option.setAttribute("role", "option");
        option.setAttribute("aria-selected", "false");
        return option;
      }),
  );
  text.value = "";
  choose.returnValue = "";
  choose.showModal();
  text.focus();
  if (!(await closed(choose))) return null;
  const option = active();
  return option ? { name: option.dataset.name, cluster: Number(option.dataset.cluster) } : null;
}

const pair = document.getElementById("pair");
const put = (id, value) => (document.getElementById(id).textContent = value);

// Two groups of pictures beside each other, and a name; the name as confirmed, or null.
export async function both(title, yes, sides, label, name, hint) {
  put("pair-title", title);
  put("pair-label", label);
  put("pair-yes", yes);
  for (const [word, [caption, pictures]] of Object.entries({ one: sides[0], two: sides[1] })) {
    put(`pair-${word}`, caption);
    document.getElementById(`pair-faces-${word}`).replaceChildren(...pictures);
  }
  const field = document.getElementById("pair-name");
  field.value = name;
  field.placeholder = hint;
  pair.returnValue = "";
  pair.showModal();
  field.select();
  return (await closed(pair)) ? field.value.trim() : null;
}
