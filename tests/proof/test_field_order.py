"""Interlaced sources: the output says which field comes first, as the source did, and verify compares it."""

from __future__ import annotations

import shutil

import ffmpeg
import pytest

from pipeline.proof.verify import verify
from pipeline.video.read.facts import read_facts
from pipeline.video.read.probe import probe
from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file

ORDERS = {"tff": "top field first", "bff": "bottom field first"}


@pytest.fixture(params=ORDERS)
def interlaced(request, tmp_path):
    """12 frames of two fields each, and their order."""
    scan = f"interlace=scan={request.param},setfield={request.param}"
    picture = ffmpeg.input(f"testsrc2=s=160x96:r=50:d=0.48,{scan}", f="lavfi")
    options = {"c:v": "mpeg2video", "flags": "+ildct+ilme", "q:v": 2}
    run_ffmpeg(to_file(tmp_path / "in.mpg", picture, **options), timeout_seconds=60)
    return tmp_path / "in.mpg", ORDERS[request.param]


def field_check(source, output):
    return next((check for check in verify(source, output).checks if check.name == "field order"), None)


@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_an_interlaced_source_stays_so_for_players_too(work, interlaced, name):
    source, order = interlaced
    work([source], source.with_name(name), chunk_frames=6)
    assert probe(source.with_name(name)).field_order == order
    proof = verify(source, source.with_name(name))
    assert proof.holds
    assert next(check for check in proof.checks if check.name == "field order").output == order


@pytest.mark.parametrize("suffix", [".mov", ".mkv"])
def test_the_order_is_the_pictures_own_word(interlaced, suffix):
    source, order = interlaced
    other = source.with_suffix(suffix)  # QuickTime and Matroska have one number for both orders
    run_ffmpeg(
        to_file(other, from_file(source), vcodec="mpeg2video", flags="+ildct+ilme"), timeout_seconds=60
    )
    assert probe(other).field_order == order


@pytest.mark.parametrize(("suffix", "word"), [(".mov", b"fiel"), (".mkv", b"\x9d\x81")])
def test_another_order_in_the_header_is_noticed(interlaced, suffix, word):
    source, _ = interlaced
    other = source.with_suffix(suffix)
    run_ffmpeg(
        to_file(other, from_file(source), vcodec="mpeg2video", flags="+ildct+ilme"), timeout_seconds=60
    )
    assert read_facts(probe(other), decode=False).header == ()
    content = bytearray(other.read_bytes().replace(b"\xbf\x84", b"\xec\x84"))
    at = content.index(word) + len(word) + word.count(b"fiel")
    content[at] = 6 if content[at] in (1, 9) else 1
    other.write_bytes(content)
    assert "order of fields" in " ".join(read_facts(probe(other), decode=False).header)


def test_deinterlaced_frames_are_called_progressive(work, interlaced):
    source, _ = interlaced
    output = source.with_name("out.mp4")
    work([source], output, deinterlace=True)
    assert probe(output).field_order == "progressive"
    assert field_check(source, output) is None
    shutil.rmtree(source.with_name("out.mp4.seg-run"))
    assert field_check(source, output).holds is None


def test_an_output_that_lost_its_fields_or_has_others_is_noticed(work, interlaced):
    source, order = interlaced
    output = source.with_name("out.mp4")
    work([source], output)
    other = "bff" if order == ORDERS["tff"] else "tff"
    for filters in ({}, {"vf": f"setfield={other}", "flags": "+ildct+ilme", "x264-params": f"{other}=1"}):
        damaged = source.with_name("damaged.mp4")
        run_ffmpeg(
            to_file(
                damaged, from_file(output), vcodec="libx264", crf=12, video_track_timescale=90000, **filters
            ),
            timeout_seconds=60,
        )
        shutil.copytree(
            source.with_name("out.mp4.seg-run"), source.with_name("damaged.mp4.seg-run"), dirs_exist_ok=True
        )
        assert field_check(source, damaged).holds is False


def test_an_encoder_that_cannot_tell_is_named_before_anything_is_inferred(work, interlaced):
    source, order = interlaced
    _, events = work([source], source.with_name("out.mp4"), encoder="libx265")
    told = [str(event) for event in events]
    assert any("libx265 cannot signal to players" in words for words in told)
    check = field_check(source, source.with_name("out.mp4"))
    assert (check.holds, check.source, check.output) == (False, order, "progressive")
