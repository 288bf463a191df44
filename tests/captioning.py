"""What the tests of captioners elsewhere share: both engines set up against the played server, and chosen cut-outs."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from cutouts import solid
from keys import service_account
from making import Mill
from serving import API_KEY, GEMINI, LOCATION, Service

from tools.media.image import encode_webp_lossless
from tools.mill.plan import PLAN
from tools.paid.terms import Terms

ENGINES = ("vertex", "openai")
PACKAGES = {"vertex": "google.genai", "openai": "openai"}


def installed(engine: str) -> bool:
    try:
        return importlib.util.find_spec(PACKAGES[engine]) is not None
    except ModuleNotFoundError:
        return False


def needs(engine: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not installed(engine), reason=f"{PACKAGES[engine]} is not installed (LIGHT=1)")


BOTH = [pytest.param(engine, marks=needs(engine)) for engine in ENGINES]


def options(engine: str, service: Service, folder: Path, pem: str, **changes: Any) -> dict[str, Any]:
    """Settings of [caption] for one engine against the server: quick, and with a budget."""
    common: dict[str, Any] = {"engine": engine, "max_requests": 1000, "attempts": 3, "timeout_s": 5.0}
    if engine == "vertex":
        key = service_account(folder / "service-account.json", service, pem)
        own = {"base_url": service.url, "location": LOCATION, "key_file": str(key), "model": GEMINI}
    else:
        key = folder / "openai.key"
        key.write_text(f"{API_KEY}\n", encoding="utf-8")
        own = {"base_url": f"{service.url}/v1", "key_file": str(key), "model": "a-model", "input_price": 1.0}
        own |= {"output_price": 4.0}
    return common | own | changes


def terms(engine: str, service: Service, folder: Path, pem: str, **changes: Any) -> Terms:
    chosen = options(engine, service, folder, pem, **changes)
    chosen.pop("engine")
    return Terms(**chosen)


def choose(mill: Mill, images: int, datasets: Sequence[str] = ("default",)) -> list[Path]:
    """A made-up chain up to select, whose cut-outs are real files; returns them."""
    (mill.base / "00_raw_videos" / "b.mp4").unlink()
    mill.refresh()
    for step in PLAN[: [step.tool for step in PLAN].index("select") + 1]:
        for dataset in datasets if step.per_dataset else [""]:
            mill.run(step.tool, mill.frames(images) if step.tool == "extract" else None, dataset)
    paths = [mill.base / path for path in mill.all("select path from item where kind = 'cutout' order by address")]
    for number, path in enumerate(paths):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode_webp_lossless(solid(60, 90, (10, 5, 50, 90), (200, 30 + 20 * number, 30))))
    return paths


TEXT = "person, medium shot, facing the camera, smiling, orange space suit, soft light"
"""What the played server's good answer comes to, for sdxl."""


def captions(mill: Mill) -> list[tuple[str, str, str | None]]:
    """Text, status and reason of every caption, by address."""
    return mill.all(
        """select caption.text, outcome.status, outcome.reason from item
        join caption on caption.item_id = item.id
        join outcome on outcome.item_id = item.id and outcome.latest
        where item.kind = 'caption' and item.newest order by item.address"""
    )


def verdicts(mill: Mill) -> list[tuple[str, str | None, str | None]]:
    """What caption says of the cut-outs that it has judged."""
    return mill.all(
        """select outcome.status, outcome.reason, outcome.detail from outcome join step on step.id = outcome.step_id
        where step.tool = 'caption' and outcome.kind = 'cutout' and outcome.latest order by outcome.item_id"""
    )
