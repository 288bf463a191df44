"""select: moments, scores, quotas and difference on plain rows; likeness on real pictures; the tool as a whole."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from cutouts import astronaut, bench, input_columns, solid
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from tools import select
from tools.choose.candidates import candidate, score
from tools.choose.moments import moments
from tools.choose.quotas import gaps, quotas
from tools.media.image import encode_webp_lossless
from tools.media.likeness import DIMENSIONS, distance, embed, vector
from tools.mill import files
from tools.mill.manifest import connect
from tools.mill.settings import UsageError
from tools.mill.tool import Dataset, Result

FAR_APART = 0.4
"""Distance of any two of `unlike`."""


def unlike(number: int) -> bytes:
    """Embeddings that lie equally far from each other."""
    values = np.zeros(DIMENSIONS, "<f4")
    values[number % DIMENSIONS] = FAR_APART / 2**0.5
    return values.tobytes()


def row(number: int, **columns: Any) -> dict[str, Any]:
    """A row as `sql/inputs/select.sql` gives it: by default each of its own source, and unlike the others."""
    source = columns.pop("source", number)
    time_s = columns.pop("time_s", 0.0)
    address = f"{source:032x}/t{time_s:013.6f}/p{number:04d}-0500"
    values = {"item_id": number, "kind": "cutout", "address": address, "path": f"03/{number}.webp", "sha256": "0" * 64}
    values |= {"shot": "mid", "view": None, "identity": None, "time_s": time_s, "shot_index": 0}
    values |= {"box_x0_px": 100, "box_y0_px": 100, "box_x1_px": 200, "box_y1_px": 300, "face_height_px": 64}
    values |= {"sharpness": 0.5, "crop_mp": 0.3, "dark_share": 0.0, "bright_share": 0.0, "likeness": unlike(number)}
    return values | {"pinned": False, "excluded": False} | columns


def chosen(results: dict[int, Result] | Any) -> list[int]:
    """Item ids of what was chosen, in order."""
    ranks = {item_id: result.measures["rank"] for item_id, result in results.items() if result.measures.get("rank")}
    return sorted(ranks, key=lambda item_id: ranks[item_id])


def reasons(results: Any) -> dict[int, str | None]:
    return {item_id: result.verdict.reason for item_id, result in results.items()}


def run(rows: list[dict[str, Any]], params: select.Params | None = None, **dataset: Any) -> dict[int, Result]:
    return dict(select.work_set(rows, bench(Path("/nowhere"), params or select.Params(), **dataset)))


# Moments.


def _moments(rows: list[dict[str, Any]], moment_s: float = 2.0) -> list[int]:
    found = moments([candidate(one) for one in rows], moment_s)
    return [found[one["item_id"]] for one in rows]


def test_a_moment_ends_after_its_seconds() -> None:
    rows = [row(n, source=1, time_s=t) for n, t in enumerate((0.0, 1.0, 1.99, 2.0, 3.5, 4.0))]
    assert _moments(rows) == [1, 1, 1, 2, 2, 3]


def test_a_cut_ends_a_moment() -> None:
    assert _moments([row(1, source=1), row(2, source=1, time_s=0.5, shot_index=1)]) == [1, 2]


def test_two_people_of_one_frame_share_no_moment() -> None:
    other = {"box_x0_px": 400, "box_x1_px": 500}
    rows = [row(1, source=1), row(2, source=1, **other)]
    rows += [row(3, source=1, time_s=0.5), row(4, source=1, time_s=0.5, **other)]
    assert _moments(rows) == [1, 2, 1, 2]
    same_place = [row(5, source=1), row(6, source=1)]
    assert _moments(same_place) == [1, 2]


def test_somebody_known_is_followed_by_name_and_not_by_place() -> None:
    far = {"box_x0_px": 400, "box_x1_px": 500}
    assert _moments([row(1, source=1, identity="emma"), row(2, source=1, time_s=0.5, identity="emma", **far)]) == [1, 1]
    assert _moments([row(1, source=1, identity="emma"), row(2, source=1, time_s=0.5, identity="kit")]) == [1, 2]


def test_of_two_people_only_one_goes_on_with_a_track() -> None:
    rows = [row(1, source=1), row(2, source=1, time_s=0.5), row(3, source=1, time_s=0.5, box_x0_px=120)]
    assert _moments(rows) == [1, 1, 2]


def test_a_walk_across_the_picture_is_followed() -> None:
    rows = [row(n, source=1, time_s=0.2 * n, box_x0_px=40 * n, box_x1_px=40 * n + 100) for n in range(1, 8)]
    assert len(set(_moments(rows))) == 1


def test_the_same_time_in_another_source_is_another_moment() -> None:
    assert _moments([row(1), row(2)]) == [1, 2]


# Scores.


def test_sharper_larger_and_cleaner_is_better() -> None:
    plain = score(row(1))
    assert score(row(1, sharpness=0.6)) > plain
    assert score(row(1, face_height_px=100)) > plain
    assert score(row(1, crop_mp=0.5)) > plain
    assert score(row(1, dark_share=0.2)) < plain
    assert score(row(1, bright_share=0.2)) < plain


def test_what_is_not_measured_counts_half() -> None:
    missing = row(1, sharpness=None, face_height_px=None, crop_mp=None, dark_share=None, bright_share=None)
    assert score(missing) == pytest.approx(0.5)


def test_the_score_is_full_at_its_full_values() -> None:
    assert score(row(1, sharpness=1.0, face_height_px=256, crop_mp=1.0)) == 1
    assert score(row(1, sharpness=1.0, face_height_px=5000, crop_mp=50.0)) == 1


# Quotas and gaps.


def test_quotas_are_whole_and_add_up() -> None:
    assert quotas(40, Dataset().quota) == {"close": 14, "mid": 16, "far": 10}
    assert quotas(10, {"close": 1, "mid": 1, "far": 1}) == {"close": 4, "mid": 3, "far": 3}
    assert quotas(0, Dataset().quota) == {"close": 0, "mid": 0, "far": 0}


@pytest.mark.parametrize("shares", [{}, {"close": 0.0}, {"close": -1.0, "mid": 2.0}])
def test_quotas_that_cannot_be_shared_out_are_named(shares: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=r"cannot be shared out\. Give shares of 0 or more, one of them above 0\.$"):
        quotas(10, shares)


def test_gaps_are_told_in_words() -> None:
    dataset = Dataset(count=10, quota={"close": 0.5, "far": 0.5})
    rows = [row(n, shot="close", source=n % 2) for n in range(5)] + [row(9, shot="far")]
    assert gaps(rows, dataset) == ["far 1 of 5", "one source gives 3 of 6"]
    seen = [one | {"view": "front"} for one in rows]
    assert gaps(seen, dataset) == ["far 1 of 5", "no side view", "no back view", "one source gives 3 of 6"]
    full = [row(n, shot="close") for n in range(5)] + [row(n, shot="far") for n in range(5, 10)]
    assert gaps(full, dataset) == []


# Likeness.


def test_likeness_is_small_for_the_same_and_large_for_another() -> None:
    rgba = astronaut()[1]
    reference = embed(rgba)
    half = cv2.resize(rgba, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    coded = cv2.imdecode(cv2.imencode(".jpg", rgba[..., :3], [cv2.IMWRITE_JPEG_QUALITY, 50])[1], cv2.IMREAD_COLOR)
    turned = cv2.warpAffine(rgba, cv2.getRotationMatrix2D((256.0, 256.0), 25, 1.0), (512, 512))
    cat = data.chelsea()
    other = np.dstack([cat, np.full(cat.shape[:2], 255, np.uint8)])
    assert distance(reference, reference) == 0
    assert distance(reference, embed(half)) < 0.02
    assert distance(reference, embed(np.dstack([coded, rgba[..., 3]]))) < 0.04
    assert 0.06 < distance(reference, embed(turned)) < distance(reference, embed(other)) <= 1
    assert distance(reference, embed(other)) > 0.3


def test_likeness_has_its_documented_form() -> None:
    assert len(embed(astronaut()[1])) == 256
    assert not vector(embed(solid(20, 20, (0, 0, 0, 0)))).any()
    with pytest.raises(ValueError, match=r"^A likeness has 256 bytes, not 8\. Measure the cutout again\.$"):
        vector(b"12345678")


def test_likeness_ignores_what_is_transparent() -> None:
    first, second = solid(80, 80, (20, 20, 60, 60)), solid(80, 80, (20, 20, 60, 60))
    second[:20, :, :3] = (0, 255, 0)
    assert embed(first) == embed(second)


# The choice.


def test_the_input_has_the_columns_of_these_rows(tmp_path: Path) -> None:
    assert input_columns(tmp_path, "select") | {"pinned", "excluded"} == set(row(1))


def test_measures_are_columns_of_the_manifest(tmp_path: Path) -> None:
    (result,) = run([row(1)]).values()
    db = connect(tmp_path, create=True)
    columns = {found[1] for found in db.execute('pragma table_info("select")')}
    db.close()
    assert columns == {"outcome_id", *result.measures}


def test_few_good_images_are_all_taken_whatever_the_quotas() -> None:
    results = run([row(n, shot="close", source=n % 2, time_s=10.0 * n) for n in range(1, 9)])
    assert sorted(chosen(results)) == list(range(1, 9))


def test_an_empty_set_stays_empty() -> None:
    assert run([]) == {}


def test_the_best_of_a_moment_is_kept_and_named() -> None:
    results = run([row(1, source=1, sharpness=0.4), row(2, source=1, time_s=0.5, sharpness=0.7)])
    assert reasons(results) == {1: "same_moment", 2: None}
    assert results[1].verdict.detail == "Kept instead: 03/2.webp"
    assert results[1].measures["kept_address"] == row(2, source=1, time_s=0.5)["address"]
    assert results[1].measures["moment"] == results[2].measures["moment"] == 1


def test_a_pin_stands_for_its_moment_and_two_pins_both_stay() -> None:
    rows = [row(1, source=1, sharpness=0.4, pinned=True), row(2, source=1, time_s=0.5, sharpness=0.7)]
    assert reasons(run(rows)) == {1: None, 2: "same_moment"}
    rows[1]["pinned"] = True
    assert reasons(run(rows)) == {1: None, 2: None}


def test_who_is_rejected_by_hand_makes_room_for_the_next_best() -> None:
    rows = [row(1, source=1, sharpness=0.4), row(2, source=1, time_s=0.5, sharpness=0.7, excluded=True)]
    results = run(rows)
    assert chosen(results) == [1]
    assert results[2].verdict.detail == "A person rejected it."
    assert results[2].measures.get("rank") is None


def test_another_persons_images_are_left_out_and_a_pin_overrules() -> None:
    rows = [row(1, identity="emma"), row(2, identity="kit"), row(3), row(4, identity="kit", pinned=True)]
    results = run(rows, subject="emma")
    assert reasons(results) == {1: None, 2: "other_subject", 3: "other_subject", 4: None}
    assert results[2].verdict.detail == "It shows kit, the dataset is about emma."
    assert results[3].verdict.detail == "It shows nobody known, the dataset is about emma."
    assert set(reasons(run(rows)).values()) == {None}


@pytest.mark.parametrize(("gap", "reason"), [(0.061, None), (0.059, "similar_to_better")])
def test_what_looks_alike_is_left_out_below_the_least_difference(gap: float, reason: str | None) -> None:
    near = np.array(vector(unlike(1)))
    near[40] += gap
    results = run([row(1, sharpness=0.8), row(2, likeness=near.astype("<f4").tobytes())])
    assert reasons(results) == {1: None, 2: reason}
    if reason:
        assert results[2].verdict.detail == "Kept instead: 03/1.webp (differs by 0.059, wanted are 0.06)"


def test_quotas_by_shot_come_first() -> None:
    rows = [row(n, shot=("close", "mid", "far")[n % 3]) for n in range(1, 61)]
    rows += [row(n, shot="unknown", sharpness=0.9) for n in range(61, 64)]
    results = run(rows, count=20)
    shots = Counter(one["shot"] for one in rows if results[one["item_id"]].measures["rank"])
    assert shots == {"close": 7, "mid": 8, "far": 5}
    assert Counter(reasons(results).values())["over_quota"] == 43


def test_what_a_shot_lacks_is_filled_first_by_the_unknown_then_by_the_others() -> None:
    rows = [row(n, shot="close") for n in range(1, 21)] + [row(n, shot="unknown") for n in range(21, 24)]
    results = run(rows, count=12)
    shots = Counter(one["shot"] for one in rows if results[one["item_id"]].measures["rank"])
    assert shots == {"close": 9, "unknown": 3}


def test_one_source_gives_its_share_and_more_only_where_the_others_have_no_more() -> None:
    rows = [row(n, source=1, time_s=10.0 * n) for n in range(1, 31)] + [row(n) for n in range(31, 51)]
    results = run(rows, count=20)
    assert sum(1 for item_id in chosen(results) if item_id <= 30) == 5
    alone = run(rows[:30], count=20)
    assert len(chosen(alone)) == 20


def test_a_full_set_says_what_it_holds_instead() -> None:
    results = run([row(n, sharpness=0.9 if n < 3 else 0.1) for n in range(1, 5)], count=2)
    assert chosen(results) == [1, 2]
    assert results[3].verdict.reason == "over_quota"
    assert results[3].verdict.detail is not None
    assert results[3].verdict.detail.startswith("Kept instead: 03/1.webp")


def test_pins_come_first_even_beyond_the_count() -> None:
    rows = [row(n, pinned=n > 5, sharpness=0.2 if n > 5 else 0.9) for n in range(1, 10)]
    assert sorted(chosen(run(rows, count=3))) == [6, 7, 8, 9]


def test_of_equally_different_ones_the_better_comes_first() -> None:
    rows = [row(1, sharpness=0.1), row(2, sharpness=0.9), row(3, sharpness=0.4), row(4, sharpness=0.5)]
    assert chosen(run(rows)) == [2, 4, 3, 1]


def test_the_most_different_comes_next() -> None:
    line = [np.zeros(DIMENSIONS, "<f4") for _ in range(5)]
    for index, where in enumerate((0.0, 0.1, 0.2, 0.3, 1.0)):
        line[index][0] = where
    rows = [row(n + 1, likeness=line[n].tobytes(), sharpness=0.9 if n == 0 else 0.5) for n in range(5)]
    assert chosen(run(rows, count=3)) == [1, 5, 4]


def test_what_has_no_likeness_yet_is_looked_at(tmp_path: Path) -> None:
    rows = []
    for number, colour in enumerate([(200, 30, 30), (200, 32, 30), (30, 30, 200)], start=1):
        rgba = solid(64, 64, (10, 10, 50, 60), colour)
        files.store(tmp_path, f"03/{number}.webp", encode_webp_lossless(rgba))
        rows.append(row(number, likeness=None, sharpness=0.9 - 0.1 * number))
    results = select.work_set(rows, bench(tmp_path, select.Params()))
    assert reasons(results) == {1: None, 2: "similar_to_better", 3: None}


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "source": st.integers(1, 4),
            "time_s": st.integers(0, 40).map(float),
            "shot": st.sampled_from(["close", "mid", "far", "unknown"]),
            "identity": st.sampled_from([None, "emma", "kit"]),
            "sharpness": st.one_of(st.none(), st.floats(0, 1)),
            "pinned": st.booleans(),
            "excluded": st.booleans(),
        }
    ),
    max_size=40,
)


@settings(max_examples=80, deadline=None, derandomize=True)
@given(ROWS, st.integers(0, 12), st.sampled_from(["", "emma"]), st.randoms(use_true_random=False))
def test_every_row_gets_its_result_whatever_the_order(
    columns: list[dict[str, Any]], count: int, subject: str, shuffler: Any
) -> None:
    rows = [row(number, **one) for number, one in enumerate(columns, start=1)]
    results = run(rows, count=count, subject=subject)
    shuffled = list(rows)
    shuffler.shuffle(shuffled)
    assert run(shuffled, count=count, subject=subject) == results
    assert set(results) == {one["item_id"] for one in rows}
    ranks = [results[item_id].measures["rank"] for item_id in chosen(results)]
    assert ranks == list(range(1, len(ranks) + 1))
    pins = [one["item_id"] for one in rows if one["pinned"] and not one["excluded"]]
    assert set(pins) <= set(chosen(results))
    assert len(ranks) <= max(count, len(pins))
    assert not {one["item_id"] for one in rows if one["excluded"]} & set(chosen(results))
