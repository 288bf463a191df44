"""Words: numbers, durations, names and commands as people read and type them."""

from __future__ import annotations

import math
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from tools.mill.settings import TEST_NAME

TYPED = "MILL_BASE"
"""The variable in which make passes on what was typed as BASE."""

_DIGITS = 4
_MINUTE_S, _HOUR_S = 60, 3600


def clean(text: str) -> str:
    """A text on one line, safe for a terminal: what cannot be printed is escaped."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def figure(value: object) -> str:
    """A value as a person reads it: four significant digits, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return clean(value.decode("utf-8", "backslashreplace"))
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else _short(value)
    return clean(str(value))


def _short(value: float) -> str:
    if not math.isfinite(value):
        return str(value)
    decimals = max(0, _DIGITS - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:.{decimals}f}" if decimals <= 12 else f"{value:.{_DIGITS - 1}e}"
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def toward(value: float, op: str) -> str:
    """A bound that just lets a value pass a limit, with few digits: rounded down for '<', up for '>'."""
    if value == 0 or not math.isfinite(value):
        return figure(value)
    scale = 10.0 ** (_DIGITS - 1 - math.floor(math.log10(abs(value))))
    return _short((math.floor if op == "<" else math.ceil)(value * scale) / scale)


def percent(share: float) -> str:
    """A share of 0 to 1 as whole per cent; what is not nothing is not shown as nothing, nor what is not all as all."""
    if 0 < share < 0.01:
        return "under 1 %"
    if 0.99 < share < 1:
        return "over 99 %"
    return f"{share * 100:.0f} %"


def duration(seconds: float) -> str:
    """Seconds in the units that suit them."""
    if seconds < 10:
        return f"{seconds:.2g} s"
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{whole} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
    return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S} min"


def volume(n_bytes: float) -> str:
    """Bytes in the units that suit them, as disks are sold: 1 MB is 10⁶ bytes."""
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= scale:
            return f"{n_bytes / scale:.{0 if n_bytes >= 10 * scale else 1}f} {unit}"
    return f"{n_bytes:.0f} bytes"


def plural(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def listing(words: Sequence[str], last: str = "and") -> str:
    """One text of several: "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def moment(at: str | None) -> str:
    """An ISO time in UTC, to the second."""
    return f"{at[:10]} {at[11:19]} UTC" if at else "an unknown time"


def typed(base: Path) -> Path:
    """A workspace as the user calls it: the tools that make starts inside of it know it as the folder they are in."""
    said = os.environ.get(TYPED)
    return Path(said) if said and base.absolute() == Path.cwd() else base


def command(base: Path, target: str, **variables: str) -> str:
    """What to type at the shell, from the project's folder: `make target`, for this workspace."""
    words = ["make", target]
    base = typed(base)
    test = base.absolute().name == TEST_NAME
    root = base.parent if test else base
    if root != Path("data"):
        words.append(f"BASE={shlex.quote(str(root))}")
    if test:
        words.append("TEST=1")
    # An ellipsis stands for what the reader is to fill in.
    words += [f"{name}={value if value == '…' else shlex.quote(clean(value))}" for name, value in variables.items()]
    return " ".join(words)
