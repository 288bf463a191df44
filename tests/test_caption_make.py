"""A captioner elsewhere as a person meets it: make, its exit code and sentences, the estimate beforehand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from captioning import needs
from PIL import Image
from serving import API_KEY, GOOD, Service
from workspaces import ask, make, portraits, tool

from tools.estimate import bills
from tools.mill import settings


def configured(service: Service, key: Path, **more: object) -> str:
    told = {"engine": "openai", "base_url": f"{service.url}/v1", "model": "a-model", "key_file": str(key), **more}
    lines = [f"{name} = {json.dumps(value)}" for name, value in told.items()]
    return "\n".join(["[score]", "min_crop_mp = 0.05", "[dataset.emma]", 'trigger = "ohwx"', "[caption]", *lines, ""])


@needs("openai")
def test_make_all_stops_with_the_estimate_and_goes_on_with_a_budget(service: Service, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text(API_KEY, encoding="utf-8")
    prices = {"input_price": 1.0, "output_price": 4.0}
    base = portraits(tmp_path / "my set", config=configured(service, key, **prices))
    host = service.url.removeprefix("http://")

    done = make("all", base=base)
    assert (done.returncode, service.sent) == (2, 0)
    [line] = [line for line in done.stderr.splitlines() if "Nothing was sent" in line]
    n = int(ask(base, "select count(*) from selection where chosen")[0][0])  # type: ignore[call-overload]
    assert n >= 2
    assert line.startswith(f"Error: caption emma: {n} images would go to {host} (a-model): {n} requests, about ")
    assert line.endswith(
        "([caption] input_price and output_price). Nothing was sent: set [caption] max_cost (USD in all) or "
        'max_requests, or engine = "builtin".'
    )
    assert not list(base.rglob("07_final_training/emma/*.txt"))

    with_one = make("all", base=base, env={"MILL_CAPTION_MAX_REQUESTS": "1"})
    assert (with_one.returncode, service.sent) == (2, 1)
    waits = "1 image keeps waiting" if n == 2 else f"{n - 1} images keep waiting"
    assert f"caption emma: max_requests = 1 is used up; {waits}. Raise it in [caption], then make." in with_one.stderr

    again = make("all", base=base, env={"MILL_CAPTION_MAX_REQUESTS": str(n)})
    assert (again.returncode, service.sent) == (0, n), again.stderr
    texts = [path.read_text(encoding="utf-8") for path in base.rglob("07_final_training/emma/*.txt")]
    assert texts == [f"ohwx, person, {', '.join(GOOD['tags'])}\n"] * n
    everything = b"".join(path.read_bytes() for path in sorted(base.rglob("*")) if path.is_file())
    assert API_KEY.encode() not in everything
    assert API_KEY not in done.stdout + done.stderr + with_one.stderr + again.stderr


def footage(base: Path, config: str) -> settings.Settings:
    (base / "00_raw_photos").mkdir(parents=True)
    Image.new("RGB", (640, 480)).save(base / "00_raw_photos" / "a.png")
    (base / "config.toml").write_text(config, encoding="utf-8")
    return settings.load(base, {})


def test_the_estimate_names_the_price(service: Service, tmp_path: Path) -> None:
    found = footage(tmp_path, configured(service, tmp_path / "nowhere", input_price=1.0, output_price=4.0))
    told = tool("estimate", base=tmp_path)
    host = service.url.removeprefix("http://")
    assert told.returncode == 0
    assert f"caption emma: 1 image would go to {host} (a-model): 1 request, about " in told.stdout
    assert (
        "caption emma: nothing is sent until [caption] max_cost or max_requests says what may be spent." in told.stdout
    )
    first, _ = bills(found, 1000)
    assert first.startswith(f"caption emma: 40 images would go to {host} (a-model): 40 requests, about ")
    assert service.sent == 0


@pytest.mark.parametrize(
    ("more", "requests", "end", "n"),
    [
        ({"input_price": 0.0, "output_price": 0.0}, 5, "free of charge.", 1),
        ({"second_look": "model", "input_price": 0.0, "output_price": 0.0}, 10, "free of charge.", 1),
        ({"max_requests": 3}, 5, "at a price nobody says.", 1),
        ({}, 5, "at a price nobody says.", 2),
    ],
)
def test_the_estimate_knows_what_is_free(
    more: dict[str, object], requests: int, end: str, n: int, service: Service, tmp_path: Path
) -> None:
    told = list(bills(footage(tmp_path, configured(service, tmp_path / "nowhere", **more)), 5))
    assert f": {requests} requests, about " in told[0]
    assert told[0].endswith(end)
    assert len(told) == n


def test_the_estimate_is_silent_where_nothing_leaves(tmp_path: Path) -> None:
    found = footage(tmp_path, "")
    assert list(bills(found, 5)) == []
