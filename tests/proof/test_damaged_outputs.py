"""verify on outputs that were damaged afterwards: each kind is named by the check that is made for it."""

from __future__ import annotations

import os
import shutil

import ffmpeg
import pytest

from pipeline.proof.verify import verify
from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file

FRAMES = 24
#: Encodes the pictures anew, finely, at their old times.
FINE = {
    "c": "copy",
    "c:v": "libx264",
    "crf": 12,
    "bf": 0,
    "fps_mode": "passthrough",
    "video_track_timescale": 15360,
}
COPY = {"c": "copy", "video_track_timescale": 15360, "metadata:s:a:0": "title=Cabin"}
CHAPTERS = """;FFMETADATA1
title=A drive
[CHAPTER]
TIMEBASE=1/1000
START=0
END=300
title=Town
[CHAPTER]
TIMEBASE=1/1000
START=300
END={end}
title=Country
"""
SWAPPED = " ".join(map(str, [*range(10), 11, 10, *range(12, FRAMES)]))


def marks(folder, end):
    path = folder / f"chapters{end}.txt"
    path.write_text(CHAPTERS.format(end=end))
    return str(path)


def words(folder, end):
    path = folder / f"words{end}.srt"
    path.write_text(f"1\n00:00:00,100 --> 00:00:00,{end}\nHello\n\n2\n00:00:00,600 --> 00:00:00,750\nAgain\n")
    return path


def write_source(folder):
    """Colours that move, two tracks of sound of which one has a title, subtitles and chapters."""
    tones = [ffmpeg.input(f"sine=f={pitch}:d=0.8", f="lavfi") for pitch in (300, 500)]
    inputs = [ffmpeg.input(f"testsrc2=s=320x192:r=30:d={FRAMES / 30}", f="lavfi"), *tones]
    options = {"c:v": "libx264", "crf": 10, "g": 8, "pix_fmt": "yuv420p", "c:a": "aac", "c:s": "mov_text"}
    titled = {"metadata:s:a:0": "title=Cabin", "disposition:a:1": "0", "video_track_timescale": 15360}
    made = to_file(
        folder / "in.mp4", *inputs, from_file(words(folder, 400)), map_chapters=4, **options, **titled
    )
    run_ffmpeg(with_chapters(made, folder, 800), timeout_seconds=60)


def with_chapters(made, folder, end):
    """The command with one more input, which has the chapters."""
    return made.global_args("-f", "ffmetadata", "-i", marks(folder, end))


@pytest.fixture
def made(work, tmp_path, kept):
    """The output of a run, beside its source."""
    if not (kept / "out.mp4").exists():
        write_source(kept)
        work([kept / "in.mp4"], kept / "out.mp4", chunk_frames=8)
    shutil.copytree(kept, tmp_path, dirs_exist_ok=True)
    return tmp_path / "out.mp4"


@pytest.fixture
def source(made):
    return made.with_name("in.mp4")


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    return tmp_path_factory.mktemp("kept")


def damaged(made, streams=("v", "a", "s"), **options):
    """The output made anew by ffmpeg, in its place."""
    other, old = made.with_name("other.mp4"), from_file(made)
    run_ffmpeg(to_file(other, *(old[name] for name in streams), **options), timeout_seconds=60)
    other.replace(made)


def faults(source, made):
    return {check.name for check in verify(source, made).checks if check.holds is False}


def states(source, made):
    return {check.name: check.holds for check in verify(source, made).checks}


def test_a_copy_of_the_output_is_the_same_video_with_the_record_and_without(source, made):
    assert faults(source, made) == set()
    damaged(made, **COPY)
    assert faults(source, made) == {"published file"}
    shutil.rmtree(made.with_name("out.mp4.seg-run"))
    found = states(source, made)
    unchecked = {name for name, holds in found.items() if holds is None}
    assert unchecked == {"untouched pixels", "painted pixels", "published file"}
    assert False not in found.values()


