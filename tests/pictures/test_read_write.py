"""Pictures in and out: pixels, way up, and what files say beside them."""

from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageCms, TiffImagePlugin

from pipeline.errors import InputError, UsageError
from pipeline.pictures.orientation import upright_exif
from pipeline.pictures.picture import Picture, Remarks
from pipeline.pictures.read import read_picture
from pipeline.pictures.settings import PictureSettings
from pipeline.pictures.write import encoded
from tests.pictures.written import write_picture

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
LOSSLESS, LOSSY = (".png", ".tiff", ".bmp"), (".jpg", ".webp", ".avif")


def colours(dtype=np.uint8, height=24, width=40):
    """Smooth colours, each corner another, so that every way up differs."""
    down, across = np.mgrid[:height, :width]
    rgb = np.stack([down / height, across / width, (down + across) / (height + width)], axis=2)
    return (rgb * np.iinfo(dtype).max).astype(dtype)


def exif(orientation=1, maker=b"maker's own \x00\xff bytes"):
    block = Image.Exif()
    block[0x0112], block[0x010F] = orientation, "Dashcam Works"
    block[0x8825] = {1: "N", 2: (48.0, 8.0, 14.5), 3: "E", 4: (11.0, 34.0, 31.0)}
    block[0x8769] = {0x927C: maker, 0x9003: "2026:11:24 18:17:00"}
    return block.tobytes().removeprefix(b"Exif\0\0")


@pytest.mark.parametrize("suffix", LOSSLESS + LOSSY)
def test_every_kind_is_written_and_read(tmp_path, suffix):
    path, rgb = tmp_path / f"p{suffix}", colours()
    write_picture(path, Picture(rgb), PictureSettings(quality=95))
    found = read_picture(path)
    with Image.open(path) as image:
        assert image.format == {".jpg": "JPEG"}.get(suffix, suffix[1:].upper())
    assert found.alpha is None
    assert np.abs(found.rgb.astype(int) - rgb).max() <= (0 if suffix in LOSSLESS else 8)


def test_quality_decides_the_size():
    rgb = np.random.default_rng(3).integers(0, 255, (64, 64, 3), np.uint8)
    sizes = [len(encoded(Picture(rgb), "JPEG", PictureSettings(quality))) for quality in (20, 60, 95)]
    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".avif", ".tiff"])
def test_exif_profile_and_place_go_along(tmp_path, suffix):
    path = tmp_path / f"p{suffix}"
    write_picture(path, Picture(colours(), None, Remarks(exif(), PROFILE)), PictureSettings())
    with Image.open(path) as image:
        said = image.getexif()
        assert image.info["icc_profile"] == PROFILE
        assert said[0x010F] == "Dashcam Works"
        assert said.get_ifd(0x8825)[2] == (48.0, 8.0, 14.5)
        assert said.get_ifd(0x8769)[0x927C] == b"maker's own \x00\xff bytes"
    remarks = read_picture(path).remarks
    assert remarks.icc == PROFILE
    assert b"Dashcam Works" in remarks.exif
    if suffix in (".png", ".jpg", ".webp"):
        assert remarks.exif == exif()  # to the last byte


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_xmp_goes_along_upright(tmp_path, suffix):
    packet = b'<x:xmpmeta xmlns:x="adobe:ns:meta/" tiff:Orientation="6" note="drive"/>'
    first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
    write_picture(first, Picture(colours(), None, Remarks(xmp=packet)), PictureSettings())
    found = read_picture(first)
    write_picture(second, found, PictureSettings())
    assert read_picture(second).remarks.xmp == packet.replace(b"6", b"1")


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_a_picture_is_upright_as_pillow_turns_it(tmp_path, orientation, suffix):
    from PIL import ImageOps

    path = tmp_path / f"p{suffix}"
    Image.fromarray(colours()).save(path, exif=b"Exif\0\0" + exif(orientation))
    found = read_picture(path)
    with Image.open(path) as image:
        assert np.array_equal(found.rgb, np.asarray(ImageOps.exif_transpose(image)))
    again = tmp_path / "again.jpg"
    write_picture(again, found, PictureSettings())
    with Image.open(again) as image:
        said = image.getexif()
    assert said.get(0x0112, 1) == 1
    assert said[0x010F] == "Dashcam Works"


