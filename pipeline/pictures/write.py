"""A Picture to the content of a file."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from pipeline.pictures.orientation import EXIF_HEAD
from pipeline.pictures.picture import Picture, Remarks
from pipeline.pictures.settings import PictureSettings
from pipeline.pictures.wide_png import wide_png
from pipeline.pictures.wide_tiff import wide_tiff

#: What a kind has no place for.
_OPAQUE, _NO_REMARKS = ("JPEG", "BMP"), ("BMP", "GIF")

#: What writes 16 bit a channel, of kinds that have a place for them.
_WIDE: Mapping[str, Callable[[Picture], bytes]] = {"PNG": wide_png, "TIFF": wide_tiff}


def encoded(picture: Picture, kind: str, settings: PictureSettings) -> bytes:
    """The content of a file of that kind, by Pillow's name for it.

    PNG and TIFF keep 16 bit; JPEG and BMP lay what is transparent over white. EXIF and profile go along wherever the
    kind has a place for them (BMP and GIF have none).
    """
    if kind in _WIDE and picture.rgb.dtype == np.uint16:
        return _WIDE[kind](picture)
    rgb, alpha = picture.in_8_bit()
    if alpha is not None:
        rgb = _over_white(rgb, alpha) if kind in _OPAQUE else np.dstack([rgb, alpha])
    stream = io.BytesIO()
    _as_image(rgb, kind).save(
        stream, kind, **_quality(kind, settings, picture.remarks), **_said(kind, picture.remarks)
    )
    return stream.getvalue()


def _as_image(pixels: NDArray[np.uint8], kind: str) -> Image.Image:
    """The pixels as an image; for a JPEG four bytes each, as Pillow holds them, which spares it a copy."""
    if kind != "JPEG":
        return Image.fromarray(pixels)
    height, width = pixels.shape[:2]
    four = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA), np.uint8)
    return Image.frombuffer("RGBX", (width, height), four, "raw", "RGBX", 0, 1)


def _over_white(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8]) -> NDArray[np.uint8]:
    share = alpha[..., None].astype(np.uint32)
    return ((rgb * share + 255 * (255 - share) + 127) // 255).astype(np.uint8)


def _quality(kind: str, settings: PictureSettings, remarks: Remarks) -> dict[str, Any]:
    """Options of the encoder; red and blue keep their full resolution, or the masks' edges would smear.

    Its effort is such that a picture takes less than the network's time for it. At 960x540 more of it took twice the
    time for a PNG of 7 % less, 3 times for a WebP of 3 % less, and 14 times (0.75 s) for an AVIF of 4 % less.
    """
    options: dict[str, dict[str, Any]] = {
        "JPEG": {"quality": settings.quality, "subsampling": "4:4:4"},
        "WEBP": {"quality": settings.quality, "method": 2, "exact": True},
        "AVIF": {"quality": settings.quality, "subsampling": "4:4:4", "speed": 9},
        "PNG": {"compress_level": 4},
        # libtiff refuses the tables that EXIF brings along; uncompressed, Pillow writes all by itself.
        "TIFF": {"compression": "tiff_deflate" if remarks.exif is None else "raw"},
    }
    return options.get(kind, {})


def _said(kind: str, remarks: Remarks) -> dict[str, Any]:
    if kind in _NO_REMARKS:
        return {}
    said: dict[str, Any] = {}
    if remarks.icc is not None:
        said["icc_profile"] = remarks.icc
    if remarks.exif is not None:
        said["exif"] = EXIF_HEAD + remarks.exif
    if remarks.xmp is not None and kind in ("JPEG", "WEBP", "AVIF"):
        said["xmp"] = remarks.xmp
    if remarks.xmp is not None and kind == "PNG":
        texts = PngImagePlugin.PngInfo()
        texts.add_itxt("XML:com.adobe.xmp", remarks.xmp.decode("utf-8", "replace"))
        said["pnginfo"] = texts
    return said
