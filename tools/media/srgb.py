"""Decoded pictures of any kind brought to 8-bit sRGB.

16-bit grey is scaled to 8 bits; of 16-bit colour the upper byte counts. Palettes are looked up. Grey, CMYK and RGB go
through the profile that is embedded; without one grey and RGB are taken for sRGB, and CMYK for ideal inks,
(1-C)(1-K). A profile that is broken, or made for another kind of pixels, is ignored, as browsers do. Transparency
stays, as straight alpha, until `over_white`.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from tools.media.errors import MediaError

Pixels = NDArray[np.uint8]

_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}
"""What pixels a profile of a colour space is for."""

_FLAGS = ImageCms.Flags.NOOPTIMIZE
"""LittleCMS's short cut through tables is up to 10/255 wrong in dark grey and 7/255 in CMYK; in RGB it is within 1."""


def to_srgb(image: Image.Image, profile: bytes | None, grey_bits: int | None = None) -> Pixels:
    """HxWx3 uint8 sRGB of a decoded picture, HxWx4 with straight alpha where some of it may be transparent.

    profile: the ICC profile found in the file. grey_bits: how many bits a deep grey picture has, 16 if None.
    Raises MediaError (unreadable) for 32-bit pixels, ValueError for kinds of pixels that nothing converts.
    """
    image = _eight_bits(image, grey_bits or 16)
    if not image.has_transparency_data:
        return np.asarray(_colour(_plain(image), profile))
    image = image.convert("LA" if image.mode in ("1", "L", "LA", "La") else "RGBA")
    colour = _colour(image.convert(image.mode.removesuffix("A")), profile)
    colour.putalpha(image.getchannel("A"))
    return np.asarray(colour)


def over_white(rgba: Pixels) -> Pixels:
    """HxWx4 with straight alpha, laid over white: HxWx3, rounded to the nearest."""
    alpha = rgba[..., 3:].astype(np.uint16)
    mixed = rgba[..., :3] * alpha + 255 * (255 - alpha) + 127
    return (mixed // 255).astype(np.uint8)


def _eight_bits(image: Image.Image, grey_bits: int) -> Image.Image:
    if image.mode in ("F", "I"):
        raise MediaError("unreadable", "Its pixels have 32 bits, whose range nothing tells. Export it with 8 or 16.")
    if not image.mode.startswith("I;16"):
        return image  # deep colour has lost its lower byte in Pillow's readers already
    top = (1 << grey_bits) - 1
    stored = np.asarray(image).astype(np.uint32)
    grey = Image.fromarray(((stored * 255 + top // 2) // top).astype(np.uint8))
    clear = image.info.get("transparency")
    if isinstance(clear, int):
        return Image.merge("LA", (grey, Image.fromarray(((stored != clear) * 255).astype(np.uint8))))
    return grey


def _plain(image: Image.Image) -> Image.Image:
    if image.mode in ("RGB", "L", "CMYK"):
        return image
    return image.convert("L" if image.mode == "1" else "RGB")


def _colour(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB of a picture in RGB, L or CMYK, through its profile where that fits."""
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            space = source.profile.xcolor_space.strip()
            if space == "RGB" and image.mode == "L":
                image = image.convert("RGB")
            if _MODES.get(space) == image.mode:
                wanted = ImageCms.createProfile("sRGB")
                flags = _FLAGS if image.mode != "RGB" else ImageCms.Flags.NONE
                return ImageCms.buildTransform(source, wanted, image.mode, "RGB", flags=flags).apply(image)
        except (OSError, ImageCms.PyCMSError):
            return image.convert("RGB")
    return image.convert("RGB")
