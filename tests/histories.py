"""Histories: anything that people do to a workspace, in any order; taken back, nothing of it may be left.

A history is a list of acts: files come, go, change and change their names, settings are edited, images are decided on,
tools run up to a stage or alone. After each act the funnel's identity holds. At the end settings and decisions are
taken back and everything is run: then the manifest says what that of a new workspace with the same files says.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from hypothesis import strategies as st
from killing import TOOLS, Deed, deed, do, face
from sound import all_of, faults
from workspaces import ask, funnel_holds

from tools.decide import decide
from tools.mill.manifest import sql
from tools.mill.settings import UsageError

Act = tuple[str, ...]

NAMES = ("a.png", "b.png", "sub/a.png", "sub/deep/c.png", "z.PNG", "d")
PICTURES = 4
DEFAULTS = {
    "intake.min_side": "32",
    "extract.webp_quality": "90",
    "detect.min_height_px": "32",
    "detect.pad": "0.15",
    "mask.working_side_px": "64",
    "mask.min_coverage": "0.05",
    "score.min_crop_mp": "0.001",
    "score.min_sharpness": "0.4",
    "select.moment_s": "2.0",
    "composite.blur_radius": "6.0",
    "caption.forbidden_words": '"picture"',
    "package.min_canvas_mp": "0.001",
}
OTHERS = {
    "intake.min_side": "100",
    "extract.webp_quality": "50",
    "detect.min_height_px": "150",
    "detect.pad": "0.3",
    "mask.working_side_px": "80",
    "mask.min_coverage": "0.9",
    "score.min_crop_mp": "1.0",
    "score.min_sharpness": "0.99",
    "select.moment_s": "0.5",
    "composite.blur_radius": "9.0",
    "caption.forbidden_words": '"light"',
    "package.min_canvas_mp": "2.0",
}
"""Another value for each: limits that let nothing or less through, parameters that make other bytes."""


def histories(tools: Sequence[str], longest: int) -> st.SearchStrategy[list[Act]]:
    """Strategy for histories in which only these tools run."""
    name, tool = st.sampled_from(NAMES), st.sampled_from(tools)
    keys = [key for key in DEFAULTS if key.partition(".")[0] in tools]
    picture = st.integers(0, PICTURES - 1).map(str)
    decision = st.sampled_from(["keep", "reject", "reject", "pin", "undo"])
    act = st.one_of(
        st.tuples(st.just("put"), name, picture),
        st.tuples(st.just("put"), name, picture),
        st.tuples(st.just("replace"), name, picture),
        st.tuples(st.just("rename"), name, name),
        st.tuples(st.just("remove"), name),
        st.tuples(st.just("edit"), st.sampled_from(keys)),
        st.tuples(st.just("decide"), decision, st.integers(0, 30).map(str)),
        st.tuples(st.just("run"), tool),
        st.tuples(st.just("run"), tool),
        st.tuples(st.just("only"), tool),
    )
    return st.lists(act, max_size=longest).map(lambda acts: [("put", "a.png", "0"), ("run", tools[-1]), *acts])


def live_through(base: Path, acts: Sequence[Act], last: str) -> list[str]:
    """Do all of a history, take settings and decisions back, run the tools up to the last; returns what is wrong."""
    edited: set[str] = set()
    configure(base, edited)
    for place, act in enumerate(acts):
        _ACTS[act[0]](base, edited, *act[1:])
        if (base / "manifest.db").exists() and not funnel_holds(base):
            return [f"after act {place}, {act}, the funnel's identity does not hold"]
    configure(base, set())
    take_back(base)
    # A package that has lost all is empty, one that never had any is not there: so at least this one is in it.
    _put(base, set(), "kept.png", "2")
    run_up_to(base, last)
    fresh = base.with_name(f"{base.name} fresh")
    shutil.copytree(base / "00_raw_photos", fresh / "00_raw_photos")
    configure(fresh, set())
    run_up_to(fresh, last)
    return faults(base) + unlike(all_of(base), all_of(fresh))


def unlike(have: Mapping[str, list[tuple[object, ...]]], wanted: Mapping[str, list[tuple[object, ...]]]) -> list[str]:
    """Differences, but for the decisions themselves: they are never lost."""
    return [
        f"{key}: {sign} {row!r:.300}"
        for key in wanted
        if key != "decision"
        for sign, rows, others in (("+", have[key], wanted[key]), ("-", wanted[key], have[key]))
        for row in rows
        if row not in others
    ]


def configure(base: Path, edited: set[str]) -> None:
    values = {key: OTHERS[key] if key in edited else value for key, value in DEFAULTS.items()}
    lines = [f"{key} = {value}" for key, value in values.items()]
    base.mkdir(parents=True, exist_ok=True)
    (base / "config.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def order(tool: str) -> Deed:
    """A run of a tool by somebody who knows which files have gone."""
    return deed(tool, *(["--accept-vanished"] if tool == TOOLS[0] else []))


def run_up_to(base: Path, tool: str) -> None:
    for one in TOOLS[: TOOLS.index(tool) + 1]:
        do(base, order(one))


def take_back(base: Path) -> None:
    """Undo every decision that stands. Raises AssertionError where one still does afterwards."""
    if (base / "manifest.db").exists():
        standing = sql("mill/standing").replace(":dataset", "''")
        # Below the last word on an item there may be earlier ones.
        for _ in range(len(ask(base, "select 1 from decision"))):
            for _, _, _, _, item_id in ask(base, standing):
                decide(base, "undo", [str(item_id)], "", "")
        assert ask(base, standing) == []


@cache
def pixels(number: str) -> bytes:
    """The bytes of one of a few photographs, small and large enough for the smaller bound of each limit."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        return face(Path(folder, "face.png"), 7.0 * int(number), side=96 + 32 * int(number)).read_bytes()


def _put(base: Path, _: set[str], name: str, picture: str) -> None:
    path = base / "00_raw_photos" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pixels(picture))


def _replace(base: Path, edited: set[str], name: str, picture: str) -> None:
    """Another picture under the same name, with the old one's time."""
    path = base / "00_raw_photos" / name
    if path.exists():
        stat = path.stat()
        _put(base, edited, name, picture)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _rename(base: Path, _: set[str], old: str, new: str) -> None:
    path, target = base / "00_raw_photos" / old, base / "00_raw_photos" / new
    if path.exists() and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)


def _remove(base: Path, _: set[str], name: str) -> None:
    (base / "00_raw_photos" / name).unlink(missing_ok=True)


def _edit(base: Path, edited: set[str], key: str) -> None:
    edited.symmetric_difference_update({key})
    configure(base, edited)


def _decide(base: Path, _: set[str], verdict: str, place: str) -> None:
    items = ask(base, "select id from item order by address, kind, version") if (base / "manifest.db").exists() else []
    if items:
        # A person who keeps what cannot be kept is told so.
        with suppress(UsageError):
            decide(base, verdict, [str(items[int(place) % len(items)][0])], "", "")


def _run(base: Path, _: set[str], tool: str) -> None:
    run_up_to(base, tool)


def _only(base: Path, _: set[str], tool: str) -> None:
    if (base / "manifest.db").exists() or tool == TOOLS[0]:
        # Without intake a tool may look for a file that has gone.
        do(base, order(tool), may_fail=True)


_ACTS: dict[str, Callable[..., None]] = {
    "put": _put,
    "replace": _replace,
    "rename": _rename,
    "remove": _remove,
    "edit": _edit,
    "decide": _decide,
    "run": _run,
    "only": _only,
}
