"""Settings: what the configuration files, the environment and the defaults say. Standard library only.

Precedence, strongest first: option, environment (`MILL_EXTRACT_FPS`), the workspace's `config.toml`, the project's
`config.toml`. In the slice `data/data_TEST`, between those two: `[test.TOOL]` of `data/config.toml`, `[test.TOOL]` of
the project's, the rest of `data/config.toml`. The project's file is also the schema: it names every key, its type by
its default, and its unit.
"""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.mill.plan import BY_TOOL

ROOT = Path(__file__).resolve().parents[2]
TEST_NAME = "data_TEST"
"""A workspace of this name is the vertical slice: `[test.TOOL]` applies there."""

CHOICES = {"kind": ("character",), "target": ("sdxl", "flux", "wan")}
"""Settings of a dataset that take one of a few words."""

_SHARE = (0.0, 1.0)
_COUNT = (1, math.inf)
_NOT_BELOW_ZERO = (0.0, math.inf)
RANGES: Mapping[str, tuple[float, float]] = {
    **dict.fromkeys(("max_missing", "min_coverage", "max_coverage", "min_sharpness", "face_covered"), _SHARE),
    **dict.fromkeys(("max_dark", "max_bright", "min_solidity", "min_confidence", "keep_confidence"), _SHARE),
    **dict.fromkeys(("min_relative_height", "min_relative_sharpness"), _SHARE),
    **dict.fromkeys(("min_difference", "shot_close", "shot_far", "max_cover", "max_per_source", "max_halo"), _SHARE),
    **dict.fromkeys(("max_frames", "keep_at_most", "num_repeats", "batch_size", "count", "min_face_px"), _COUNT),
    **dict.fromkeys(("min_side", "identical", "pad", "pad_above", "moment_s", "blur_radius"), _NOT_BELOW_ZERO),
    "max_exposure": (0.0, 2.0),
    **dict.fromkeys(("min_eye_aspect", "max_noise", "max_blocking"), _NOT_BELOW_ZERO),
    **dict.fromkeys(("max_bars", "max_overlay", "second_difference"), _SHARE),
    **dict.fromkeys(("min_head_share", "max_top_width", "max_straight_share", "max_other_face_share"), _SHARE),
    "max_translucent_share": _SHARE,
    **dict.fromkeys(("max_crown_gap", "max_feet_gap"), _SHARE),
    **dict.fromkeys(("jitters", "jitters_small"), (1, 6)),
    **dict.fromkeys(("small_face_px", "min_stir", "cluster_distance"), _NOT_BELOW_ZERO),
    **dict.fromkeys(("max_cost", "max_requests"), _NOT_BELOW_ZERO),
    **dict.fromkeys(("requests_per_minute", "tokens_per_minute"), _COUNT),
    **dict.fromkeys(("input_price", "output_price"), (-1.0, math.inf)),
    "temperature": (-1.0, 2.0),
    "side_px": (64, 4096),
    "max_output_tokens": (64, 65536),
    "concurrency": (1, 64),
    "attempts": (1, 20),
    "timeout_s": (0.1, 600.0),
    "memory_mb": _NOT_BELOW_ZERO,
    "fps": (0.001, 1000.0),
    "webp_quality": (0, 100),
    "webp_effort": (0, 6),
    "working_side_px": (64, 4096),
    "imgsz": (32, 4096),
    "batch": (1, 1024),
    **dict.fromkeys(("matting_foreground", "matting_background"), (0, 255)),
    "matting_erode_px": (0, 1000),
    "deadline_s": (0.1, math.inf),
}
"""What a number may be, by its key: from, to (both included)."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}\Z")


class UsageError(Exception):
    """Something the user wrote cannot be used; the message says what, where, and what to do."""


@dataclass(frozen=True)
class Settings:
    """One workspace's settings: a table of values per tool, and per dataset."""

    base: Path
    sections: Mapping[str, Mapping[str, Any]]
    datasets: Mapping[str, Mapping[str, Any]]

    @property
    def test(self) -> bool:
        return self.base.absolute().name == TEST_NAME


