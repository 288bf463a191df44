"""What stands behind a subject, drawn by its address: the same every time, and as stable as it can be.

Weighted rendezvous hashing (Thaler and Ravishankar 1998; the weighted form: Schindelhauer and Schomaker 2005): every
choice gets a score from a hash of the address and its own name, and the best score wins. A choice that is added or
goes away changes only the addresses that it wins or had won.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence

from tools.mill.settings import UsageError

MODES = ("library", "own", "gradient", "flat", "noise", "original")


def fraction(*names: str) -> float:
    """A number in (0, 1) that depends on the names alone."""
    digest = hashlib.sha256("\n".join(names).encode()).digest()
    return (int.from_bytes(digest[:6], "big") + 0.5) / 2**48


def seed(*names: str) -> int:
    """64 bits that depend on the names alone, for a random generator."""
    return int.from_bytes(hashlib.sha256("\n".join(("seed", *names)).encode()).digest()[:8], "big")


def draw(address: str, weights: Mapping[str, float]) -> str:
    """One of the weights' keys, each with its share over many addresses. At least one weight must be above 0."""
    scores = {name: -weight / math.log(fraction(address, name)) for name, weight in weights.items() if weight > 0}
    return max(sorted(scores), key=lambda name: scores[name])


def draw_mode(address: str, modes: Mapping[str, float], has_library: bool) -> str:
    """The mode of a composite. Without a library its share goes to the others.

    Raises UsageError where it had all of it.
    """
    usable = {name: weight for name, weight in modes.items() if weight > 0 and (name != "library" or has_library)}
    if not usable:
        raise UsageError(
            "The background library is empty and [composite] modes asks for nothing else. "
            "Put pictures into 00_background_library or give another mode a weight."
        )
    return draw(address, usable)


def draw_background(address: str, backgrounds: Sequence[str]) -> str:
    """One of the backgrounds' addresses; one more of n changes about 1/n of what is drawn."""
    return draw(address, dict.fromkeys(backgrounds, 1.0))
