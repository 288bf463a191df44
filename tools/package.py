"""Bring images, masks and captions of a dataset together in a folder that trainers take as it is.

Reads: composites and their captions.  Writes: 07_final_training/DATASET.
Rejects: unreadable, too_small_for_training, duplicate_image, missing_caption.
Example: python -m tools.package --base data --dataset emma
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.mill.tool import Bench, Dataset, Reason, Result, Row, Tool, rejected

if TYPE_CHECKING:
    import sqlite3

VERSION = 1

FOLDER = "07_final_training"

EMPTY_DIGEST = "empty"

REASONS = (
    Reason(
        "unreadable",
        "defect",
        "An image or its mask is gone, broken, or not what was written.",
        "Run composite again; if it comes back, look at the disk.",
    ),
    Reason(
        "too_small_for_training",
        "choice",
        "The canvas has too few pixels.",
        "Use larger footage, or lower package.min_canvas_mp.",
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


@dataclass(frozen=True)
class Params:
    """min_canvas_mp: millions of pixels. num_repeats: how often an epoch shows an image. batch_size: images a step."""

    min_canvas_mp: float = 0.06
    num_repeats: int = 10
    batch_size: int = 1


@dataclass(frozen=True)
class Packed(Result):
    """A pair that went into the package. path: of the image, below the workspace; digest: of the whole package."""

    path: str = ""
    caption_id: int = 0
    digest: str = ""


def work_set(rows: Sequence[Row], bench: Bench[Params]) -> Mapping[int, Result]:
    """Check every pair, then make the folder hold the good ones."""
    from tools.training.folder import publish
    from tools.training.pairs import check

    params, dataset = bench.params, bench.dataset
    ordered = sorted(rows, key=lambda row: (row["rank"] is None, row["rank"], row["address"]))
    checked = check(ordered, bench.base, params.min_canvas_mp)
    folder = bench.base / FOLDER / dataset.name
    folder.parent.mkdir(parents=True, exist_ok=True)
    digest = publish(folder, checked.pairs, dataset, params.num_repeats, params.batch_size)
    packed: dict[int, Result] = {
        pair.item_id: Packed(path=f"{FOLDER}/{dataset.name}/{pair.stem}.png", caption_id=pair.caption_id, digest=digest)
        for pair in checked.pairs
    }
    return packed | {item_id: Result(rejected(*fault)) for item_id, fault in checked.refused.items()}


def conclude(db: sqlite3.Connection, step_id: int, dataset: Dataset, results: Mapping[int, Result]) -> None:
    """Write the package and its pairs into the manifest, in the transaction that records the set.

    A package that has not changed keeps its row.
    """
    from tools.mill.manifest import utc_now

    packed = {item_id: result for item_id, result in results.items() if isinstance(result, Packed)}
    digest = next((result.digest for result in packed.values()), EMPTY_DIGEST)
    current = db.execute(
        "select id, digest from package where step_id = ? and state = 'current'", (step_id,)
    ).fetchone()
    if current is None or current[1] != digest:
        db.execute("update package set state = 'superseded' where step_id = ? and state = 'current'", (step_id,))
        cursor = db.execute(
            "insert into package (step_id, digest, state, at) values (?, ?, 'current', ?)", (step_id, digest, utc_now())
        )
        package_id = int(cursor.lastrowid or 0)
    else:
        package_id = int(current[0])
        db.execute("delete from package_item where package_id = ?", (package_id,))
    db.executemany(
        "insert into package_item (package_id, item_id, caption_id, path) values (?, ?, ?, ?)",
        [(package_id, item_id, result.caption_id, result.path) for item_id, result in sorted(packed.items())],
    )


def stands(bench: Bench[Params]) -> bool:
    """Whether the package is where it was put: somebody may have taken it away."""
    return (bench.base / FOLDER / bench.dataset.name).is_dir()


TOOL = Tool(
    name="package",
    version=VERSION,
    params=Params,
    reasons=REASONS,
    work_set=work_set,
    conclude=conclude,
    stands=stands,
    dataset_keys=("name", "kind", "trigger", "class_word", "target"),
)

if __name__ == "__main__":
    from tools.mill.command import main

    main("package")
