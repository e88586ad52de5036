"""TIFF with 16 bit a channel, which Pillow neither reads nor writes for colours (TIFF 6.0, Adobe 1992)."""

from __future__ import annotations

import io
import zlib

import numpy as np
from PIL import Image, TiffImagePlugin

from pipeline.pictures.orientation import EXIF_HEAD
from pipeline.pictures.picture import Picture, Pixels

#: The tags of EXIF and GPS, which are directories of their own.
FOLDED_TAGS = (0x8769, 0x8825)

#: Of a TIFF's own tags, those that say something of the picture and nothing of how this file holds it.
TIFF_TAGS = (0x010E, 0x010F, 0x0110, 0x0131, 0x0132, 0x013B, 0x8298, *FOLDED_TAGS)

#: Numbers that the tags below take: colours, deflated, each sample less that of the pixel before, alpha by itself.
_RGB, _DEFLATE, _DIFFERENCES, _ALPHA = 2, 8, 2, 2
#: Bytes of a strip before it is packed: a reader holds one at a time.
_STRIP_BYTES = 1 << 18

_PREDICTOR, _XMP = 0x013D, 0x02BC


def wide_tiff(picture: Picture) -> bytes:
    """A whole TIFF file of a picture with 16 bit a channel, with its EXIF, profile and XMP."""
    pixels = np.asarray(
        picture.rgb if picture.alpha is None else np.dstack([picture.rgb, picture.alpha]), np.uint16
    )
    samples = pixels.shape[2]
    rows = max(1, _STRIP_BYTES // (picture.width * samples * 2))
    strips = [_strip(pixels[top : top + rows]) for top in range(0, picture.height, rows)]
    tags = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II")
    tags[TiffImagePlugin.IMAGEWIDTH], tags[TiffImagePlugin.IMAGELENGTH] = picture.width, picture.height
    tags[TiffImagePlugin.BITSPERSAMPLE], tags[TiffImagePlugin.SAMPLESPERPIXEL] = (16,) * samples, samples
    tags[TiffImagePlugin.PHOTOMETRIC_INTERPRETATION], tags[TiffImagePlugin.COMPRESSION] = _RGB, _DEFLATE
    tags[TiffImagePlugin.PLANAR_CONFIGURATION], tags[_PREDICTOR] = 1, _DIFFERENCES
    tags[TiffImagePlugin.ROWSPERSTRIP] = rows
    tags[TiffImagePlugin.STRIPBYTECOUNTS] = tuple(map(len, strips))
    # From the end of all tags, where the pixels begin; what writes them adds that place.
    tags[TiffImagePlugin.STRIPOFFSETS] = tuple(np.cumsum([0, *map(len, strips[:-1])]).tolist())
    for tag in (TiffImagePlugin.STRIPBYTECOUNTS, TiffImagePlugin.STRIPOFFSETS):
        tags.tagtype[tag] = 4  # 32 bits, however small the first of them is
    if picture.alpha is not None:
        tags[TiffImagePlugin.EXTRASAMPLES] = _ALPHA
    _say(tags, picture)
    stream = io.BytesIO()
    tags.save(stream)
    return b"".join([stream.getvalue(), *strips])


def _say(tags: TiffImagePlugin.ImageFileDirectory_v2, picture: Picture) -> None:
    """Add what the picture's file said beside the pixels."""
    remarks = picture.remarks
    if remarks.icc is not None:
        tags[TiffImagePlugin.ICCPROFILE] = remarks.icc
    if remarks.xmp is not None:
        tags[_XMP] = remarks.xmp
    if remarks.exif is not None:
        said = Image.Exif()
        said.load(EXIF_HEAD + remarks.exif)
        for tag in TIFF_TAGS:
            value = said.get_ifd(tag) if tag in FOLDED_TAGS else said.get(tag)
            if value:
                tags[tag] = value


def _strip(pixels: Pixels) -> bytes:
    """Some rows, each sample less that of the pixel to its left: photographs come out a third smaller."""
    less = pixels.astype("<u2")
    less[:, 1:] -= pixels[:, :-1].astype("<u2")
    return zlib.compress(less.tobytes(), 6)
