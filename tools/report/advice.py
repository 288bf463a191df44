"""Advice: what stands out in a workspace's state, and what to type next. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.mill.plan import BY_TOOL, PLAN
from tools.mill.words import clean, command, listing, moment, percent, plural
from tools.report.state import State, dominating

Values = Mapping[str, Any]

LISTED = 8
"""People who are told one by one."""

MAIN = ("video", "photo")
"""Of what intake reads: what images are made from."""


def dominant(state: State) -> Values | None:
    """The reason that takes over half of a step, the largest where there are several; None where none does."""
    return max(dominating(state.failures), key=lambda row: (row["n"], row["tool"]), default=None)


def hint(row: Values, base: Path) -> str:
    """That a reason takes over half of a step, and where to look. row: one of `State.hints`."""
    where = f"{row['tool']} {row['dataset']}".strip()
    looks = [f"look at {clean(str(base / shown_in(row)))}/"] if row["linked"] else []
    if row["item_id"] is not None:
        looks.append(f"type: {command(base, 'explain', ITEM=str(row['item_id']))}")
    return f"{where}: {row['reason']} {percent(row['share'])} of the {row['kind']}s: {', or '.join(looks)}"


def remarks(state: State, base: Path) -> list[str]:
    """What a person should know beside the funnel, as sentences."""
    found = [
        f"{row['tool']} {row['dataset']}".strip()
        + f" runs since {moment(row['started_at'])} (process {row['pid']} on {row['host']}), or was killed."
        for row in state.running
    ]
    found += [hint(row, base) for row in state.hints]
    if state.clusters:
        found += people(state, base)
    elif state.people is not None:
        found.append(f"People seen: at least {state.people}.")
    for chosen in state.selections:
        lacks = f": {'; '.join(chosen.gaps)}" if chosen.gaps else ""
        found.append(f"Selection {chosen.dataset}: {chosen.chosen} of {chosen.wanted} images{lacks}.")
    found += [
        f"Dataset {name} has no trigger word, so that nothing calls what is trained: "
        f'[dataset.{name}] trigger = "…" in {clean(str(base / "config.toml"))}'
        for name in state.untriggered
    ]
    if state.adrift:
        what = plural(len(state.adrift), "decision")
        see = command(base, "query", Q="decisions_adrift")
        found.append(f"{what} find{'s' * (len(state.adrift) == 1)} no image any more; nothing is lost. See: {see}")
    return found


def people(state: State, base: Path) -> list[str]:
    """How many people there are and how many images each has; whom the datasets are about, where nobody has said."""
    each = [
        f"{clean(row['name']) if row['name'] else 'cluster ' + str(row['cluster'])} {row['images']}"
        for row in state.clusters[:LISTED]
    ]
    more = f", {len(state.clusters) - LISTED} more" if len(state.clusters) > LISTED else ""
    see = command(base, "people")
    found = [f"People: {len(state.clusters)}, with images: {', '.join(each)}{more}. See them: {see}"]
    if len(state.clusters) > 1:
        first = state.clusters[0]
        named = clean(first["name"]) if first["name"] else "NAME"
        say = "" if first["name"] else f"{command(base, 'name', CLUSTER=str(first['cluster']), AS='NAME')}, then "
        found += [
            f"Dataset {name} takes {_everybody(state, base)}. "
            f'To make it about one: {say}[dataset.{name}] subject = "{named}" in {clean(str(base / "config.toml"))}'
            for name in state.open_datasets
        ]
    return found


def _everybody(state: State, base: Path) -> str:
    """Whom a dataset about nobody takes: where there are reference photos, only those whom they show."""
    if not state.beyond:
        return "everybody" if state.beyond is None else "everybody whom a reference photo shows"
    left_out = f"{plural(state.beyond, 'image')} of others are left out" if state.beyond > 1 else "1 image is left out"
    ways = f"say who they are ({command(base, 'review')}, People), or keep them"
    return f"everybody whom a reference photo shows; {left_out}: {ways}"


def shown_in(row: Values) -> str:
    """The folder below the workspace whose links show what was rejected for a reason."""
    return "/".join(part for part in ("rejected", row["tool"], row["dataset"], row["reason"]) if part)


def packages(state: State, base: Path) -> list[str]:
    """Where each dataset's package lies, or why there is none."""
    made = {row["dataset"]: row for row in state.packages if row["images"]}
    names = dict.fromkeys(row["dataset"] for row in state.funnel if row["dataset"])
    found = []
    for name in names or [""]:
        if name in made:
            folder = Path(made[name]["first_path"]).parent
            images = made[name]["images"]
            stands = sum(row["ok"] for row in state.funnel if (row["tool"], row["dataset"]) == ("package", name))
            old = "" if stands == images else f"; not of today's selection, renew it: {command(base, 'all')}"
            found.append(f"Package {name}: {base / folder}/, {plural(images, 'image')}{old}")
        else:
            found.append(f"Package {name}".strip() + f": none yet. {why_none(state, name)}")
    return found


def why_none(state: State, dataset: str) -> str:
    """Why nothing was packaged for a dataset: the first step that let nothing through, or that has yet to run."""
    for step in PLAN:
        rows = [
            row
            for row in state.funnel
            if row["tool"] == step.tool and row["dataset"] in ("", dataset) and row["kind"] in _main_kinds(step.tool)
        ]
        inputs, ok, waiting = (sum(row[key] for row in rows) for key in ("inputs", "ok", "waiting"))
        if not inputs:
            return "There is no footage." if step.tool == "intake" else f"Nothing reached {step.tool}."
        if waiting:
            return f"{plural(waiting, rows[0]['kind'])} {'wait' if waiting > 1 else 'waits'} for {step.tool}."
        if not ok:
            return f"At {step.tool} nothing passed: {_reasons(state, step.tool, dataset)}."
    return "The package is empty."


def _main_kinds(tool: str) -> Sequence[str]:
    return MAIN if tool in ("intake", "extract") else BY_TOOL[tool].takes


def _reasons(state: State, tool: str, dataset: str) -> str:
    rows = [
        row
        for row in state.failures
        if row["tool"] == tool and row["dataset"] in ("", dataset) and row["kind"] in _main_kinds(tool)
    ]
    return listing([f"{row['reason']} {row['n']}" for row in rows])


def next_command(state: State, base: Path, example: int | None) -> str:
    """The one command to type next, with what it is good for."""
    if not any(row["inputs"] for row in state.funnel if row["tool"] == "intake" and row["kind"] in MAIN):
        return f"put footage into {base}/00_raw_videos, then: {command(base, 'all')}"
    if state.n_failed:
        return f"{command(base, 'failures')}  # what broke and why; RETRY_FAILED=1 tries again"
    if state.waiting:
        return f"{command(base, 'all')}  # goes on with what waits"
    made = [row for row in state.packages if row["images"]]
    if made and not dominant(state):
        return f"{command(base, 'reject', ITEM=made[0]['first_path'], WHY='…')}  # if you do not like an image"
    if example:
        return f"{command(base, 'explain', ITEM=str(example))}  # why one of them is out"
    return f"{command(base, 'failures')}  # what was rejected, and what to do"
