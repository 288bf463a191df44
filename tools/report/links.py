"""Links: one item of a line in sentences: what it is, what each step measured and said, what people decided."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.mill.words import clean, duration, figure, moment
from tools.report.fate import near
from tools.report.story import Check, Judgement, Link, Said

_DONE = {"keep": "kept", "reject": "rejected", "pin": "pinned", "shot": "corrected the shot of", "identity": "named"}


def name(link: Link) -> str:
    """An item as people know it: kind, id, where it lies."""
    where = link.path or f"{link.address} (no file)"
    at = f" at {link.facts['time_s']:.3f} s" if link.kind == "frame" and link.facts else ""
    return f"{link.kind} {link.item_id}{at}, {clean(where)}"


def link_lines(link: Link) -> Iterator[str]:
    """Everything about one item of the line."""
    yield name(link)
    known = _known(link.kind, link.facts) if link.facts else ""
    if known:
        yield f"  {known}"
    for said in link.decisions:
        if said.kind == link.kind:
            yield f"  {said_line(said, link)}"
    for judged in link.judgements:
        yield from (f"  {line}" for line in _judgement(judged))


def _known(kind: str, facts: Mapping[str, Any]) -> str:
    """What is known of an item beside its measurements, in the words of its trade."""
    if kind == "video":
        size = f"{facts['width_px']} × {facts['height_px']} px, {figure(facts['frame_rate_hz'])} frames a second"
        return f"{facts['codec']} in {facts['container']}, {size}, {duration(facts['duration_s'])}"
    if kind in ("photo", "background", "reference"):
        return f"{facts['format']}, {facts['width_px']} × {facts['height_px']} px"
    if kind == "person":
        face = "with a face" if facts["face_x0_px"] is not None else "no face found"
        shot = "shot unknown" if facts["shot"] == "unknown" else f"{facts['shot']} shot"
        return f"{shot}, {face}, found by {facts['source']}"
    if kind == "composite":
        scale, cover = figure(facts["scale"]), figure(facts["cover"])
        return f"before a ground of mode {facts['mode']}, at scale {scale}, over {cover} of the height"
    return clean(facts["text"]) if kind == "caption" else ""


def said_line(said: Said, link: Link) -> str:
    """One decision: who, what, when, why, and whether it still stands."""
    why = f": “{clean(said.why)}”" if said.why else ""
    scope = f" for dataset {said.dataset}" if said.dataset else ""
    what = "it" if said.kind == link.kind else f"the {said.kind} above it"
    text = f"{clean(said.actor)} {_DONE.get(said.verdict, said.verdict)} {what} on {moment(said.at)}{scope}{why}."
    if said.reattached:
        text += f" It was said of {said.address}, and came here by overlap."
    return text + (" It was taken back." if said.undone else "")


def _judgement(said: Judgement) -> Iterator[str]:
    tool = f"{said.tool} for {said.dataset}" if said.dataset else said.tool
    gone = "" if said.live else " Not in force: something above it is out."
    stale = " Its settings have changed since; it waits to be done again." if said.stale and said.live else ""
    detail = f" {clean(said.detail)}" if said.detail else ""
    yield f"{tool}: {verdict(said)}.{detail}{gone}{stale}"
    for check in said.checks:
        yield f"  {'✗' if check.violated else '✓'} {broken(check) if check.violated else _met(check)}"
    rest = [f"{key} {figure(value)}" for key, value in said.measures.items() if value is not None]
    if rest:
        yield f"  also measured: {', '.join(rest)}"


def verdict(said: Judgement) -> str:
    """What a step said, after people's decisions."""
    if said.status == "ok":
        passed = "chosen" if said.tool == "select" else "passed"
        return passed if said.passed or not said.live else "rejected by hand"
    told = "failed" if said.status == "failed" else f"rejected, {said.reason}"
    return f"{told}, but kept by hand" if said.passed else told


def broken(check: Check) -> str:
    """A limit that is violated."""
    value, bound = near(check.value, check.bound)
    word = "below" if check.op == "<" else "above"
    return f"{check.metric} is {value}, {word} {check.key} = {bound} ({check.reason})"


def _met(check: Check) -> str:
    word = "at least" if check.op == "<" else "at most"
    return f"{check.metric} is {figure(check.value)}; {check.key} asks for {word} {figure(check.bound)}"


def setting(said: Judgement) -> str:
    """Which run gave a judgement, when, and with which version, engine and parameters."""
    recipe = said.recipe
    parts = [f"version {recipe.get('version')}"]
    if recipe.get("engine"):
        parts.append(f"engine {recipe['engine'][0]} ({str(recipe['engine'][1])[:12]})")
    values = {**recipe.get("params", {}), **recipe.get("dataset", {})}
    parts += [f"{key} = {_value(value)}" for key, value in values.items()]
    tool = f"{said.tool} for {said.dataset}" if said.dataset else said.tool
    return f"{tool}, run {said.run_id} of {moment(said.run_at)}: {', '.join(parts)}"


def _value(value: object) -> str:
    """A setting as config.toml writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key} = {_value(one)}" for key, one in value.items()) + "}"
    return f'"{clean(value)}"' if isinstance(value, str) else figure(value)