def test_only_the_orientation_of_a_block_changes():
    turned, upright = exif(6), exif(1)
    assert turned != upright
    assert upright_exif(turned) == upright
    assert upright_exif(b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0") == (
        b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x01\0\0"
    )
    assert upright_exif(b"II*\0\x08\0\0\0\x05\0cut off") == b"II*\0\x08\0\0\0\x05\0cut off"


@pytest.mark.parametrize("alpha", [False, True])
def test_16_bit_png_keeps_its_bits(tmp_path, alpha):
    path, rgb = tmp_path / "p.png", colours(np.uint16)
    shown = rgb[..., 0].copy() if alpha else None
    write_picture(path, Picture(rgb, shown, Remarks(exif(), PROFILE, b"<x/>")), PictureSettings())
    assert path.read_bytes()[24:26] == (b"\x10\x06" if alpha else b"\x10\x02")
    found = read_picture(path)
    assert np.array_equal(found.rgb, rgb)
    assert found.alpha is None if shown is None else np.array_equal(found.alpha, shown)
    assert (found.remarks.exif, found.remarks.icc, found.remarks.xmp) == (exif(), PROFILE, b"<x/>")
    assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 2::-1], rgb)


@pytest.mark.parametrize("alpha", [False, True])
def test_16_bit_tiff_keeps_its_bits(tmp_path, alpha):
    path, rgb = tmp_path / "p.tif", colours(np.uint16, 240, 400)
    shown = rgb[..., 0].copy() if alpha else None
    write_picture(path, Picture(rgb, shown, Remarks(exif(), PROFILE, b"<x/>")), PictureSettings())
    found = read_picture(path)
    assert np.array_equal(found.rgb, rgb)
    assert found.alpha is None if shown is None else np.array_equal(found.alpha, shown)
    assert (found.remarks.icc, found.remarks.xmp) == (PROFILE, b"<x/>")
    assert np.array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)[..., 2::-1], rgb)
    with Image.open(path) as image:
        said = image.getexif()
        assert np.array_equal(np.asarray(image)[..., :3], rgb >> 8)
    assert said[0x010F] == "Dashcam Works"
    assert said.get_ifd(0x8825)[2] == (48.0, 8.0, 14.5)
    assert said.get_ifd(0x8769)[0x927C] == b"maker's own \x00\xff bytes"


def tiff_of(pixels, photometric, *tag):
    """An unpacked TIFF as others write it, with one tag more."""
    height, width, samples = pixels.shape
    tags = TiffImagePlugin.ImageFileDirectory_v2(prefix=b"II")
    said = {
        256: width,
        257: height,
        258: (16,) * samples,
        259: 1,
        262: photometric,
        277: samples,
        278: height,
    }
    for name, value in {**said, 273: 0, 279: pixels.nbytes, **dict([tag] if tag else [])}.items():
        tags[name] = value
    stream = io.BytesIO()
    tags.save(stream)
    return stream.getvalue() + pixels.astype("<u2").tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_16_bit_tiff_of_others_is_upright(tmp_path, orientation):
    path, rgb = tmp_path / "p.tif", colours(np.uint16)
    path.write_bytes(tiff_of(rgb, 2, 0x0112, orientation))
    found = read_picture(path)
    with Image.open(path) as image:
        image.load()
        assert np.array_equal(found.rgb >> 8, np.asarray(image))
    assert found.rgb.dtype == np.uint16


