"""Progress: a bar on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def progress(things: Iterable[T], word: str, total: int) -> Iterator[T]:
    """Pass things through, with a progress bar on stderr where that is a terminal."""
    if not total or not sys.stderr.isatty():
        yield from things
        return
    from tqdm import tqdm

    yield from tqdm(things, desc=word, total=total, file=sys.stderr, dynamic_ncols=True, leave=False)
