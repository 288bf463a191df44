// The dialog of the final set that shows who could stand in for an image, and says what choosing one writes.
const dialog = document.getElementById("swap");
const body = document.getElementById("swap-body");

// What the reviewer wants to be written, or null where nothing is.
export async function choose(dataset, id) {
  const answer = await fetch(`/-/final/stand-ins/${id}?dataset=${dataset}`, { credentials: "same-origin" });
  const found = new DOMParser().parseFromString(await answer.text(), "text/html");
  const shown = found.querySelector(".swap, .message");
  body.replaceChildren(...(shown?.matches(".swap") ? found.body : shown).childNodes);
  const options = [...body.querySelectorAll(".options > li")];
  let place = -1;

  function mark(to) {
    if (!options.length) return;
    options[place]?.classList.remove("marked");
    place = (to + options.length) % options.length;
    const one = options[place];
    one.classList.add("marked");
    one.parentElement.setAttribute("aria-activedescendant", one.id);
    one.scrollIntoView({ block: "nearest" });
    document.getElementById("swap-told").replaceChildren(one.querySelector("template").content.cloneNode(true));
  }

  function said() {
    const one = options[place];
    return {
      dataset,
      out: id,
      into: Number(one.dataset.into),
      pin: one.dataset.pin === "true",
      why: document.getElementById("swap-why").value.trim(),
    };
  }

  function keys(event) {
    const typing = event.target.matches("input");
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (event.key in steps && !typing) {
      event.preventDefault();
      mark(place + steps[event.key]);
    } else if (event.key === "Enter" && options.length && !event.target.matches("button")) {
      event.preventDefault();
      dialog.close("yes");
    }
  }

  const click = (event) => {
    const one = event.target.closest(".options > li");
    if (one) mark(options.indexOf(one));
    if (event.target.closest("#swap-yes")) dialog.close("yes");
  };
  dialog.addEventListener("keydown", keys);
  dialog.addEventListener("click", click);
  dialog.returnValue = "";
  dialog.showModal();
  mark(0);
  body.querySelector(".options")?.focus();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  dialog.removeEventListener("keydown", keys);
  dialog.removeEventListener("click", click);
  return dialog.returnValue === "yes" ? said() : null;
}