def test_16_bit_colours_that_were_multiplied_by_alpha_are_divided_again(tmp_path):
    rgb = np.full((2, 2, 3), 40000, np.uint16)
    content = encoded(Picture(rgb // 4, np.full((2, 2), 16384, np.uint16)), "TIFF", PictureSettings())
    entry = struct.pack("<HHIHH", 0x0152, 3, 1, 2, 0)
    assert content.count(entry) == 1
    (tmp_path / "p.tif").write_bytes(content.replace(entry, struct.pack("<HHIHH", 0x0152, 3, 1, 1, 0)))
    found = read_picture(tmp_path / "p.tif")
    assert np.abs(found.rgb.astype(int) - 40000).max() <= 2
    assert (found.alpha == 16384).all()


def test_16_bit_cmyk_is_refused(tmp_path):
    (tmp_path / "p.tif").write_bytes(tiff_of(np.zeros((2, 2, 4), np.uint16), 5))
    with pytest.raises(InputError, match="16 bit a channel in CMYK"):
        read_picture(tmp_path / "p.tif")


def test_16_bit_grey_with_alpha_keeps_its_bits(tmp_path):
    grey = (np.arange(600, dtype=np.uint16) * 100).reshape(20, 30)
    path = tmp_path / "p.png"
    write_picture(path, Picture(np.repeat(grey[..., None], 3, 2), grey), PictureSettings())
    content = path.read_bytes()
    rows = np.concatenate(
        [np.zeros((20, 1), np.uint8), np.repeat(grey, 2, 1).astype(">u2").view(np.uint8)], 1
    )
    parts = (
        (b"IHDR", content[16:24] + b"\x10\x04\0\0\0"), (b"IDAT", zlib.compress(rows.tobytes())), (b"IEND", b"")
    )  # fmt: skip
    path.write_bytes(content[:8] + chunks(parts))
    found = read_picture(path)
    assert np.array_equal(found.rgb[..., 1], grey)
    assert np.array_equal(found.alpha, grey)


def test_16_bit_grey_is_read_as_three_equal_colours(tmp_path):
    grey = (np.arange(600, dtype=np.uint16) * 100).reshape(20, 30)
    Image.fromarray(grey).save(tmp_path / "p.png")
    assert np.array_equal(read_picture(tmp_path / "p.png").rgb, np.repeat(grey[..., None], 3, axis=2))


def test_16_bit_becomes_8_where_the_kind_has_no_more():
    rgb, alpha = Picture(np.array([[[0, 65535, 257 * 100 + 128]]], np.uint16)).in_8_bit()
    assert rgb.tolist() == [[[0, 255, 100]]]
    assert alpha is None


def test_palette_grey_and_transparency(tmp_path):
    palette = Image.fromarray(colours()).quantize(16)
    palette.save(tmp_path / "p.gif")
    assert np.array_equal(read_picture(tmp_path / "p.gif").rgb, np.asarray(palette.convert("RGB")))
    clear = Image.new("P", (4, 2), 1)
    clear.putpalette([0, 0, 0, 200, 100, 50])
    clear.putpixel((0, 0), 0)
    clear.save(tmp_path / "p.png", transparency=0)
    found = read_picture(tmp_path / "p.png")
    assert found.alpha.tolist() == [[0, 255, 255, 255], [255] * 4]
    assert found.rgb[1, 1].tolist() == [200, 100, 50]
    Image.new("LA", (3, 2), (90, 128)).save(tmp_path / "la.png")
    assert read_picture(tmp_path / "la.png").alpha.tolist() == [[128] * 3] * 2
    Image.new("1", (3, 2), 1).save(tmp_path / "one.png")
    assert (read_picture(tmp_path / "one.png").rgb == 255).all()


def test_what_is_transparent_lies_over_white_in_a_jpeg(tmp_path):
    alpha = np.zeros((16, 16), np.uint8)
    write_picture(tmp_path / "p.jpg", Picture(np.zeros((16, 16, 3), np.uint8), alpha), PictureSettings())
    assert (read_picture(tmp_path / "p.jpg").rgb == 255).all()


def test_cmyk_is_read_without_a_profile_that_does_not_fit(tmp_path):
    cmyk = b"\0" * 16 + b"CMYK" + b"\0" * 108
    Image.new("CMYK", (16, 16), (0, 255, 255, 0)).save(tmp_path / "p.jpg", icc_profile=cmyk)
    found = read_picture(tmp_path / "p.jpg")
    assert found.remarks.icc is None
    assert np.abs(found.rgb[8, 8].astype(int) - (255, 0, 0)).max() < 4


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "AVIF", "TIFF"])
def test_an_animation_and_pages_are_refused_and_a_single_frame_is_not(tmp_path, kind):
    path, frames = tmp_path / "p", [Image.new("RGB", (8, 8), (90 * number, 0, 0)) for number in range(3)]
    frames[0].save(path, kind, save_all=True, append_images=frames[1:])
    several = "has 3 pages" if kind == "TIFF" else "is an animation.*\n  found: 3 frames\n  do: .*video"
    with pytest.raises(InputError, match=several):
        read_picture(path)
    frames[2].save(path, kind, save_all=True)
    assert read_picture(path).rgb[4, 4, 0] >= 170


