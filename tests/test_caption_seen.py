"""caption: what is seen of a cut-out: colours of clothes, light, figure, expression; on made-up and on real faces."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from cutouts import FACE, Pixels, astronaut, solid
from numpy.typing import NDArray

from tools.describe.clothes import Worn, clothes
from tools.describe.colours import NAMED, grouped, shares
from tools.describe.expression import expression, mouth_gap, mouth_lift, mouth_width, turn
from tools.describe.figure import whole
from tools.describe.light import light
from tools.engines.hog import Hog
from tools.engines.landmarks import landmarks
from tools.media.geometry import Box
from tools.media.image import read_rgb

SHARED = Path(__file__).resolve().parents[2] / "shared"
HEAD = Box(80, 20, 120, 60)


def dressed(
    upper: tuple[int, int, int], lower: tuple[int, int, int] | None = None, skin: tuple[int, int, int] = (150, 112, 93)
) -> Pixels:
    """A figure of 200 x 400 px: a head with short brown hair, and one or two colours of cloth below."""
    rgba = solid(200, 400, (60, 0, 140, 400), upper)
    rgba[:66, :, :3] = skin
    rgba[:20, :, :3] = (60, 40, 25)
    if lower:
        rgba[190:, :, :3] = lower
    return rgba


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((0, 0, 0), "black"),
        ((255, 255, 255), "white"),
        ((128, 128, 128), "grey"),
        ((255, 0, 0), "red"),
        ((0, 0, 128), "navy"),
        ((0, 0, 255), "blue"),
        ((255, 165, 0), "orange"),
        ((255, 192, 203), "pink"),
        ((0, 128, 0), "green"),
        ((128, 0, 128), "purple"),
        ((0, 128, 128), "teal"),
        ((245, 245, 220), "white"),
        ((139, 69, 19), "brown"),
        ((173, 216, 230), "light blue"),
    ],
)
def test_web_colours_have_their_names(colour: tuple[int, int, int], name: str) -> None:
    found = shares(np.full((10, 3), colour, np.uint8))
    assert next(iter(found)) == name
    assert found[name] == 1


def test_every_name_names_itself() -> None:
    for name, values in NAMED.items():
        assert shares(np.array(values, np.uint8))[name] == 1


def test_shades_are_one_colour_by_the_name_of_the_larger() -> None:
    assert grouped({"red": 0.4, "blue": 0.3, "dark red": 0.2}) == {"red": pytest.approx(0.6), "blue": 0.3}


def test_clothes_have_colours_above_and_below() -> None:
    blue, white = (40, 90, 190), (240, 240, 240)
    assert clothes(dressed(blue), HEAD, whole=True) == Worn(("blue",), ("blue",))
    assert clothes(dressed(blue, white), HEAD, whole=True) == Worn(("blue",), ("white",))
    assert clothes(dressed(blue, white), None, whole=True) == Worn(("blue",), ("white",))


def test_below_is_told_only_where_the_picture_reaches_the_knees() -> None:
    figure = dressed((40, 90, 190), (240, 240, 240))
    assert clothes(figure[: 60 + 40 * 6], HEAD, whole=False).lower == ("white",)
    assert clothes(figure[: 60 + 40 * 5], HEAD, whole=False).lower == ()


def test_without_a_face_only_whole_figures_have_clothes_and_none_the_colour_of_skin() -> None:
    assert clothes(dressed((40, 90, 190)), None, whole=False) == Worn()
    assert clothes(dressed((40, 90, 190), (206, 186, 154)), None, whole=True) == Worn(("blue",), ())


@pytest.mark.parametrize(("rows", "upper"), [(17, ("blue",)), (30, ("blue", "white"))])
def test_a_second_colour_is_named_from_a_quarter_on(rows: int, upper: tuple[str, ...]) -> None:
    figure = dressed((40, 90, 190))
    figure[80 : 80 + rows, :, :3] = (240, 240, 240)
    assert clothes(figure, HEAD, whole=True).upper == upper


def test_no_colour_that_stands_out_is_no_colour() -> None:
    figure = dressed((40, 90, 190))
    for first, colour in enumerate(((190, 28, 38), (240, 240, 240), (48, 136, 62))):
        figure[66 + 30 * first : 96 + 30 * first, :, :3] = colour
    assert clothes(figure, HEAD, whole=True).upper == ()


def test_skin_is_no_cloth() -> None:
    bare = dressed((40, 90, 190))
    bare[120:, :, :3] = bare[45, 100, :3]
    assert clothes(bare, HEAD, whole=True) == Worn(("blue",), ())


def test_long_hair_is_no_cloth_and_hides_what_has_its_colour() -> None:
    brown, white = (60, 40, 25), (240, 240, 240)
    short, long = dressed(brown), dressed(brown)
    for figure in (short, long):
        figure[20:66, :80, 3] = figure[20:66, 120:, 3] = 0
    long[20:120, 60:80] = long[20:120, 120:140] = (*brown, 255)
    assert clothes(short, HEAD, whole=True).upper == ("brown",)
    assert clothes(long, HEAD, whole=True).upper == ()
    over_white = dressed(white)
    over_white[20:120, 60:80] = over_white[20:120, 120:140] = (*brown, 255)
    assert clothes(over_white, HEAD, whole=True).upper == ("white",)


def test_nothing_opaque_wears_nothing() -> None:
    assert clothes(solid(40, 40, (0, 0, 0, 0)), None, whole=True) == Worn()


def test_the_astronaut_wears_orange_with_a_black_collar() -> None:
    assert clothes(astronaut()[1], Box(*FACE), whole=False) == Worn(("orange", "black"), ())


def test_a_figure_is_whole_where_head_and_feet_are_seen() -> None:
    standing = solid(100, 400, (20, 10, 80, 390))[..., 3]
    assert whole(standing, Box(40, 20, 80, 60), cut_below=False)
    assert not whole(standing, Box(40, 20, 80, 60), cut_below=True)
    assert not whole(standing, Box(30, 20, 90, 80), cut_below=False)
    assert whole(standing, None, cut_below=False)
    assert whole(solid(100, 120, (20, 10, 80, 115))[..., 3], None, cut_below=False)
    assert not whole(solid(100, 120, (20, 10, 80, 114))[..., 3], None, cut_below=False)
    assert not whole(solid(100, 400, (20, 10, 80, 400))[..., 3], None, cut_below=False)


# Light.


POINTS = np.zeros((68, 2))
POINTS[[2, 31, 36, 48]] = (30, 60)
POINTS[[14, 35, 45, 54]] = (70, 60)


def lit(left: int, right: int, clothes_luma: int = 220) -> Pixels:
    """A grey face of two halves, 100 x 100 px, above clothes."""
    image = solid(100, 200, (0, 0, 100, 200), (clothes_luma,) * 3)
    image[:100, :50, :3] = left
    image[:100, 50:, :3] = right
    return image


@pytest.mark.parametrize(
    ("left", "right", "word"),
    [
        (204, 204, "soft"),
        (206, 150, None),
        (206, 206, "soft"),
        (215, 207, "soft"),
        (100, 64, "high-contrast"),
        (64, 100, "high-contrast"),
        (100, 66, None),
        (100, 84, None),
        (100, 86, "soft"),
    ],
)
def test_light_is_compared_on_the_cheeks(left: int, right: int, word: str | None) -> None:
    found = light(lit(left, right), Box(10, 10, 90, 90), POINTS)
    assert found == ("bright" if word == "soft" and min(left, right) > 205 else word)


def test_without_points_or_with_a_small_face_cheeks_say_nothing() -> None:
    assert light(lit(100, 50), Box(10, 10, 90, 90)) is None
    assert light(lit(100, 50), Box(20, 30, 80, 89), POINTS) is None
    assert light(lit(100, 50), Box(20, 30, 80, 90), POINTS) == "high-contrast"


@pytest.mark.parametrize(("face", "linen", "word"), [(59, 109, "dim"), (59, 111, "soft"), (61, 109, "soft")])
def test_dark_skin_in_good_light_is_not_dim(face: int, linen: int, word: str) -> None:
    assert light(lit(face, face, linen), Box(10, 10, 90, 90), POINTS) == word


def test_without_a_face_only_darkness_is_told() -> None:
    assert light(solid(40, 40, (0, 0, 40, 40), (59,) * 3), None) == "dim"
    assert light(solid(40, 40, (0, 0, 40, 40), (61,) * 3), None) is None
    assert light(solid(40, 40, (0, 0, 0, 0)), None) is None


@pytest.mark.parametrize(("around", "face", "word"), [(201, 99, "backlit"), (199, 99, "soft"), (201, 101, "soft")])
def test_a_dark_face_before_bright_surroundings_is_lit_from_behind(around: int, face: int, word: str) -> None:
    image = lit(face, face)
    image[:, 80:, 3] = 0
    crop = np.full((200, 100, 3), around, np.uint8)
    assert light(image, Box(10, 10, 80, 90), POINTS, crop) == word
    image[:, :, 3] = 255
    assert light(image, Box(10, 10, 80, 90), POINTS, crop) == "soft"


@pytest.mark.parametrize(
    ("gel", "word"),
    [
        ((1, 1, 1), "soft"),
        ((0.25, 0.35, 1), "blue"),
        ((0.3, 1, 0.35), "green"),
        ((0.75, 0.3, 1), "purple"),
        ((1, 0.15, 0.15), "red"),
    ],
)
def test_coloured_light_is_told_by_what_it_does_to_skin(gel: tuple[float, float, float], word: str) -> None:
    image = lit(0, 0)
    image[:100, :, :3] = (190, 150, 130)
    image[..., :3] = (image[..., :3] * np.array(gel)).astype(np.uint8)
    assert light(image, Box(10, 10, 90, 90), POINTS) == word


# Expression.


def face_points(gap: float = 0.0, lift: float = 0.0, width: float = 0.8, nose: float = 0.0) -> NDArray[np.float64]:
    """68 points of an upright face 120 px high with eyes 100 px apart: numbers as `expression` measures them."""
    points = np.zeros((68, 2))
    points[8] = (100, 220)
    points[2], points[14], points[30] = (30, 150), (170, 150), (100 + 70 * nose, 150)
    points[17:27] = (100, 100)
    points[36:42], points[42:48] = (50, 110), (150, 110)
    mouth = 100 * width
    points[48:68] = (100, 190)
    points[[48, 60]], points[[54, 64]] = (100 - mouth / 2, 190 - lift * mouth), (100 + mouth / 2, 190 - lift * mouth)
    points[61:64, 1], points[65:68, 1] = 190 - gap * mouth / 2, 190 + gap * mouth / 2
    points[:, 1] += np.where(points[:, 1] == 0, 100, 0)
    return points


def test_the_numbers_are_what_they_are_called() -> None:
    points = face_points(gap=0.5, lift=0.2, width=0.9, nose=0.3)
    assert mouth_gap(points) == pytest.approx(0.5)
    assert mouth_lift(points) == pytest.approx(0.2, abs=0.06)
    assert mouth_width(points) == pytest.approx(0.9)
    assert turn(face_points(nose=0.3)) == pytest.approx(0.3)
    assert turn(face_points(nose=-0.3)) == pytest.approx(-0.3)


@pytest.mark.parametrize(
    ("shape", "word"),
    [
        ({}, None),
        ({"gap": 0.35}, "mouth open"),
        ({"gap": 0.33}, None),
        ({"lift": 0.2, "width": 0.94}, "smiling"),
        ({"lift": 0.2, "width": 0.92}, None),
        ({"lift": 0.0, "width": 0.94}, None),
        ({"gap": 0.5, "nose": 0.39}, "mouth open"),
        ({"gap": 0.5, "nose": 0.41}, None),
    ],
)
def test_an_expression_is_told_where_the_points_leave_no_doubt(shape: dict[str, float], word: str | None) -> None:
    assert expression(face_points(**shape)) == word
    assert expression(face_points(**shape) * 0.4) is None


@pytest.mark.parametrize(
    ("picture", "word"),
    [
        ("known/biden/biden2.jpg", "smiling"),
        ("known/obama/obama.jpg", "smiling"),
        ("known/alex_lacamoire/img1.jpg", "smiling"),
        ("known/kit_harington/john1.jpeg", None),
        ("unknown/johnsnow_test1.jpg", None),
    ],
)
def test_expressions_of_real_faces(picture: str, word: str | None) -> None:
    if not (SHARED / "faces").is_dir():
        pytest.skip("the photographs of ../shared/faces are not there")
    image = read_rgb(SHARED / "faces" / picture)
    faces = [found.face for found in Hog().faces(image, 60.0) if found.face]
    assert expression(landmarks(image, max(faces, key=lambda face: face.area))) == word
