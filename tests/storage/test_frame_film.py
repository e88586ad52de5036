"""A folder of numbered frames is read as a film: in order, whole, from any place."""

from __future__ import annotations

import io
import random
import subprocess
import sys
from fractions import Fraction

import av
import pytest
from PIL import Image, ImageCms

from pipeline.errors import InputError, UsageError
from pipeline.storage.frame_film import FrameFilm, check_alike, film_facts, frames_of, gaps_in, torn_frames
from pipeline.structures.address import FrameFolder, place_of


@pytest.fixture
def folder(tmp_path):
    return FrameFolder(tmp_path, Fraction(30000, 1001))


def write(folder, names, size=(64, 48), mode="RGB"):
    """Pictures that are told apart by their grey: 16 more with each."""
    for number, name in enumerate(names):
        grey = Image.new("L", size, 16 * number)
        grey.convert(mode).save(folder.folder / name)


def test_frames_come_by_their_numbers_and_other_files_are_left_out(folder):
    write(folder, ["f10.png", "f9.png", "f100.png"])
    (folder.folder / "times.txt").write_text("0 1 2")
    assert [path.name for path in frames_of(folder)] == ["f9.png", "f10.png", "f100.png"]


def test_a_record_s_name_of_the_folder_is_read_back(folder):
    assert place_of(str(folder)) == folder
    assert (folder.name, folder.stem, folder.suffix) == (folder.folder.name, folder.folder.name, "")


@pytest.mark.parametrize(
    ("ending", "mode"), [("png", "RGB"), ("png", "P"), ("png", "RGBA"), ("jpg", "RGB"), ("tif", "L")]
)
def test_ffmpeg_reads_each_frame_of_it_with_its_time(folder, ending, mode):
    write(folder, [f"{number:03}.{ending}" for number in range(4)], mode=mode)
    with FrameFilm(folder) as film, av.open(film) as container:
        frames = list(container.decode(video=0))
    assert [frame.time for frame in frames] == pytest.approx([number * 1001 / 30000 for number in range(4)])
    for number, frame in enumerate(frames):
        assert abs(int(frame.to_ndarray(format="gray")[9, 9]) - 16 * number) < 4


_PROBES = """
import gc, sys
from fractions import Fraction
from pathlib import Path
from pipeline.structures.address import FrameFolder
from pipeline.video.read.probe import probe
print(len(probe(FrameFolder(Path(sys.argv[1]), Fraction(25))).pts))
gc.collect()
"""