def test_a_page_that_is_the_same_picture_made_smaller_is_no_other(tmp_path):
    small = Image.new("RGB", (4, 4))
    small.encoderinfo = {"tiffinfo": {0x00FE: 1}}
    Image.new("RGB", (8, 8), "red").save(tmp_path / "p.tif", save_all=True, append_images=[small])
    with Image.open(tmp_path / "p.tif") as image:
        assert image.n_frames == 2
    assert read_picture(tmp_path / "p.tif").width == 8


def test_a_photograph_with_another_behind_it_is_one_picture(tmp_path):
    """Telephones put a preview, or what a bright screen shows, behind a JPEG."""
    Image.new("RGB", (16, 16), "red").save(
        tmp_path / "p.jpg", "MPO", save_all=True, append_images=[Image.new("RGB", (8, 8))]
    )
    assert read_picture(tmp_path / "p.jpg").width == 16


def png_that_claims(width, height):
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + chunks(parts)


def chunks(parts):
    return b"".join(
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in parts
    )


@pytest.mark.parametrize(("width", "height"), [(60000, 60000), (13400, 13400)])
def test_a_decompression_bomb_is_refused(tmp_path, width, height):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_that_claims(width, height))
    with pytest.raises(InputError, match="too large"):
        read_picture(path)


def test_a_large_picture_is_no_bomb_and_warns_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 900)
    write_picture(tmp_path / "p.png", Picture(colours()), PictureSettings())
    assert read_picture(tmp_path / "p.png").width == 40


@pytest.mark.parametrize("cut", [0, 1, 8, 60, 200, -30])
@pytest.mark.parametrize("suffix", LOSSLESS + LOSSY)
def test_a_broken_picture_is_told(tmp_path, suffix, cut):
    rgb = np.random.default_rng(5).integers(0, 255, (64, 64, 3), np.uint8)
    path = tmp_path / f"p{suffix}"
    write_picture(path, Picture(rgb), PictureSettings())
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(InputError):
        read_picture(path)


def test_an_empty_file_is_called_so(tmp_path):
    (tmp_path / "p.jpg").touch()
    with pytest.raises(InputError, match="an empty file"):
        read_picture(tmp_path / "p.jpg")


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_a_cut_16_bit_picture_is_told(tmp_path, kind):
    rgb = np.random.default_rng(5).integers(0, 65535, (64, 64, 3), np.uint16)
    (tmp_path / "p").write_bytes(encoded(Picture(rgb), kind, PictureSettings())[:-4000])
    with pytest.raises(InputError, match="broken"):
        read_picture(tmp_path / "p")


def test_kinds_that_run_programs_stay_shut(tmp_path):
    stream = io.BytesIO()
    Image.new("RGB", (4, 4)).save(stream, "EPS")
    (tmp_path / "p.png").write_bytes(stream.getvalue())
    with pytest.raises(InputError, match="no picture that can be read"):
        read_picture(tmp_path / "p.png")


def test_names_that_say_no_kind_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"\.xyz"):
        write_picture(tmp_path / "p.xyz", Picture(colours()), PictureSettings())
    with pytest.raises(InputError, match="no picture at"):
        read_picture(tmp_path / "none.png")
