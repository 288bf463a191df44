"""Bring images, masks and captions of a dataset together in a folder that trainers take as it is.

Reads: composites and their captions.  Writes: 07_final_training/DATASET.
Rejects: unreadable, too_small_for_training, duplicate_image, missing_caption.
A caption edited in the package is read back first and never written over; an edited dataset.toml stays as it is.
Example: python -m tools.package --base data --dataset emma
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.mill.tool import Asked, Bench, Dataset, Limit, Reason, Result, Row, Tool, operational, rejected
from tools.training.names import PACKAGES, files_of

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from tools.training.pairs import Pair

VERSION = 2

EMPTY_DIGEST = "empty"

REASONS = (
    Reason(
        "unreadable",
        "defect",
        "An image or its mask is gone, broken, or not what was written.",
        "Run composite again; if it comes back, look at the disk.",
    ),
    Reason(
        "duplicate_image",
        "choice",
        "Another image of the package has the same pixels.",
        "Nothing to do: once is enough.",
    ),
    Reason(
        "missing_caption",
        "defect",
        "No caption passed for the cutout, and trainers stop at an image without one.",
        "See what `make failures` says of caption.",
    ),
)


LIMITS = (
    Limit(
        "too_small_for_training",
        "canvas_mp",
        "<",
        "min_canvas_mp",
        0.06,
        "The canvas has too few pixels.",
        "Use larger footage, or lower package.min_canvas_mp.",
    ),
)


@dataclass(frozen=True)
class Params:
    """min_canvas_mp: millions of pixels, the limit: it also says who is not copied. num_repeats: how often an epoch
    shows an image. batch_size: images a step.
    """

    min_canvas_mp: float = operational(0.06)
    num_repeats: int = 10
    batch_size: int = 1


@dataclass(frozen=True)
class Packed(Result):
    """A pair that went into the package. path: of the image, below the workspace; digest: of the whole package.

    text: the caption as it stands there. swapped: the folder was made anew.
    """

    path: str = ""
    caption_id: int = 0
    digest: str = ""
    text: str | None = None
    swapped: bool = False


def prepare(db: sqlite3.Connection, base: Path, asked: Asked) -> tuple[str, ...]:
    """Read back what people wrote into the package, and say what else they did there."""
    from tools.mill.words import command
    from tools.training.edits import touched
    from tools.training.readback import read_back_all
    from tools.training.swap import place_of, previous_of

    told = list(read_back_all(db, base, asked))
    folder = base / PACKAGES / asked.dataset
    found = touched(folder)
    if found.gone:
        told.append(
            f"package: {_files(found.gone)} of {folder} {_were(found.gone)} gone; what belongs there is put back. "
            f"`{command(base, 'reject', ITEM='…', DATASET=asked.dataset, WHY='…')}` takes an image out for good."
        )
    if found.changed:
        told.append(
            f"package: {_files(found.changed)} of {folder} {_were(found.changed)} changed by hand; ours takes that "
            f"place, yours lies in {previous_of(place_of(folder))} until the package changes again."
        )
    return tuple(told)


def _files(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} files ({', '.join(names[:3])}{' …' * (len(names) > 3)})"


def _were(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"


def work_set(rows: Sequence[Row], bench: Bench[Params]) -> Mapping[int, Result]:
    """Check every pair, then make the folder hold the good ones."""
    from tools.training.edits import touched
    from tools.training.folder import publish, standing
    from tools.training.loss import refuse_loss
    from tools.training.pairs import Checked, check, unopened
    from tools.training.swap import place_of

    params, dataset = bench.params, bench.dataset
    sizes = {row["item_id"]: {"canvas_mp": row["width"] * row["height"] / 1e6} for row in rows}
    wanted = [row for row in rows if row.get("kept") or sizes[row["item_id"]]["canvas_mp"] >= params.min_canvas_mp]
    ordered = sorted(wanted, key=lambda row: (row["rank"] is None, row["rank"], row["address"]))
    folder = place_of(bench.base / PACKAGES / dataset.name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    edits = touched(folder).texts
    settings = (dataset, params.num_repeats, params.batch_size)
    pairs = unopened(ordered, bench.base)
    published = standing(folder, pairs, *settings) if pairs is not None else None
    checked = Checked(pairs or (), {}) if published else check(ordered, bench.base)
    if not published:
        refuse_loss(folder, bench.base / PACKAGES / dataset.name, len(checked.pairs), wanted)
    published = published or publish(folder, checked.pairs, *settings, edits)
    results = {item_id: Result(measures=size) for item_id, size in sizes.items()}
    for item_id, fault in checked.refused.items():
        results[item_id] = Result(rejected(*fault), measures=sizes[item_id])
    for pair in checked.pairs:
        results[pair.item_id] = _packed(pair, dataset, sizes[pair.item_id], published.digest, published.swapped)
    return results


def _packed(pair: Pair, dataset: Dataset, measures: Row, digest: str, swapped: bool) -> Packed:
    return Packed(
        measures=measures,
        path=f"{PACKAGES}/{dataset.name}/{files_of(pair.stem)[0]}",
        caption_id=pair.caption_id,
        digest=digest,
        text=pair.text,
        swapped=swapped,
    )


def conclude(db: sqlite3.Connection, step_id: int, dataset: Dataset, results: Mapping[int, Result]) -> None:
    """Write the package and its pairs into the manifest, in the transaction that records the set.

    A package that has not changed keeps its row. One that is superseded, and one whose folder is removed, leave an
    audit row each.
    """
    from tools.mill.manifest import utc_now

    packed = {item_id: result for item_id, result in results.items() if isinstance(result, Packed)}
    digest = next((result.digest for result in packed.values()), EMPTY_DIGEST)
    swapped = any(result.swapped for result in packed.values()) or not packed
    current = db.execute(
        "select id, digest from package where step_id = ? and state = 'current'", (step_id,)
    ).fetchone()
    if current is None or current[1] != digest:
        _supersede(db, step_id, dataset.name, len(packed))
        cursor = db.execute(
            "insert into package (step_id, digest, state, at) values (?, ?, 'current', ?)", (step_id, digest, utc_now())
        )
        package_id = int(cursor.lastrowid or 0)
    else:
        package_id = int(current[0])
        if packed and swapped:
            _note(db, step_id, "package_remade", dataset.name, digest, "Files of it were gone or changed.")
        db.execute("delete from package_item where package_id = ?", (package_id,))
    db.executemany(
        "insert into package_item (package_id, item_id, caption_id, path, text) values (?, ?, ?, ?, ?)",
        [(package_id, item_id, made.caption_id, made.path, made.text) for item_id, made in sorted(packed.items())],
    )


def _supersede(db: sqlite3.Connection, step_id: int, name: str, images: int) -> None:
    """Of the packages before: the last one is kept beside the new one, and the one before that is removed."""
    before = db.execute("select id, digest, state from package where step_id = ? order by id desc limit 2", (step_id,))
    for package_id, digest, state in before.fetchall():
        if state == "current":
            db.execute("update package set state = 'superseded' where id = ?", (package_id,))
            why = f"A package of {images} images took its place; until the next one it lies in .previous-{name}."
            _note(db, step_id, "package_superseded", name, digest, why)
        else:
            _note(db, step_id, "package_removed", f".previous-{name}", digest, "Two packages have come after it.")


def _note(db: sqlite3.Connection, step_id: int, action: str, name: str, digest: str, why: str) -> None:
    from tools.mill.manifest import utc_now

    db.execute(
        """insert into audit (at, run_id, actor, action, path, sha256, why)
        values (?, (select max(id) from run where step_id = ?), 'package', ?, ?, ?, ?)""",
        (utc_now(), step_id, action, f"{PACKAGES}/{name}", digest, why),
    )


def stands(bench: Bench[Params]) -> bool:
    """Whether the package is as it was put there: somebody may have taken it away, or files of it."""
    from tools.training.edits import stands as is_there

    return is_there(bench.base / PACKAGES / bench.dataset.name)


def review(bench: Bench[Params]) -> tuple[str, ...]:
    """What the target's trainer makes of the package, and what of it is the user's own."""
    from tools.mill.settings import UsageError
    from tools.training.edits import touched
    from tools.training.names import NEW_TOML, TOML
    from tools.training.report import training_report

    folder = bench.base / PACKAGES / bench.dataset.name
    found = touched(folder)
    try:
        told = [training_report(folder, bench.dataset.target)]
    except UsageError as error:
        told = [f"package: {error}"]
    if found.toml:
        told.append(f"package: {folder / TOML} is yours and stays; ours lies beside it as {NEW_TOML}.")
    if found.added:
        told.append(
            f"package: {_files(found.added)} in {folder} {_were(found.added)} not put there by package. Trainers take "
            "that too: give it a caption, or move it away."
        )
    return tuple(told)


TOOL = Tool(
    name="package",
    version=VERSION,
    params=Params,
    limits=LIMITS,
    reasons=REASONS,
    prepare=prepare,
    work_set=work_set,
    conclude=conclude,
    stands=stands,
    review=review,
    dataset_keys=("name", "kind", "trigger", "class_word", "target"),
)

if __name__ == "__main__":
    from tools.mill.command import main

    main("package")
