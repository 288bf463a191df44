"""What goes wrong in reading media: a reason that intake knows, and a sentence for people."""

from __future__ import annotations


class MediaError(Exception):
    """A file cannot be used, for a reason that has a code.

    reason: a code of `tools/intake.py` (unreadable, impostor, too_large, corrupt_container, zero_duration,
    no_video_stream). detail: a sentence without the file's name, which the manifest knows.
    Survives pickling, so that it may cross from a worker process.
    """

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)

    @property
    def reason(self) -> str:
        return str(self.args[0])

    @property
    def detail(self) -> str:
        return str(self.args[1])

    def __str__(self) -> str:
        return f"{self.reason}: {self.detail}"


class Untrusted(Exception):
    """A decoder's pictures of this source are not what the container says; the message is a sentence for people."""
