// The middle of Compare as the server writes it, the last few kept; the next one and its pictures before they are asked for.
const fetched = new Map();

async function ask(key) {
  try {
    const answer = await fetch(`/-/compare/stage?${key}`, { credentials: "same-origin" });
    if (answer.ok) return await answer.text();
  } catch {
    // Said by whoever shows it: null is no answer.
  }
  fetched.delete(key);
  return null;
}

// Its text, or null where there was no answer.
export function fetchStage(wanted) {
  const key = String(wanted);
  if (!fetched.has(key)) {
    fetched.set(key, ask(key));
    while (fetched.size > 8) fetched.delete(fetched.keys().next().value);
  }
  return fetched.get(key);
}

export const forget = () => fetched.clear();

export async function ahead(wanted) {
  const text = await fetchStage(wanted);
  if (!text) return;
  const stage = new DOMParser().parseFromString(text, "text/html");
  for (const image of stage.querySelectorAll(".view img")) new Image().src = image.getAttribute("src");
}
