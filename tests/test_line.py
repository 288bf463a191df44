"""The assembly line: full batches, nothing waits for a file, and what one picture does is that picture's failure."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from trial_engines import Counting, Small

from tools import detect, engines
from tools.engines import Entry
from tools.mill.ends import Attempt
from tools.mill.line import Line, asked_alone
from tools.mill.settings import UsageError
from tools.mill.tool import Bench, Dataset, Result, Row

NAMES = ("counting", "small", "choking", "miscounting")
ENGINES = {name: Entry(f"trial_engines:{name.title()}", name) for name in NAMES}


@pytest.fixture(autouse=True)
def trial_engines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(engines.ENGINES, "detect", {**engines.ENGINES["detect"], **ENGINES})
    monkeypatch.setattr(Counting, "batches", [])
    monkeypatch.setattr(Counting, "loaded_meanwhile", [])
    engines.load.cache_clear()


def frames(folder: Path, shades: list[int]) -> list[dict[str, Any]]:
    rows = []
    for number, shade in enumerate(shades):
        path = folder / f"{number}.png"
        assert cv2.imwrite(str(path), np.full((48, 64, 3), shade, np.uint8))
        rows.append({"path": path.name, "address": f"source/t{number}", "picture_x0_px": None})
    return rows


def served(base: Path, engine: str, rows: list[Row], batch: int, hands: int = 2) -> dict[int, Attempt]:
    """What a line makes of rows that come as fast as it takes them."""
    ready: list[bool] = []
    bench = Bench(base, detect.Params(engine, landmarks=False), Dataset())
    attempts = dict(Line("detect", bench, hands, batch)(iter(enumerate(rows)), lambda: ready.append(True)))
    assert ready == [True]
    return attempts


def reasons(attempts: Mapping[int, Attempt]) -> list[str | None]:
    return [attempts[number][0].verdict.reason for number in sorted(attempts)]


def test_every_row_gets_its_result_and_the_engine_full_batches(tmp_path: Path) -> None:
    attempts = served(tmp_path, "counting", frames(tmp_path, [80] * 22), batch=8)
    assert reasons(attempts) == ["no_person"] * 22
    assert sum(Counting.batches) == 22
    assert max(Counting.batches) == 8
    # All are on their way at once: only the last batch may be smaller.
    assert len(Counting.batches) <= 4
    assert {attempt[0].device for attempt in attempts.values()} == {"cpu"}


def test_the_items_times_are_the_workers_time(tmp_path: Path) -> None:
    """Whatever runs side by side, their sum is what the worker took: from it `make estimate` reckons."""
    start = time.perf_counter()
    attempts = served(tmp_path, "counting", frames(tmp_path, [80] * 8), batch=1)
    took = time.perf_counter() - start
    assert 8 * 0.05 <= sum(seconds for *_, seconds in attempts.values()) <= took


def test_while_the_engine_works_the_next_pictures_are_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def counted(row: Row, bench: Bench[Any], begin: Any = detect.work) -> Any:
        with Counting.lock:
            Counting.loaded += 1
        return (yield from begin(row, bench))

    monkeypatch.setattr(detect, "TOOL", type(detect.TOOL)(**{**vars(detect.TOOL), "work": counted}))
    monkeypatch.setattr(Counting, "loaded", 0)
    bench = Bench(tmp_path, detect.Params("counting", landmarks=False), Dataset())
    rows = frames(tmp_path, [80] * 2)

    def second_while_the_first_is_asked() -> Iterator[tuple[int, Row]]:
        yield 0, rows[0]
        assert Counting.busy.wait(30)
        yield 1, rows[1]

    monkeypatch.setattr(Counting, "busy", threading.Event())
    monkeypatch.setattr(Counting, "patience_s", 1.0)
    dict(Line("detect", bench, 2, 1)(second_while_the_first_is_asked(), lambda: None))
    assert Counting.loaded_meanwhile[0] == 1


def test_an_engine_that_finds_its_device_too_small_gets_fewer(tmp_path: Path) -> None:
    monkeypatched = served(tmp_path, "small", frames(tmp_path, [80] * 16), batch=8)
    assert reasons(monkeypatched) == ["no_person"] * 16
    first, *rest = (size for size in Small.batches if size)
    assert max(rest) <= 2 or first <= 2
    assert sum(Small.batches) == 16


def test_one_picture_that_breaks_a_batch_fails_alone(tmp_path: Path) -> None:
    attempts = served(tmp_path, "choking", frames(tmp_path, [80, 80, 0, 80, 80, 80]), batch=6)
    errors = {number: (error, ends) for number, (_, error, ends, _) in attempts.items()}
    assert errors.pop(2) == ("ArithmeticError: The network gave values that are no numbers.", None)
    assert set(errors.values()) == {(None, None)}


def test_an_engine_that_miscounts_mixes_up_no_answers(tmp_path: Path) -> None:
    attempts = served(tmp_path, "miscounting", frames(tmp_path, [80, 80, 0, 80]), batch=4)
    error = "ValueError: The engine miscounting gave 2 answers to 1 questions."
    assert [attempts[number][1] for number in range(4)] == [None, None, error, None]


@pytest.mark.parametrize(
    ("end", "said"),
    [("leaves", "SystemExit: 3"), ("forgets", "AssertionError: "), ("breaks", "ArithmeticError: after the answer")],
)
def test_work_that_ends_otherwise_than_it_should_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, end: str, said: str
) -> None:
    """Libraries end the process where a package is missing; in a thread nobody would ever hear of it."""

    def ending(row: Row, bench: Bench[Any], begin: Any = detect.work) -> Any:
        result = yield from begin(row, bench)
        if row["path"] != "1.png":
            return result
        if end == "leaves":
            raise SystemExit(3)
        if end == "breaks":
            raise ArithmeticError("after the answer")
        return None

    monkeypatch.setattr(detect, "TOOL", type(detect.TOOL)(**{**vars(detect.TOOL), "work": ending}))
    rows, attempts = frames(tmp_path, [80] * 3), {}
    running = threading.Thread(target=lambda: attempts.update(served(tmp_path, "counting", rows, 2)), daemon=True)
    running.start()
    running.join(20)
    assert not running.is_alive()
    assert [attempts[number][1] for number in range(3)] == [None, said, None]


def test_a_picture_that_cannot_be_read_fails_alone(tmp_path: Path) -> None:
    rows = frames(tmp_path, [80] * 5)
    (tmp_path / "3.png").unlink()
    attempts = served(tmp_path, "counting", rows, batch=4)
    assert attempts[3][1] == f"No such file or directory: {tmp_path / '3.png'}"
    assert [attempts[number][1] for number in (0, 1, 2, 4)] == [None] * 4


def test_an_engine_that_does_not_exist_stops_everything(tmp_path: Path) -> None:
    attempts = served(tmp_path, "nobody", frames(tmp_path, [80] * 3), batch=4)
    ((error, ends),) = [attempt[1:3] for attempt in attempts.values()]
    assert ends is UsageError
    assert error is not None
    assert error.startswith("[detect] engine is 'nobody', which is none. There are: auto, yolo, builtin")


def test_answers_are_given_while_more_are_awaited(tmp_path: Path) -> None:
    """Jobs that come late hold up nobody: what is done is told."""
    rows = frames(tmp_path, [80] * 2)

    def slowly() -> Iterator[tuple[int, Row]]:
        yield 0, rows[0]
        time.sleep(1.0)
        yield 1, rows[1]

    bench = Bench(tmp_path, detect.Params("counting", landmarks=False), Dataset())
    start = time.monotonic()
    answers = Line("detect", bench, 2, 8)(slowly(), lambda: None)
    assert next(answers)[0] == 0
    assert time.monotonic() - start < 0.9
    assert [number for number, _ in answers] == [1]


def test_on_the_line_or_alone_the_same_comes_out(tmp_path: Path) -> None:
    photos = Path(__file__).resolve().parents[2] / "shared" / "faces" / "known"
    if not photos.is_dir():
        pytest.skip("../shared is absent: no real photographs to look at")
    rows = []
    for number, path in enumerate(sorted(photos.rglob("*.jpg"))[:4]):
        image = cv2.imread(str(path))
        assert image is not None
        assert cv2.imwrite(str(tmp_path / f"{number}.png"), image)
        rows.append({"path": f"{number}.png", "address": f"source/t{number}", "picture_x0_px": None})
    bench = Bench(tmp_path, detect.Params("builtin"), Dataset())
    on_the_line = dict(Line("detect", bench, 2, 3)(iter(enumerate(rows)), lambda: None))
    alone: list[Result] = [asked_alone(detect.TOOL, row, bench) for row in rows]
    assert [on_the_line[number][0] for number in range(len(rows))] == alone
    assert any(result.made for result in alone)
