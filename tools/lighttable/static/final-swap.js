// The dialog of the final set that shows who could stand in for an image, and says what choosing one writes.
const dialog = document.getElementById("swap");
const body = document.getElementById("swap-body");

async function part(address) {
  const answer = await fetch(address, { credentials: "same-origin" });
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

// What the reviewer wants to be written, or null where nothing is.
export async function choose(dataset, id) {
  const found = await part(`/-/final/stand-ins/${id}?dataset=${dataset}`);
  const shown = found.querySelector(".swap, .message");
  body.replaceChildren(...(shown?.matches(".swap") ? found.body : shown).childNodes);
  const options = [...body.querySelectorAll(".options > li")];
  const yes = body.querySelector("#swap-yes");
  let place = -1;

  function mark(to) {
    if (!options.length) return;
    options[place]?.classList.remove("marked");
    place = (to + options.length) % options.length;
    const one = options[place];
    one.classList.add("marked");
    one.parentElement.setAttribute("aria-activedescendant", one.id);
    one.scrollIntoView({ block: "nearest" });
    tell(one);
  }

  // What choosing this one writes is known before it can be chosen.
  async function tell(one) {
    const told = document.getElementById("swap-told");
    yes.disabled = true;
    told.textContent = "Working out what changes …";
    const page = await part(`/-/final/effect/${id}/${one.dataset.into}?dataset=${dataset}`);
    if (options[place] !== one) return;
    const effect = page.querySelector("#effect");
    yes.disabled = !effect;
    told.replaceChildren(effect ?? page.querySelector(".message p"));
  }

  function said() {
    const one = options[place];
    return {
      dataset,
      out: id,
      into: Number(one.dataset.into),
      pin: document.getElementById("effect").dataset.pin === "true",
      why: document.getElementById("swap-why").value.trim(),
    };
  }

  function keys(event) {
    const typing = event.target.matches("input");
    const steps = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
    if (event.key in steps && !typing) {
      event.preventDefault();
      mark(place + steps[event.key]);
    } else if (event.key === "Enter" && !event.target.matches("button")) {
      event.preventDefault();
      yes?.click();
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
