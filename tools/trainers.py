"""Say what each trainer would make of the packages: buckets, images, steps, what is enlarged, cropped or dropped.

Example: python -m tools.trainers --base data --dataset emma
"""

from __future__ import annotations

from pathlib import Path

import click

from tools.mill import settings
from tools.mill.command import guard
from tools.mill.settings import UsageError
from tools.training.edits import read_manifest
from tools.training.names import PACKAGES


def told(base: Path, dataset: str = "") -> list[str]:
    """The report of each dataset's package, or of one. Raises UsageError where there is none or it cannot be read."""
    from tools.training.report import trainers_report

    datasets = settings.load(base).datasets
    if dataset and dataset not in datasets:
        raise UsageError(f"There is no dataset {dataset}. There are: {', '.join(sorted(datasets))}.")
    lines = []
    for name in [dataset] if dataset else sorted(datasets):
        folder = base / PACKAGES / name
        if read_manifest(folder) is None:
            lines.append(f"{name}: no package yet. `make all` makes it.")
            continue
        lines.append(trainers_report(folder, str(datasets[name]["target"])))
    return lines


@click.command()
@click.option("--base", type=click.Path(path_type=Path), default=Path("data"), show_default=True, help="the workspace")
@click.option("--dataset", default="", help="this one alone")
def main(base: Path, dataset: str) -> None:
    """Say what each trainer would make of the packages."""
    for line in told(base, dataset):
        click.echo(line)


if __name__ == "__main__":
    guard(lambda: main(standalone_mode=False))