PICTURES = {
    "one frame black": ("drawbox=t=fill:color=black:enable='eq(n,9)'", "untouched pixels", "pictures"),
    "two frames swapped": (f"shuffleframes={SWAPPED}", "frame order", "frame order"),
    "a region painted over": ("drawbox=x=16:y=120:w=48:h=40:t=fill:color=gray", "untouched pixels", None),
    "all colour gone": ("hue=s=0", "untouched pixels", "pictures"),
    "U and V exchanged": ("swapuv", "untouched pixels", "pictures"),
    "a little brighter": ("lutyuv=y=val+2", "untouched pixels", None),
    "a region blurred": (
        "split[a][b];[b]crop=96:64:200:16,gblur=sigma=3[c];[a][c]overlay=200:16", "untouched pixels", None,
    ),
    "a small region blurred": (
        "split[a][b];[b]crop=24:8:160:72,gblur=sigma=3[c];[a][c]overlay=160:72", "untouched pixels", None,
    ),
    "a faint checker": (
        "geq=lum='lum(X,Y)+if(mod(X+Y,2),2,-2)':cb='cb(X,Y)':cr='cr(X,Y)'", "untouched pixels", None,
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", PICTURES)
def test_other_pictures_are_noticed_with_the_record_and_most_without(source, made, kind):
    vf, check, alone = PICTURES[kind]
    damaged(made, **FINE, **{"metadata:s:a:0": "title=Cabin"}, vf=vf)
    assert check in faults(source, made)
    shutil.rmtree(made.with_name("out.mp4.seg-run"))
    assert (alone in faults(source, made)) if alone else faults(source, made) == set()


def test_without_its_last_frame_it_is_told_without_a_traceback(source, made):
    damaged(made, **COPY, **{"frames:v": FRAMES - 1})
    assert "frames" in faults(source, made)


STREAMS = {
    "another codec tag": ({**COPY, "tag:v": "avc3"}, "codec tag"),
    "another track title": ({**COPY, "metadata:s:a:0": "title=Another"}, "track 1: sound aac"),
    "a default flag moved": (
        {**COPY, "disposition:a:0": "0", "disposition:a:1": "default"},
        "track 1: sound aac",
    ),
    "forced subtitles": ({**COPY, "disposition:s:0": "default+forced"}, "track 3: subtitles mov_text"),
    "a tag that was not there": ({**COPY, "metadata": "artist=Nobody"}, "metadata"),
    "another chroma location": (
        {**COPY, "bsf:v": "h264_metadata=chroma_sample_loc_type=3"},
        "chroma location",
    ),
    "another clock in the pictures": (
        {**COPY, "bsf:v": "h264_metadata=tick_rate=10"},
        "clock in the pictures",
    ),
    "sound first": ({**COPY, "streams": ("a:0", "v", "a:1", "s")}, "order of tracks"),
}


@pytest.mark.parametrize("kind", STREAMS)
def test_what_else_is_changed_is_named(source, made, kind):
    options, check = STREAMS[kind]
    damaged(made, **options)
    assert check in faults(source, made)


def test_subtitles_that_end_elsewhere_are_noticed(source, made, tmp_path):
    old, other = from_file(made), tmp_path / "other.mp4"
    texts = from_file(words(tmp_path, 500))
    run_ffmpeg(to_file(other, old["v"], old["a"], texts, **{**COPY, "c:s": "mov_text"}), timeout_seconds=60)
    assert "track 3: subtitles mov_text" in faults(source, other)


def test_a_chapter_that_ends_elsewhere_is_noticed(source, made, tmp_path):
    old, other = from_file(made), tmp_path / "other.mp4"
    copied = to_file(other, *(old[name] for name in ("v", "a", "s")), map_chapters=1, **COPY)
    run_ffmpeg(with_chapters(copied, tmp_path, 700), timeout_seconds=60)
    assert "chapters" in faults(source, other)


@pytest.fixture
def plain_sound(tmp_path):
    """Two files that differ in the byte order of their samples."""
    for codec in ("pcm_s16le", "pcm_s16be"):
        tone = ffmpeg.input("sine=f=300:d=0.5", f="lavfi")
        picture = ffmpeg.input("testsrc2=s=64x48:r=10:d=0.5", f="lavfi")
        made = to_file(tmp_path / f"{codec}.mov", picture, tone, **{"c:v": "libx264", "c:a": codec})
        run_ffmpeg(made, timeout_seconds=60)
    return tmp_path / "pcm_s16le.mov"


def test_sound_in_another_byte_order_is_noticed(plain_sound):
    checks = verify(plain_sound, plain_sound.with_name("pcm_s16be.mov")).checks
    (check,) = (check for check in checks if "sound" in check.name)
    assert check.holds is False
    assert "pcm_s16be instead of pcm_s16le" in check.note


def test_sound_at_another_rate_is_noticed(plain_sound, tmp_path):
    content = bytearray(plain_sound.read_bytes())
    at = content.index(b"sowt") + 28
    assert int.from_bytes(content[at : at + 2], "big") == 44100
    content[at : at + 2] = (22050).to_bytes(2, "big")
    (tmp_path / "slow.mov").write_bytes(content)
    checks = verify(plain_sound, tmp_path / "slow.mov").checks
    (check,) = (check for check in checks if "sound" in check.name)
    assert "sample rate 22050 instead of 44100" in check.note


def test_another_attachment_is_noticed(tmp_path):
    for name in ("one", "two"):
        (tmp_path / "font.ttf").write_bytes(name.encode() * 50)
        picture = ffmpeg.input("testsrc2=s=64x48:r=10:d=0.5", f="lavfi")
        attached = {
            "attach": str(tmp_path / "font.ttf"),
            "metadata:s:t": "mimetype=font/ttf",
            "c:v": "libx264",
        }
        run_ffmpeg(to_file(tmp_path / f"{name}.mkv", picture, **attached), timeout_seconds=60)
    assert any("attachment" in name for name in faults(tmp_path / "one.mkv", tmp_path / "two.mkv"))
    same = shutil.copy(tmp_path / "one.mkv", tmp_path / "same.mkv")
    assert not any("attachment" in name for name in faults(tmp_path / "one.mkv", same))


def test_the_record_of_another_account_is_not_used(source, made, monkeypatch):
    own = os.geteuid()
    monkeypatch.setattr("pipeline.record.layout.os.geteuid", lambda: own + 1)
    found = {check.name: check for check in verify(source, made).checks}
    assert found["untouched pixels"].holds is None
    assert f"belongs to user {own}" in found["untouched pixels"].note
    assert found["pictures"].holds is True


def test_the_record_of_another_source_is_not_used(source, made):
    content = source.read_bytes()
    source.write_bytes(content + b"\0\0\0\x08free")  # another file that holds the same video
    found = {check.name: check for check in verify(source, made).checks}
    assert found["untouched pixels"].holds is None
    assert "of another source" in found["untouched pixels"].note
    assert found["pictures"].holds is True


HEADERS = {
    "played faster": (b"mvhd", 24, b"\0\2\0\0"),
    "sheared": (b"tkhd", 44, b"\0\0\x80\0"),
    "an edit played faster": (b"elst", 20, b"\0\2\0\0"),
}


@pytest.mark.parametrize("kind", HEADERS)
def test_a_header_that_asks_players_for_something_else_is_noticed(source, made, kind):
    box, offset, word = HEADERS[kind]
    content = bytearray(made.read_bytes())
    at = content.index(box) + offset
    content[at : at + len(word)] = word
    made.write_bytes(content)
    assert "container" in faults(source, made)


def test_an_edit_that_begins_a_tick_before_the_first_picture_is_noticed(source, made):
    content = bytearray(made.read_bytes())
    at = content.index(b"elst") + 16
    begins = int.from_bytes(content[at : at + 4], "big")
    content[at : at + 4] = (begins - 1).to_bytes(4, "big")
    made.write_bytes(content)
    check = next(check for check in verify(source, made).checks if check.holds is False)
    assert (check.name, "1 ticks after the track begins" in check.note + check.output) == ("container", True)


def test_another_language_of_the_video_is_noticed(source, made):
    damaged(made, **COPY, **{"metadata:s:v:0": "language=fra"})
    assert "metadata" in faults(source, made)
