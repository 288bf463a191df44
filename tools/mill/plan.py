"""The plan: which tools there are, in which order, what each takes and what it makes. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

FOLDERS = {
    "video": "00_raw_videos",
    "photo": "00_raw_photos",
    "background": "00_background_library",
    "reference": "00_reference_faces",
}
"""The user's folders, by the kind of item their files become. Nothing is ever written into them."""


UNUSABLE = ("caption_empty", "caption_truncated", "caption_invalid")
"""Why an answer is no caption: a model may do better the next time."""


@dataclass(frozen=True)
class Step:
    """One tool in its place.

    gate: the tool whose passed items feed this one; beside: another whose results it needs; folder: where its files go;
    subjects: whom the datasets are about decides what it does. again: reasons that, like a failure, may be gone when it
    is asked again.
    """

    tool: str
    stage: int
    gate: str | None
    takes: tuple[str, ...]
    makes: tuple[str, ...] = ()
    per_dataset: bool = False
    beside: str | None = None
    folder: str | None = None
    subjects: bool = False
    again: tuple[str, ...] = ()

    @property
    def measured(self) -> str:
        """The table of its measurements by outcome: named like the tool, unless what it makes has that name."""
        return f"{self.tool}_measured" if self.tool in (*self.makes, "package") else self.tool


PLAN = (
    Step("intake", 0, None, tuple(FOLDERS)),
    Step("extract", 1, "intake", ("video", "photo"), ("frame",), folder="01_extracted_frames"),
    Step("detect", 2, "extract", ("frame",), ("person",), folder="02_person_crops"),
    Step("embed", 2, "detect", ("person",)),
    Step("match", 2, "embed", ("person",), subjects=True),
    Step("mask", 3, "match", ("person",), ("cutout",), folder="03_masked_subjects"),
    Step("score", 4, "mask", ("cutout",)),
    Step("select", 4, "score", ("cutout",), per_dataset=True),
    Step("composite", 5, "select", ("cutout",), ("composite",), per_dataset=True, folder="05_augmented"),
    Step("caption", 6, "select", ("cutout",), ("caption",), per_dataset=True, again=UNUSABLE),
    Step("package", 7, "composite", ("composite",), per_dataset=True, beside="caption"),
)

BY_TOOL = {step.tool: step for step in PLAN}


def folder_of(tool: str, dataset: str) -> str | None:
    """The folder below the workspace that one step alone writes to; of a tool per dataset, each has its own."""
    step = BY_TOOL[tool]
    return f"{step.folder}/{dataset}" if step.folder and step.per_dataset else step.folder
