"""A file to a Picture."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
from PIL import Image, TiffImagePlugin, UnidentifiedImageError

from pipeline.errors import InputError
from pipeline.pictures.orientation import EXIF_HEAD, ORIENTATION, upright_exif, upright_xmp
from pipeline.pictures.picture import Picture, Pixels, Remarks
from pipeline.pictures.wide_tiff import FOLDED_TAGS, TIFF_TAGS

#: Kinds that are read, by Pillow's names. Others stay shut: EPS, for one, is a program that Ghostscript would run.
_FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP", "GIF")

#: Brands of files with HEVC pictures (ISO/IEC 23008-12, B.4); phones write the first.
_HEIC = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis")

#: As many as Pillow takes at all, and more than nearly all cameras; a file of some kilobytes can claim more.
MOST_PIXELS = 178_956_970

#: What readers raise for a broken file, each its own.
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, OverflowError, struct.error, zlib.error, cv2.error)

#: What turns pixels [H, W, ...] upright, by the orientation that EXIF tells (CIPA DC-008, 4.6.4 A).
_TURNS: Mapping[int, Callable[[Pixels], Pixels]] = {
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels[::-1].swapaxes(0, 1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: pixels[:, ::-1].swapaxes(0, 1),
}
#: Kinds whose files can hold several pictures. Behind a JPEG's lies its preview, or the light for bright screens.
_SEVERAL = ("GIF", "WEBP", "PNG", "AVIF", "TIFF")

#: TIFF's tag that says what a page is to the others; with this bit, the same picture made smaller.
_PAGE_KIND, _SMALLER = 0x00FE, 1

#: TIFF's tag value for colours that are multiplied by their alpha.
_MULTIPLIED = 1

#: OpenCV's number for telling errors alone.
_ERRORS = 2


def read_picture(path: Path) -> Picture:
    """The picture in that file, upright.

    Raises InputError where it is not there, broken, of a kind that is not read, has more than MOST_PIXELS, or is one of
    several in its file: an animation, or pages.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            # Files with a flaw in their remarks are common, and their pixels are good.
            warnings.simplefilter("ignore", UserWarning)
            with Image.open(path, formats=_FORMATS) as image:
                _check_size(path, image)
                _check_alone(path, image)
                return _read(path, image)
    except FileNotFoundError:
        raise InputError(f"There is no picture at {path}.", do="check the path") from None
    except Image.DecompressionBombError as error:
        raise _too_large(path, str(error)) from None
    except UnidentifiedImageError:
        raise _unread(path) from None
    except _BROKEN as error:
        raise InputError(
            f"The picture {path} is broken.", found=str(error) or type(error).__name__, do="get it again"
        ) from error


def _unread(path: Path) -> InputError:
    """The error of a file of no kind that is read."""
    with path.open("rb") as stream:
        head = stream.read(12)
    if not head:
        return InputError(f"The picture {path} is broken.", found="an empty file", do="get it again")
    heic = head[4:8] == b"ftyp" and head[8:] in _HEIC
    return InputError(
        f"{path} is no picture that can be read.",
        found=f"{'HEIC, and' if heic else 'a file of'} none of JPEG, PNG, WebP, AVIF, TIFF, BMP, GIF",
        do="convert it to one of them",
    )


def _check_size(path: Path, image: Image.Image) -> None:
    if image.width * image.height > MOST_PIXELS:
        raise _too_large(path, f"{image.width}x{image.height} px")


def _too_large(path: Path, found: str) -> InputError:
    return InputError(
        f"The picture {path} claims to be too large.",
        found=found,
        do=f"give pictures of at most {MOST_PIXELS // 10**6} million pixels",
    )


def _check_alone(path: Path, image: Image.Image) -> None:
    """Raise InputError for a file of several pictures, of which all but the first would be lost."""
    if image.format not in _SEVERAL or not getattr(image, "is_animated", False):
        return
    count = (
        _pages(image) if isinstance(image, TiffImagePlugin.TiffImageFile) else getattr(image, "n_frames", 1)
    )
    if count > 1 and image.format == "TIFF":
        raise InputError(
            f"{path} has {count} pages, and only one could be painted.",
            found="a TIFF of several pictures",
            do="separate its pages first, or give the first alone",
        )
    if count > 1:
        raise InputError(
            f"{path} is an animation, of which only the first frame could be painted.",
            found=f"{count} frames",
            do="make it a video or separate frames first, as with ffmpeg, or give the first frame alone",
        )


def _pages(image: TiffImagePlugin.TiffImageFile) -> int:
    """The number of a TIFF's pictures; the same one made smaller, as cameras and maps have it, is none."""
    count = 1
    for page in range(1, image.n_frames):
        try:
            image.seek(page)
            count += not int(image.tag_v2.get(_PAGE_KIND, 0)) & _SMALLER
        except _BROKEN:  # a kind that is not read is a picture all the same
            count += 1
    image.seek(0)
    return count