def test_the_named_profile_of_a_png_does_not_end_the_process(folder):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    for number in range(3):
        Image.new("RGB", (64, 48)).save(folder.folder / f"{number}.png", icc_profile=profile)
    words = [sys.executable, "-c", _PROBES, str(folder.folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "3\n"), done.stderr


def test_its_bytes_are_the_same_from_wherever_they_are_read(folder):
    write(folder, [f"{number}.png" for number in range(5)])
    with io.BufferedReader(FrameFilm(folder)) as film:
        whole = film.read()
        assert len(whole) == film_facts(folder).size
        assert whole.endswith(b"".join(path.read_bytes() for path in frames_of(folder)))
        places = random.Random(3)
        for place in (places.randrange(len(whole)) for _ in range(50)):
            film.seek(place)
            assert film.read(99) == whole[place : place + 99]


def test_its_tag_changes_with_any_frame_and_with_the_rate(folder):
    write(folder, ["1.png", "2.png"])
    tag = film_facts(folder).etag
    assert film_facts(folder).etag == tag
    assert film_facts(FrameFolder(folder.folder, Fraction(25))).etag != tag
    (folder.folder / "1.png").touch()
    assert film_facts(folder).etag != tag


def test_a_frame_that_goes_away_or_shrinks_is_no_end_of_the_film(folder):
    write(folder, ["1.png", "2.png", "3.png"])
    films = [io.BufferedReader(FrameFilm(folder)) for _ in range(2)]
    (folder.folder / "3.png").write_bytes(b"-")
    (folder.folder / "2.png").rename(folder.folder / "2.away")
    for place, words in ((-2, "was changed"), (-300, "cannot be opened")):
        film = films.pop()
        film.seek(place, io.SEEK_END)
        with film, pytest.raises(InputError, match=words):
            film.read()
        assert film.raw.failure is not None


@pytest.mark.parametrize(
    ("names", "gaps"),
    [
        (["f1.png", "f2.png", "f3.png", "f7.png", "f8.png"], [("f3.png", "f7.png")]),
        (["0.png", "5.png", "10.png", "20.png"], [("10.png", "20.png")]),
        (["1305.17.png", "1305.24.png", "1305.99.png", "1306.02.png"], []),
        (["1001.png", "1034.png", "1069.png"], []),
    ],
    ids=["some", "each fifth", "seconds", "milliseconds"],
)
def test_missing_numbers_are_told_where_the_others_follow_a_step(folder, names, gaps):
    write(folder, names, size=(2, 2))
    assert gaps_in(folder) == gaps


def test_what_is_no_film_is_refused_in_a_line(folder, tmp_path):
    with pytest.raises(InputError, match="holds no frames"):
        frames_of(folder)
    write(folder, ["1.png", "2.png"])
    write(folder, ["3.png"], size=(66, 48))
    with pytest.raises(UsageError, match="of 66x48 behind png of 64x48"):
        check_alike(folder)
    write(folder, ["3.tif"])
    (tmp_path / "3.png").unlink()
    with pytest.raises(UsageError, match="tiff of 64x48 behind png"):
        check_alike(folder)
    (tmp_path / "3.tif").write_bytes(b"no picture")
    with pytest.raises(InputError, match="no picture that can be read"):
        check_alike(folder)
    write(folder, ["right_1.png"])
    with pytest.raises(UsageError, match="more than one film"):
        frames_of(folder)
    with pytest.raises(InputError, match="Not a directory"):
        frames_of(FrameFolder(tmp_path / "1.png", Fraction(25)))


def test_a_jpeg_that_ends_too_soon_is_told(folder):
    write(folder, ["1.jpg", "2.jpg"])
    assert torn_frames(folder) == []
    whole = (folder.folder / "2.jpg").read_bytes()
    (folder.folder / "2.jpg").write_bytes(whole[: len(whole) - 20])
    assert torn_frames(folder) == ["2.jpg ends before its picture does"]


def with_preview(path, **how):
    """A JPEG of noise, which takes more than 8 kB, with a small JPEG in its EXIF; where that one ends."""
    small = io.BytesIO()
    Image.new("L", (64, 48)).save(small, "JPEG")
    noise = Image.frombytes("L", (160, 120), random.Random(7).randbytes(160 * 120))
    noise.save(path, exif=b"Exif\0\0" + bytes(900) + small.getvalue(), **how)
    return path.read_bytes().index(b"\xff\xd9") + 2


@pytest.mark.parametrize("how", [{"quality": 60}, {"quality": 60, "progressive": True}])
def test_the_end_of_a_preview_is_not_that_of_the_picture(folder, how):
    path = folder.folder / "1.jpg"
    preview = with_preview(path, **how)
    whole = path.read_bytes()
    assert torn_frames(folder) == []
    assert len(whole) > 8000
    for size in (preview, preview + 9, preview + 700, preview + 2000, preview + 4000, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert torn_frames(folder) == ["1.jpg ends before its picture does"], size
    path.write_bytes(whole[: preview + 2000] + bytes(len(whole)))  # a machine that lost its power
    assert torn_frames(folder) == ["1.jpg ends before its picture does"]


@pytest.mark.parametrize("more", [b"SEFT", bytes(5000), bytes((1 << 20) + 5000), b"\xff\xd8 and a half"])
def test_what_cameras_put_behind_a_picture_is_not_its_end(folder, more):
    path = folder.folder / "1.jpg"
    with_preview(path)
    path.write_bytes(path.read_bytes() + more)
    assert torn_frames(folder) == []


def test_the_end_is_found_where_two_pieces_meet(folder):
    path = folder.folder / "1.jpg"
    scan = b"\xff\xd8\xff\xff\xda"
    path.write_bytes(scan + bytes((1 << 20) - 1) + b"\xff\xd9" + bytes(5000))
    assert torn_frames(folder) == []


@pytest.mark.parametrize(
    "begun", [b"\xff\xd8", b"\xff\xd8\xff\xd9", b"\xff\xd8\xff\xe1\xff\xff\xff\xd9", b"\xff\xd8\xff\xe1\0"]
)
def test_a_jpeg_without_a_scan_has_no_end(folder, begun):
    (folder.folder / "1.jpg").write_bytes(begun)
    assert torn_frames(folder) == ["1.jpg ends before its picture does"]


def test_what_is_a_jpeg_is_told_by_its_content(folder):
    Image.new("L", (64, 48)).save(folder.folder / "1.jpg", "PNG")
    assert torn_frames(folder) == []
    (folder.folder / "1.jpg").unlink()
    with_preview(folder.folder / "1.png", format="JPEG")
    assert torn_frames(folder) == []
    whole = (folder.folder / "1.png").read_bytes()
    (folder.folder / "1.png").write_bytes(whole[:5500])
    assert torn_frames(folder) == ["1.png ends before its picture does"]
