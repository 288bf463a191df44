"""Look at every file in the raw folders: what is it, can it be read to its end, and is it worth reading?

Reads: 00_raw_videos, 00_raw_photos, 00_background_library, 00_reference_faces.  Writes: facts about each file.
Rejects: corrupt_container, zero_duration, no_video_stream, low_resolution, impostor, too_large, duplicate_source,
unreadable, unnamed_reference.
Example: python -m tools.intake --base data --min-side 240

The content decides, not the name: a PNG named .jpg is taken. Files that begin with a dot are no sources. Backgrounds
and reference faces have no smallest size: a background may be blurred, and `match` knows how large a face must be.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tools.mill.sources import refresh
from tools.mill.tool import OK, Bench, Limit, Reason, Result, Row, Tool, Verdict, operational, rejected

if TYPE_CHECKING:
    from tools.media.errors import MediaError
    from tools.media.video import VideoFacts

VERSION = 1

TOLD_MISSING_SHARE = 0.01
"""A video that ends earlier than it declares by less than this is not worth a sentence: headers are rounded."""

_MACHINE = frozenset({errno.ENOMEM, errno.EMFILE, errno.ENFILE})
"""Errors of the machine, which are no file's fault."""


@dataclass(frozen=True)
class Params:
    """[intake] in config.toml. max_megapixels: width times height of a picture, in millions."""

    max_megapixels: float = 120.0
    deadline_s: float = operational(300.0)
    memory_mb: int = operational(4096)


LIMITS = (
    Limit(
        reason="corrupt_container",
        metric="missing_share",
        op=">",
        key="max_missing",
        default=0.10,
        description="The file is broken, or holds less than it declares.",
        remedy="Copy or download it again. If it only ends early, `make keep` takes what is there, as does a higher "
        "intake.max_missing.",
    ),
    Limit(
        reason="low_resolution",
        metric="short_side_px",
        op="<",
        key="min_side",
        default=480.0,
        description="The short side, after rotation, has too few pixels.",
        remedy="Look for a larger original, or lower intake.min_side.",
    ),
)

REASONS = (
    Reason(
        "zero_duration", "defect", "The video lasts no time at all.", "Copy it again, or export it from its program."
    ),
    Reason(
        "no_video_stream", "defect", "The file holds sound but no pictures.", "Take it out, or export it with pictures."
    ),
    Reason(
        "impostor", "defect", "The file is not what its name says.", "Take it out, or rename it to what it really is."
    ),
    Reason(
        "too_large",
        "defect",
        "The picture has more pixels than can be borne.",
        "Make it smaller; intake.max_megapixels may be raised where there is memory for it.",
    ),
    Reason(
        "duplicate_source",
        "defect",
        "The same file, byte for byte, is there under another name.",
        "Nothing is lost. Take one of the two out.",
    ),
    Reason(
        "unreadable",
        "defect",
        "The file cannot be read here, or does not belong in its folder.",
        "The detail says why: copy it again, export it in another format, or move it.",
    ),
    Reason(
        "unnamed_reference",
        "defect",
        "A reference picture lies in no person's folder.",
        "Move it to 00_reference_faces/NAME/, where NAME says who it shows.",
    ),
)


def work(row: Row, bench: Bench[Params]) -> Result:
    """Say of one user file what it is. Bad input is a verdict; only the machine's own trouble is raised."""
    if "~" in row["address"]:
        return Result(rejected("duplicate_source", f"It is the same as {row['same_as']}, byte for byte."))
    try:
        return _look(row, bench.source(row), bench.params)
    except OSError as error:
        if error.errno in _MACHINE:
            raise
        return Result(rejected("unreadable", f"It could not be read: {error.strerror or error}."))


def _look(row: Row, path: bytes, params: Params) -> Result:
    from tools.media.errors import MediaError

    try:
        return _video(path) if row["kind"] == "video" else _picture(row, path, params)
    except MediaError as error:
        return Result(_explained(row["kind"], path, error))


def _video(path: bytes) -> Result:
    from tools.media.video import probe

    facts = probe(path)
    return Result(
        Verdict(detail=missing_sentence(facts.duration_s, facts.missing_share)),
        facts=video_columns(facts),
        measures={"short_side_px": min(facts.width, facts.height), "missing_share": facts.missing_share},
    )


def missing_sentence(duration_s: float, missing_share: float) -> str | None:
    """What a user reads of a video that holds less than it declares; None where it holds all but a rounding."""
    if missing_share < TOLD_MISSING_SHARE:
        return None
    return f"It ends after {duration_s:.1f} s: {missing_share * 100:.0f} % of the duration that it declares is missing."


def video_columns(facts: VideoFacts) -> Mapping[str, Any]:
    """The facts as columns of the table video."""
    columns = asdict(facts)
    del columns["missing_share"]
    columns |= {"width_px": columns.pop("width"), "height_px": columns.pop("height")}
    columns |= {"frame_rate_hz": columns.pop("frame_rate")}
    return {name: int(value) if isinstance(value, bool) else value for name, value in columns.items()}


def _picture(row: Row, path: bytes, params: Params) -> Result:
    from tools.media.image import probe_image, read_rgb

    person = person_of(row["raw_path"])
    if row["kind"] == "reference" and person is None:
        folder = row["folder"]
        why = f"It lies directly in {folder}. Move it to {folder}/NAME/{row['shown']}, NAME being who it shows."
        return Result(rejected("unnamed_reference", why))
    facts = probe_image(path, params.max_megapixels)
    read_rgb(path, params.max_megapixels)  # a header proves nothing: half a picture has a whole one
    columns = {name: int(value) if isinstance(value, bool) else value for name, value in asdict(facts).items()}
    columns |= {"has_alpha": columns.pop("alpha"), "has_profile": columns.pop("profile")}
    if row["kind"] == "reference":
        return Result(OK, {"person": person, **columns})
    if row["kind"] == "background":
        return Result(OK, columns)
    return Result(OK, columns, {"short_side_px": min(facts.width_px, facts.height_px)})


def person_of(raw_path: bytes) -> str | None:
    """Whose picture it is: the first folder below the reference folder. None where it lies in none."""
    folder, slash, _ = raw_path.partition(b"/")
    return folder.decode("utf-8", "backslashreplace") if slash else None


def _explained(kind: str, path: bytes, error: MediaError) -> Verdict:
    """The reader's verdict, but for what lies in the wrong folder or never claimed to be what it is not."""
    from tools.media.sniff import VIDEO_NAMES, extension, head_of, what_is

    content, ending = what_is(head_of(path)), extension(path)
    if kind == "video" and error.reason == "impostor":
        if ending in VIDEO_NAMES:
            return rejected("impostor", f"Its name ends in {ending}, but it holds {content.name}.")
        if content.sort == "picture":
            return rejected("unreadable", f"It is {content.name}. Pictures belong in 00_raw_photos.")
        return rejected("unreadable", f"It holds {content.name}, not a video.")
    if kind != "video" and content.sort == "video" and ending in VIDEO_NAMES:
        return rejected("unreadable", f"It is {content.name}. Videos belong in 00_raw_videos.")
    return rejected(error.reason, error.detail)


TOOL = Tool("intake", VERSION, Params, LIMITS, REASONS, work, prepare=refresh)

if __name__ == "__main__":
    from tools.mill.command import main

    main("intake")