def _read(path: Path, image: Image.Image) -> Picture:
    orientation = _orientation(image)
    remarks = _remarks(image)
    if image.format == "PNG" and image.mode in ("RGB", "RGBA", "LA") and _is_16_bit_png(path):
        rgb, alpha = _wide(path)  # Pillow has no 16-bit colours, and would halve them
    elif isinstance(image, TiffImagePlugin.TiffImageFile) and _is_wide_tiff(image):
        rgb, alpha = _wide_tiff(path, image)
    else:
        image.load()
        rgb, alpha = _planes(image)
    if orientation in _TURNS:
        turn = _TURNS[orientation]
        rgb, alpha = turn(rgb).copy(), None if alpha is None else turn(alpha).copy()
    return Picture(rgb, alpha, remarks)


def _planes(image: Image.Image) -> tuple[Pixels, Pixels | None]:
    """Colours and alpha of a loaded image in any of Pillow's modes."""
    if image.mode.startswith("I;16") or image.mode == "I":
        grey = np.clip(np.asarray(image), 0, 65535).astype(np.uint16)
        return np.repeat(grey[..., None], 3, axis=2), None
    if image.mode == "F":
        raise ValueError("a picture of floating-point numbers")
    if image.has_transparency_data:
        pixels = np.array(image.convert("RGBA"))
        return np.ascontiguousarray(pixels[..., :3]), np.ascontiguousarray(pixels[..., 3])
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB")), None


def _is_16_bit_png(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(25)[24:] == b"\x10"  # the bit depth in IHDR


def _is_wide_tiff(image: TiffImagePlugin.TiffImageFile) -> bool:
    return image.mode in ("RGB", "RGBA", "CMYK") and 16 in image.tag_v2.get(TiffImagePlugin.BITSPERSAMPLE, ())


def _wide_tiff(path: Path, image: TiffImagePlugin.TiffImageFile) -> tuple[Pixels, Pixels | None]:
    """Colours and alpha of a TIFF with 16 bit a channel, upright."""
    if image.mode == "CMYK":
        raise InputError(
            f"The picture {path} would lose half of its bits.",
            found="16 bit a channel in CMYK",
            do="convert it to RGB, or to 8 bit",
        )
    extra = image.tag_v2.get(TiffImagePlugin.EXTRASAMPLES, ())
    image.load()  # OpenCV takes a file that ends too soon, Pillow does not
    cv2.utils.logging.setLogLevel(_ERRORS)  # it would tell of each tag that it does not know
    rgb, alpha = _wide(path)
    multiplied = image.mode == "RGBA" and extra[:1] == (_MULTIPLIED,)
    if not multiplied and not np.array_equal(rgb >> 8, np.asarray(image)[..., :3]):
        raise ValueError("its 16-bit pixels are read in two ways")  # turned, say, by one of the two
    if image.mode == "RGB" or alpha is None:
        return rgb, None
    if multiplied:
        shown = np.maximum(alpha, 1)[..., None].astype(np.uint64)
        rgb = np.minimum((rgb * np.uint64(65535) + shown // 2) // shown, 65535).astype(np.uint16)
    return rgb, alpha


def _wide(path: Path) -> tuple[Pixels, Pixels | None]:
    content = np.frombuffer(path.read_bytes(), np.uint8)
    decoded = cv2.imdecode(content, cv2.IMREAD_UNCHANGED)
    if decoded is None or decoded.dtype != np.uint16 or decoded.ndim != 3:
        raise ValueError("the 16-bit pixels cannot be decoded")
    pixels = np.asarray(decoded, np.uint16)
    return pixels[..., 2::-1].copy(), pixels[..., 3].copy() if pixels.shape[2] == 4 else None


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation; 1 for TIFF, which Pillow turns itself while it loads."""
    if image.format == "TIFF":
        return 1
    try:
        found = image.getexif().get(ORIENTATION, 1)
    except _BROKEN:  # remarks that cannot be read say nothing; the pixels may be good
        return 1
    return found if isinstance(found, int) else 1


def _remarks(image: Image.Image) -> Remarks:
    icc, xmp = image.info.get("icc_profile"), image.info.get("xmp") or image.info.get("XML:com.adobe.xmp")
    if isinstance(xmp, str):
        xmp = xmp.encode()
    return Remarks(
        exif=_exif(image),
        # The profile of a grey or CMYK picture says nothing of the red, green and blue that are made of it.
        icc=icc if icc and icc[16:20] == b"RGB " else None,
        xmp=upright_xmp(xmp) if isinstance(xmp, bytes) else None,
    )


def _exif(image: Image.Image) -> bytes | None:
    block = image.info.get("exif")
    if isinstance(block, bytes):
        return upright_exif(block.removeprefix(EXIF_HEAD))
    if image.format != "TIFF":
        return None
    found, kept = image.getexif(), Image.Exif()
    for tag in TIFF_TAGS:
        value = found.get_ifd(tag) if tag in FOLDED_TAGS else found.get(tag)
        if value:
            kept[tag] = value
    return kept.tobytes().removeprefix(EXIF_HEAD) if len(kept) else None
