// Compare's decisions: on the image that is shown, or on the one of a group that is marked.
import { clear, decide, remember, undo } from "./deciding.js";
import { post } from "./post.js";
import { toast } from "./toast.js";
import { forget } from "./compare-fetch.js";
import { byId, current, go, inGroups, mark, marked, members, neighbour, own, section, setOf, show, stage, tell } from "./compare-walk.js";

function put(id, fate) {
  if (!fate) return;
  const item = byId.get(id);
  if (item) Object.assign(item, fate);
  for (const tile of [document.getElementById(`f${id}`), document.getElementById(`m${id}`)]) if (tile) Object.assign(tile.dataset, { state: fate.state ?? tile.dataset.state, verdict: fate.verdict });
}

const isDecided = (id) => Boolean(byId.get(id)?.verdict);

function count(difference) {
  const bar = document.getElementById("progress");
  bar.value += difference;
  document.getElementById("reviewed").textContent = bar.value.toLocaleString("en").replaceAll(",", "\u202f");
}

// An item that a step no longer reaches has no fate there: it has what was just said of it.
function changed(told, before = new Map(), verdict = "") {
  forget();
  if (told === null) for (const [id, fate] of before) put(id, fate);
  else {
    const was = new Map(told.ids.map((id) => [id, before.has(id) ? Boolean(before.get(id).verdict) : isDecided(id)]));
    for (const id of told.ids) put(id, told.fates[id] ?? { verdict });
    count(told.ids.reduce((sum, id) => sum + (byId.has(id) ? Number(isDecided(id)) - Number(was.get(id)) : 0), 0));
  }
  tell();
}

function say(verdict) {
  const one = current();
  if (!one?.id) return;
  const before = new Map();
  const wanted = { ids: [one.id], dataset: inGroups() ? section().dataset.dataset : "" };
  decide(
    verdict,
    wanted,
    setOf(),
    () => {
      before.set(one.id, { state: one.state, verdict: one.verdict, reason: one.reason });
      put(one.id, { state: verdict === "reject" ? "out" : "in", verdict, reason: verdict === "reject" ? "rejected_by_hand" : "" });
      if (!inGroups()) neighbour(1) ? go(1) : tell();
      else if (members().indexOf(marked()) < members().length - 1) mark(members().indexOf(marked()) + 1);
      else tell();
    },
    (told) => changed(told, before, verdict),
  );
}

// Z leads back to what was decided.
function takeBack() {
  undo(setOf(), (told) => {
    changed(told);
    if (!told || told.ids.length !== 1) return;
    if (inGroups()) {
      const at = members().findIndex((tile) => Number(tile.dataset.id) === told.ids[0]);
      if (at >= 0) mark(at);
    } else if (byId.has(told.ids[0]) && told.ids[0] !== own()) show({ item: told.ids[0] });
  });
}

async function swap() {
  const tile = marked();
  const kept = stage.querySelector(".member.kept");
  if (!tile || tile === kept) {
    toast("Move the mark to the image that is to be in instead.");
    return;
  }
  const told = await post("/-/compare/swap", { wanted: Number(tile.dataset.id), kept: Number(kept.dataset.id), set: setOf() });
  if (told) {
    remember(told.words);
    toast(`${tile.dataset.kind} ${tile.dataset.id} will be in instead, from the next make on. Z takes it back.`);
    changed(told);
  }
}

export const acts = {
  keep: () => say("keep"),
  reject: () => say("reject"),
  pin: () => say("pin"),
  clear: () => current()?.id && clear([current().id], setOf(), (told) => changed(told)),
  undo: takeBack,
  swap: () => inGroups() && swap(),
};
