"""The spectrum: what another limit would let pass, the images on either side, the limit that agrees with people."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lighting import Visitor, rows
from manifest_filled import filled

from tools.lighttable import spectra, writes
from tools.lighttable.spectra import Bounded, Spectrum
from tools.mill.manifest import connect, sql

SHARP = "/-/spectrum?limit=score:min_sharpness"


@pytest.fixture
def table(tmp_path: Path) -> Iterator[Visitor]:
    visitor = Visitor(filled(tmp_path))
    yield visitor
    visitor.close()


def would(told: dict[str, Any], place: int) -> int:
    free = told["free"][place + 1 :] if told["op"] == "<" else told["free"][: place + 1]
    return int(told["always"] + sum(free))


def told_of(db: sqlite3.Connection, one: Bounded) -> dict[str, Any]:
    return spectra.summary(spectra.read(db, one, spectra.all_limits(db)), one, whole=False)


def spectrum_of(keeps: list[float], rejects: list[float]) -> Spectrum:
    none = np.empty(0)
    ids, fates = none.astype(np.int64), none.astype(np.int8)
    return Spectrum(ids, none, fates, 0, np.array(keeps), np.array(rejects), ())


# --- what would pass ---


@pytest.mark.parametrize("decided", [(), (("keep", 24), ("reject", 21)), (("pin", 25), ("reject", 18))])
def test_the_numbers_are_those_of_the_query(tmp_path: Path, decided: tuple[tuple[str, int], ...]) -> None:
    """Every limit, at several places: what would pass is what `make query Q=what_if` says."""
    base = filled(tmp_path)
    for verdict, item in decided:
        writes.decide(base, verdict, [item])
    db = connect(base)
    compared = 0
    for one in spectra.all_limits(db):
        told = told_of(db, one)
        last = len(told["places"]) - 1
        for place in {0, 1, told["today"], last // 3, last // 2, last}:
            asked = {"tool": one.tool, "key": one.key, "value": str(told["places"][place])}
            found = [row for row in db.execute(sql("queries/what_if"), asked) if row["dataset"] == one.dataset]
            if not found:
                assert told["judged"] == 0, one.word
                continue
            for name, n in (
                ("judged", told["judged"]),
                ("passing", told["passing"]),
                ("would_pass", would(told, place)),
                ("unmeasured", told["unmeasured"]),
            ):
                assert sum(row[name] for row in found) == n, (one.word, name, asked)
            compared += 1
    db.close()
    assert compared > 30


def test_another_limit_and_a_keep_are_considered(tmp_path: Path) -> None:
    """Cutout 24 is blurry (0.3125) and dark: a lower limit on sharpness alone does not let it in, a keep does."""
    base = filled(tmp_path)
    db = connect(base)
    sharp = next(one for one in spectra.all_limits(db) if one.key == "min_sharpness")
    told = told_of(db, sharp)
    lowest, highest = 0, len(told["places"]) - 1
    assert (told["judged"], told["passing"]) == (4, 3)
    assert (would(told, lowest), would(told, highest)) == (3, 0)
    writes.decide(base, "keep", [24])
    told = told_of(db, sharp)
    assert (told["passing"], would(told, lowest), would(told, highest)) == (4, 4, 1)
    dark = next(one for one in spectra.all_limits(db) if one.key == "max_dark")
    writes.take_back(base, [db.execute("select uid from decision").fetchone()[0]])
    db.execute("update finding set reason = 'burnt_in' where reason = 'blurry'")
    assert would(told_of(db, dark), len(told_of(db, dark)["places"]) - 1) == 3
    db.execute("delete from finding where reason = 'burnt_in'")
    assert would(told_of(db, dark), len(told_of(db, dark)["places"]) - 1) == 4
    db.close()


def test_of_limits_with_one_reason_all_have_to_let_an_image_pass(tmp_path: Path) -> None:
    """Two cut-outs miss their head by the gap above; one of them by its width at the top as well."""
    base = filled(tmp_path)
    db = connect(base)
    judged = [row[0] for row in db.execute("select id from outcome where kind = 'cutout' and passed and step_id = 6")]
    one, other = judged[:2]
    db.execute("update mask set crown_gap = 0.3, top_width = 0.2 where outcome_id = ?", (one,))
    db.execute("update mask set crown_gap = 0.3, top_width = 0.9 where outcome_id = ?", (other,))
    for outcome in (one, other):
        db.execute("insert into finding values (?, 'head_missing', 0.3, 0.12)", (outcome,))
        db.execute("update outcome set status='rejected', reason='head_missing', passed=0 where id = ?", (outcome,))
    limits = {each.key: each for each in spectra.all_limits(db) if each.tool == "mask"}
    gap, width = told_of(db, limits["max_crown_gap"]), told_of(db, limits["max_top_width"])
    assert would(gap, len(gap["places"]) - 1) == gap["passing"] + 1
    assert would(width, len(width["places"]) - 1) == width["passing"]
    (row,) = db.execute(sql("queries/what_if"), {"tool": "mask", "key": "max_crown_gap", "value": "1"}).fetchall()
    assert row["would_pass"] == row["passing"] + 1
    db.close()


@pytest.mark.parametrize(("op", "expected"), [("<", [1, 2, 1]), (">", [2, 1, 1])])
def test_what_equals_a_limit_passes_it(op: str, expected: list[int]) -> None:
    """With the limit at 0.3 a value of 0.3 lies on the side that passes, whichever that is."""
    assert spectra.cells(np.array([0.3, 0.4]), np.array([0.1, 0.3, 0.35, 0.9]), op) == expected


def test_the_images_on_either_side_begin_with_the_nearest() -> None:
    values = np.array([0.1, 0.2, 0.3, 0.4, np.nan])
    one = Spectrum(np.arange(5), values, np.full(5, 2, np.int8), 0, values[:0], values[:0], ())
    assert spectra.near(one, 0.3, "<", 9) == ([1, 0], [2, 3])
    assert spectra.near(one, 0.3, ">", 9) == ([2, 1, 0], [3])
    assert spectra.near(one, 0.3, "<", 1) == ([1], [2])
    assert spectra.near(one, 9, "<", 9) == ([3, 2, 1, 0], [])
    assert spectra.near(one, -9, ">", 9) == ([], [0, 1, 2, 3])


# --- where it may stand ---


@pytest.mark.parametrize(
    ("values", "bound", "key", "whole", "expected"),
    [
        ([0.2, 1.0], 0.4, "min_sharpness", False, (0.198, 1.0, 0.002)),
        ([1.0, 30.0], 20.0, "max_contours", True, (0.0, 31.0, 1.0)),
        ([0.0, 0.0], 0.0, "max_flips", True, (0.0, 1.0, 1.0)),
        ([-0.3, 0.1], 0.35, "max_halo", False, (0.0, 0.352, 0.002)),
        ([-0.3, 0.1], 0.35, "some_other", False, (-0.302, 0.352, 0.002)),
    ],
)
def test_places_are_round_and_within_what_the_setting_takes(
    values: list[float], bound: float, key: str, whole: bool, expected: tuple[float, float, float]
) -> None:
    places = spectra.positions(np.array(values), bound, key, whole=whole)
    assert (places[0], places[-1]) == expected[:2]
    assert np.allclose(np.diff(places), expected[2])
    assert bound in places


def test_todays_limit_is_a_place_though_it_is_not_round() -> None:
    places = spectra.positions(np.linspace(0, 1, 50), 0.12345, "x", whole=False)
    assert 0.12345 in places
    assert len(places) < 2.6 * spectra.STEPS


def test_one_value_far_away_does_not_stretch_the_axis() -> None:
    values = np.sort(np.append(np.linspace(0, 1, 999), 1e6))
    assert spectra.positions(values, 0.5, "x", whole=False)[-1] < 4


# --- the limit that agrees with people ---


@pytest.mark.parametrize(
    ("op", "keeps", "rejects", "today", "expected"),
    [
        ("<", [0.5, 0.8], [0.1, 0.2], 0.9, (0.5, 4)),
        ("<", [0.5, 0.8], [0.1, 0.2], 0.0, (0.3, 4)),
        ("<", [0.1, 0.8], [0.5, 0.6], 0.9, (0.8, 3)),
        (">", [0.1, 0.2], [0.5, 0.8], 0.0, (0.2, 4)),
        (">", [0.1, 0.2], [0.5, 0.8], 0.9, (0.4, 4)),
        ("<", [0.5], [], 0.4, (0.4, 1)),
        ("<", [], [], 0.4, (0.4, 0)),
    ],
)
def test_it_has_the_fewest_disagreements_and_is_the_nearest_to_todays(
    op: str, keeps: list[float], rejects: list[float], today: float, expected: tuple[float, int]
) -> None:
    places = np.round(np.arange(11) / 10, 1)
    agreed = spectra.agreement(places, spectrum_of(keeps, rejects), op)
    place = spectra.best(places, agreed, today)
    assert (places[place], agreed[place]) == expected


def test_a_rejection_counts_though_the_step_no_longer_sees_the_image(tmp_path: Path) -> None:
    """A rejected cut-out ends at mask; score has measured it all the same. A word on the video says nothing of it."""
    base = filled(tmp_path)
    writes.decide(base, "reject", [21])
    writes.decide(base, "keep", [24])
    writes.decide(base, "keep", [1])
    db = connect(base)
    sharp = next(one for one in spectra.all_limits(db) if one.key == "min_sharpness")
    found = spectra.read(db, sharp, spectra.all_limits(db))
    assert (found.keeps.tolist(), found.rejects.tolist()) == ([0.3125], [0.6])
    db.execute("update item set newest = 0 where id = 24")
    assert spectra.read(db, sharp, spectra.all_limits(db)).keeps.tolist() == []
    words = [row[0] for row in db.execute("select uid from decision where item_id = 21")]
    writes.take_back(base, words)
    assert spectra.read(db, sharp, spectra.all_limits(db)).rejects.tolist() == []
    db.close()


# --- the page ---


def test_the_page_shows_the_limit_of_its_address(table: Visitor) -> None:
    html = table.ask("/-/spectrum").text
    assert 'data-word="score:min_sharpness"' in html
    assert "of 4 cutouts, score" in html
    told = json.loads(re.findall(r'id="numbers">(.*?)</script>', html, re.DOTALL)[0])
    assert told["places"][told["today"]] == 0.4
    assert told == table.ask(f"/-/spectrum/numbers?{SHARP.partition('?')[2]}").json() | {"at": 0.4}
    for tool, dataset, key in rows(table.base, "select tool, dataset, key from limits where bound is not null"):
        word = f"{tool}{f'.{dataset}' if dataset else ''}:{key}"
        answer = table.ask(f"/-/spectrum?limit={word}")
        assert answer.status_code == 200, word
        assert f'data-word="{word}"' in answer.text


def test_the_images_are_sent_with_what_would_become_of_them(table: Visitor) -> None:
    told = table.ask("/-/spectrum/near?limit=score:min_sharpness&at=0.5").json()
    assert [(one["id"], one["value"], one["would"], one["fixed"]) for one in told["below"]] == [
        (24, 0.3125, False, True)
    ]
    assert [(one["id"], one["would"]) for one in told["above"]] == [(21, True), (23, True), (25, True)]
    told = table.ask("/-/spectrum/near?limit=score:min_sharpness&at=0.7").json()
    assert [(one["id"], one["state"], one["would"]) for one in told["below"][:3]] == [
        (25, "in", False),
        (23, "in", False),
        (21, "in", False),
    ]


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("/-/spectrum?limit=score:beauty", "There is no limit score:beauty. There are: intake:max_missing"),
        ("/-/spectrum?at=x", "x is no number that a limit could stand at."),
        ("/-/spectrum?at=nan", "nan is no number that a limit could stand at."),
        ("/-/spectrum/near?at=inf", "inf is no number that a limit could stand at."),
        ("/-/spectrum/numbers?limit=%3Cscript%3E", "There is no limit &lt;script&gt;."),
    ],
)
def test_a_strange_address_is_a_sentence(table: Visitor, address: str, sentence: str) -> None:
    answer = table.ask(address)
    assert answer.status_code == 404
    assert sentence in answer.text


def test_before_anything_has_run_it_says_what_to_do(tmp_path: Path) -> None:
    connect(tmp_path, create=True).close()
    visitor = Visitor(tmp_path)
    assert "There is no limit in force yet." in visitor.ask("/-/spectrum").text
    assert "There is no limit yet." in visitor.ask("/-/spectrum/near").text
    visitor.close()


def test_a_setting_that_was_edited_since_is_told(table: Visitor) -> None:
    (table.base / "config.toml").write_text("[score]\nmin_sharpness = 0.25\n")
    assert "min_sharpness is set to 0.25 by now: make all" in table.ask("/-/spectrum").text
    (table.base / "config.toml").write_text("[score\n")
    assert "is not valid TOML" in table.ask("/-/spectrum").text