def load(base: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """Read all settings of a workspace. Raises UsageError that names the key and the file."""
    here = base.absolute()
    paths = [here / "config.toml"]
    layers = [(paths[0], "")]
    if here.name == TEST_NAME:
        above, project = here.parent / "config.toml", ROOT / "config.toml"
        layers = [(above, ""), (project, "test."), (above, "test."), *layers, (paths[0], "test.")]
        paths.insert(0, above)
    schema = _read(ROOT / "config.toml")
    contents = {path: _read(path) if path.exists() else {} for path in paths}
    for path, content in contents.items():
        _check_sections(content, schema, path)
    contents[ROOT / "config.toml"] = schema
    sections = {tool: dict(schema.get(tool, {})) for tool in BY_TOOL}
    for path, prefix in layers:
        part = contents[path].get("test", {}) if prefix else contents[path]
        for tool in sections:
            for key, value in part.get(tool, {}).items():
                sections[tool][key] = _typed(value, schema[tool][key], f"[{prefix}{tool}] {key}", str(path))
    _apply_environment(sections, schema, environ)
    named = {path: contents[path].get("dataset", {}) for path in paths}
    return Settings(base, sections, _datasets(schema["dataset"]["default"], named))


def dataset_names(settings: Settings) -> tuple[str, ...]:
    return tuple(sorted(settings.datasets))


def _read(path: Path) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise UsageError(f"{path} cannot be read ({error.strerror}). Put it back or mend its permissions.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} is not valid TOML: {error}. Mend that line.") from error


def _check_sections(content: Mapping[str, Any], schema: Mapping[str, Any], path: Path) -> None:
    for section in ("test", "dataset"):
        if not isinstance(content.get(section, {}), dict):
            raise UsageError(f"{path}: {section} is not a setting. Did you mean a section, [{section}.NAME]?")
    for tables, where in ((content, ""), (content.get("test", {}), "test.")):
        for section, table in tables.items():
            if not where and section in ("test", "dataset"):
                continue
            if section not in BY_TOOL or not isinstance(table, dict):
                known = ", ".join(BY_TOOL)
                raise UsageError(f"{path}: [{where}{section}] is not a section. There are: {known}, dataset.NAME.")
            for key in table:
                if key not in schema.get(section, {}):
                    raise UsageError(
                        f"{path}: [{where}{section}] {key} is not a setting. {_nearest(key, schema[section])}"
                    )


def _nearest(key: str, known: Mapping[str, Any]) -> str:
    import difflib

    close = difflib.get_close_matches(key, known, 1)
    return f"Did you mean {close[0]}?" if close else f"There are: {', '.join(known)}."


def _typed(value: Any, default: Any, name: str, where: str) -> Any:
    """The value in the type of its default, within what its key may be; whole numbers may stand for fractions."""
    key = name.rsplit(" ", 1)[-1]
    if key in RANGES and _is_number(value) and not RANGES[key][0] <= value <= RANGES[key][1]:
        low, high = RANGES[key]
        bounds = f"at least {low:g}" if math.isinf(high) else f"from {low:g} to {high:g}"
        raise UsageError(f"{where}: {name} is {value:g}; it must be {bounds}, as in {_toml(default)}.")
    if isinstance(default, float) and _is_number(value):
        return float(value)
    if isinstance(default, dict) and isinstance(value, dict):
        for key, number in value.items():
            if key not in default:
                raise UsageError(f"{where}: {name} has no {key!r}. {_nearest(key, default)}")
            if not _is_number(number):
                raise UsageError(f"{where}: {name} must hold numbers, as in {_toml(default)}.")
        return {key: float(number) for key, number in value.items()}
    if type(value) is type(default) and not isinstance(default, float):
        return value
    raise UsageError(f"{where}: {name} must be {_kind(default)}, as in {_toml(default)}, not {value!r}.")


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and math.isfinite(value)


def _kind(default: Any) -> str:
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "a text", dict: "a table of numbers"}
    return kinds[type(default)]


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {number}" for key, number in value.items()) + "}"
    return f'"{value}"' if isinstance(value, str) else str(value)


def parse(text: str, default: Any, name: str, where: str) -> Any:
    """A setting written as text (environment, option). A table is written `close=0.35,mid=0.4`."""
    if isinstance(default, str):
        return text
    if isinstance(default, dict):
        text = "{" + text.strip("{} ") + "}"
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text
    return _typed(value, default, name, where)


def _apply_environment(
    sections: dict[str, dict[str, Any]], schema: Mapping[str, Any], environ: Mapping[str, str]
) -> None:
    for variable, text in environ.items():
        match = re.match(rf"MILL_({'|'.join(BY_TOOL)})_(.+)\Z".upper(), variable)
        if match:
            tool, key = match[1].lower(), match[2].lower()
            if key not in schema[tool]:
                raise UsageError(f"The environment's {variable} is not a setting. {_nearest(key, schema[tool])}")
            sections[tool][key] = parse(text, schema[tool][key], f"[{tool}] {key}", f"The environment's {variable}")


def check_dataset(name: str, table: Mapping[str, Any], where: Path) -> None:
    """Raise UsageError, as `load` does, where a dataset's section in the file `where` would not be taken."""
    _datasets(_read(ROOT / "config.toml")["dataset"]["default"], {where: {name: table}})


def _datasets(defaults: Mapping[str, Any], named: Mapping[Path, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """All configured datasets, or the one named default. A dataset inherits what it does not say."""
    found: dict[str, dict[str, Any]] = {}
    for path, tables in named.items():
        for name, table in tables.items():
            if not _NAME.match(name) or not isinstance(table, dict):
                raise UsageError(
                    f"{path}: [dataset.{name}] is no name for a dataset. Use 1 to 40 of a-z, 0-9 and -, not first -."
                )
            dataset = found.setdefault(name, dict(defaults))
            for key, value in table.items():
                if key not in defaults:
                    raise UsageError(f"{path}: [dataset.{name}] {key} is not a setting. {_nearest(key, defaults)}")
                dataset[key] = _typed(value, defaults[key], f"[dataset.{name}] {key}", str(path))
                if key == "trigger" and re.search(r"[,\n\r]|^\s|\s$", value):
                    raise UsageError(
                        f"{path}: [dataset.{name}] trigger is {value!r}; it must be one word or a few, with no comma, "
                        "no line break and no space at its ends."
                    )
                if key in CHOICES and value not in CHOICES[key]:
                    known = ", ".join(CHOICES[key])
                    raise UsageError(f"{path}: [dataset.{name}] {key} is {value!r}, which is none. There are: {known}.")
    return found or {"default": dict(defaults)}
