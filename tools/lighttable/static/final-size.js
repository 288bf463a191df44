// The size of the final set's pictures: one scale for all, so that a smaller canvas looks smaller.
const zoom = document.getElementById("zoom");
const sizes = [96, 256, 512, 1024];
const grid = document.getElementById("grid");
const narrow = matchMedia("(max-width: 760px)").matches;

function picture(image, wanted) {
  const size = sizes.find((one) => one >= wanted) ?? "full";
  const address = image.src.replace(/\/(96|256|512|1024|full)\?/, `/${size}?`);
  if (address !== image.src) image.src = address;
}

function resize(percent) {
  zoom.value = percent;
  document.getElementById("zoom-told").textContent = percent === 100 ? "as trained" : `${percent} %`;
  document.documentElement.style.setProperty("--zoom", percent / 100);
  grid?.classList.toggle("as-trained", percent === 100);
  for (const card of grid?.querySelectorAll(".card:not(.stand-in)") ?? []) {
    const side = Math.max(card.style.getPropertyValue("--w"), card.style.getPropertyValue("--h"));
    const wanted = percent === 100 ? Infinity : (side * percent * Math.min(2, devicePixelRatio)) / 100;
    picture(card.querySelector("img"), wanted);
  }
}

function keepSize(percent) {
  const bounded = Math.max(8, Math.min(100, percent));
  if (bounded < 100) localStorage.setItem("final-zoom", bounded);
  resize(bounded);
  grid?.querySelector(".marked")?.scrollIntoView({ block: "nearest" });
}

const usual = () => Number(localStorage.getItem("final-zoom") ?? (narrow ? 16 : 28));
zoom?.addEventListener("input", () => keepSize(Number(zoom.value)));

export const rescale = () => resize(Number(zoom.value));
export const larger = (by) => keepSize(Number(zoom.value) + by);
export const asTrained = () => keepSize(Number(zoom.value) === 100 ? usual() : 100);

if (zoom) zoom.value = usual();
