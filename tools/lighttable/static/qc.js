// QC: a picture that is gone or broken, which is why it stands here, shows the same words as what never had one.
"use strict";

document.addEventListener("error", (event) => {
  const picture = event.target;
  if (!(picture instanceof HTMLImageElement) || !picture.closest(".faults")) return;
  const words = document.createElement("span");
  words.className = "nothing";
  words.textContent = "no picture";
  picture.replaceWith(words);
}, true);
