"""Names of files that trainers read: ASCII, unique, short, the same wherever they are made. Standard library only."""

from __future__ import annotations

PACKAGES = "07_final_training"
"""Where the packages lie in a workspace, one folder for each dataset."""

MANIFEST, METADATA, TOML, EMPTY = "manifest.json", "metadata.jsonl", "dataset.toml", "EMPTY.txt"
SHOTS, SUMMARY, NEW_TOML = "shots.json", "metadata.json", "dataset.new.toml"

_DIGITS = 12


def files_of(stem: str) -> tuple[str, str, str]:
    """Image, mask and caption of a pair, as paths below the package."""
    return f"{stem}.png", f"masks/{stem}.png", f"{stem}.txt"


def stem(address: str, sha256: str) -> str:
    """The name, without extension, of an image in a package: its source, time, person and content.

    address: of a composite, `SOURCE/tSECONDS/PERSON/DATASET/VARIANT`. No underscore and no dot is in it: kohya's loader
    takes a stem with four or more underscores for another image's, and some trainers cut names at the first dot.
    The content's digest makes it unique, and makes a changed image a new name that no stale cache belongs to.
    """
    source, time, person = address.split("/")[:3]
    milliseconds = round(float(time.removeprefix("t")) * 1000)
    return f"{source[:_DIGITS]}-{milliseconds:09d}-{person}-{sha256[:_DIGITS]}"
