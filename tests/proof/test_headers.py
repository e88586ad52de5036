"""verify on outputs with one word of the header changed, which FFmpeg passes over and other players obey."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace

import ffmpeg
import numpy as np
import pytest
from av.packet import Packet

from pipeline.proof.verify import verify
from pipeline.video.headers.codec_header import codec_header_faults, noting_sequences
from pipeline.video.read.probe import probe
from pipeline.video.read.source import open_source
from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file

CHAPTERS = """;FFMETADATA1
[CHAPTER]
TIMEBASE=1/1000
START=0
END=400
title=Town
[CHAPTER]
TIMEBASE=1/1000
START=400
END=800
title=Country
"""
COLOURS = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """One film with sound and chapters in MP4, MOV and Matroska, in H.264, and in MP4 in H.265 and AV1."""
    folder = tmp_path_factory.mktemp("films")
    (folder / "chapters.txt").write_text(CHAPTERS)
    picture = ffmpeg.input(f"testsrc2=s=160x96:r=25:d=0.8,format=yuv420p,{COLOURS}", f="lavfi")
    tone = ffmpeg.input("sine=f=300:d=0.8", f="lavfi")
    for name, codec in {"h264": "libx264", "hevc": "libx265", "av1": "libsvtav1"}.items():
        light = {"x265-params": "max-cll=1000,400:log-level=error", "tag:v": "hvc1"}
        tag = light if name == "hevc" else {}
        options = {"c:v": codec, "g": 8, "c:a": "aac", "map_chapters": 2, **tag}
        made = to_file(folder / f"{name}.mp4", picture, tone, **options)
        made = made.global_args("-f", "ffmetadata", "-i", str(folder / "chapters.txt"))
        run_ffmpeg(made, timeout_seconds=60)
    for name in ("h264.mov", "h264.mkv", "hevc.mkv"):
        whole = from_file(folder / f"{name[:4]}.mp4")
        run_ffmpeg(to_file(folder / name, whole, c="copy"), timeout_seconds=60)
    return folder


def faults(source, output, *, quick=True):
    return {check.name for check in verify(source, output, quick=quick).checks if check.holds is False}


@pytest.mark.parametrize("name", ["h264.mp4", "hevc.mp4", "av1.mp4", "h264.mov", "h264.mkv"])
def test_a_header_as_ffmpeg_writes_it_has_no_fault(films, tmp_path, name):
    assert faults(films / name, shutil.copy(films / name, tmp_path / name), quick=False) == set()


def box(name, content=b""):
    return (8 + len(content)).to_bytes(4, "big") + name + content


def added(new, *path):
    """A box at the end of another one, each of the path the first of its name; the media lie before the header."""
    return lambda content: _added(content, 0, new, path)


def _added(content, begin, new, path):
    at = begin
    while content[at + 4 : at + 8] != path[0]:
        at += int.from_bytes(content[at : at + 4], "big")
    size = int.from_bytes(content[at : at + 4], "big")
    inner = content[: at + size] + new + content[at + size :]
    if path[1:]:
        inside = at + (16 if path[0] == b"stsd" else 8)
        inner = _added(content, inside, new, path[1:])
    return inner[:at] + (size + len(new)).to_bytes(4, "big") + inner[at + 4 :]


def put(find, offset, new):
    """Bytes at an offset from the first place of a mark."""

    def do(content):
        at = content.index(find) + offset
        assert content[at : at + len(new)] != new
        return content[:at] + new + content[at + len(new) :]

    return do


def put_behind(mark, find, offset, new):
    """The same from the first place behind another mark."""

    def do(content):
        at = content.index(mark)
        return content[:at] + put(find, offset, new)(content[at:])

    return do


def without_a_box(name):
    """A box of the header is called by the name of one that is passed over."""
    return put(name, 0, b"free")


def appended(new):
    return lambda content: content + new


#: The boxes around a description of the video.
DESCRIBED = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")

MP4 = {
    "the width of display": put(b"tkhd", 80, b"\0\x10"),
    "the height of display": put(b"tkhd", 84, b"\0\x10"),
    "a layer": put(b"tkhd", 36, b"\0\1"),
    "not in the film": put(b"tkhd", 7, b"\1"),
    "not enabled": put(b"tkhd", 7, b"\2"),
    "the track's length": put(b"tkhd", 24, b"\0\x7f"),
    "the film's length": put(b"mvhd", 20, b"\0\x7f"),
    "the media's length": put(b"mdhd", 20, b"\0\x7f"),
    "the film's matrix": put(b"mvhd", 40, b"\0\2"),
    "sound from one side": put(b"smhd", 8, b"\1\0"),
    "pictures mixed with others": put(b"vmhd", 8, b"\0\x20"),
    "media in another file": put(b"url ", 7, b"\0"),
    "the level": put(b"avcC", 7, b"\x0a"),
    "the profile": put(b"avcC", 5, b"\x42"),
    "the depth": put(b"avcC", 4 + 46, b"\xfa"),
    "the size": put(b"avc1" + bytes(6), 28, b"\0\x10"),
    "bits a pixel": put(b"avc1" + bytes(6), 4 + 74, b"\0\x28"),
    "another kind of track": put(b"hdlr", 12, b"auxv"),
    "an alternative to other tracks": put(b"tkhd", 38, b"\0\1"),
    "many pictures in a packet": put(b"avc1" + bytes(6), 4 + 40, b"\0\2"),
    "the brand": put(b"ftyp", 4, b"qt  "),
    "a brand of sound": put(b"ftyp", 4, b"M4A "),
    "the compatible brands": put(b"isomiso2avc1mp41", 0, b"heicheicheicheic"),
    "another title in the list of chapters": put(b"\4Town", 0, b"\4Twon"),
    "samples a second": put(b"mp4a\0", 28, b"\x1f\x40"),
    "channels of sound": put(b"mp4a\0\0\0\0", 4 + 16, b"\0\6"),
    "a box that no player expects": put(b"sgpd", 0, b"junk"),
    "no track names the chapters": lambda content: content.replace(b"chap", b"free"),
    "where to begin": put(b"mvhd", 4 + 92, b"\0\0\1\0"),
    "an aperture": added(box(b"tapt", box(b"clef", bytes(4) + b"\0\x50\0\0\0\x30\0\0")), b"moov", b"trak"),
    "a globe of a vendor": added(box(b"uuid", bytes(16)), b"moov", b"trak"),
    "a longer name of a language": added(box(b"elng", bytes(4) + b"fr-FR\0"), b"moov", b"trak", b"mdia"),
    "to be played in a loop": added(box(b"LOOP", bytes(4)), b"moov", b"udta"),
    "a key to the pictures": added(box(b"sinf", box(b"frma", b"avc1")), *DESCRIBED, b"avc1"),
    "another decoder": added(box(b"dvcC", b"\1" + bytes(23)), *DESCRIBED, b"avc1"),
    "the colours of a profile": added(box(b"colr", b"prof" + bytes(128)), *DESCRIBED, b"avc1"),
    "the sound's matrix": put_behind(b"vmhd", b"tkhd", 44, b"\0\2"),
    "bytes behind the end": appended(b"more"),
    "a box behind the end": appended(b"\0\0\0\x10more12345678"),
    "a second header behind the end": appended(b"\0\0\0\x10moov\0\0\0\x08udta"),
    "other media behind the end": appended(b"\0\0\0\x10mdat12345678"),
}


@pytest.mark.parametrize("kind", MP4)
def test_a_word_of_the_header_of_mp4_is_noticed(films, tmp_path, kind):
    output = tmp_path / "out.mp4"
    output.write_bytes(MP4[kind]((films / "h264.mp4").read_bytes()))
    assert "container" in faults(films / "h264.mp4", output)


def test_a_group_that_no_other_track_is_of_is_no_alternative(films, tmp_path):
    output = tmp_path / "out.mp4"
    output.write_bytes(put(b"tkhd", 38, b"\0\7")((films / "h264.mp4").read_bytes()))
    assert "container" not in faults(films / "h264.mp4", output)


@pytest.mark.parametrize(
    ("name", "box", "offset", "bit"),
    [
        *(
            ("hevc.mp4", b"hvcC", offset, bit)
            for offset, bit in ((5, 0x02), (16, 0x04), (21, 0x02), (20, 0x02))
        ),
        *(("av1.mp4", b"av1C", offset, bit) for offset, bit in ((5, 0x20), (5, 0x04), (6, 0x40), (6, 0x04))),
    ],
    ids=[f"{name} {word}" for name in ("hevc", "av1") for word in ("profile", "level", "depth", "chroma")],
)
def test_another_profile_level_or_depth_for_the_decoder_is_noticed(films, tmp_path, name, box, offset, bit):
    content = bytearray((films / name).read_bytes())
    content[content.index(box) + offset] ^= bit
    (tmp_path / "out.mp4").write_bytes(content)
    assert "container" in faults(films / name, tmp_path / "out.mp4")


@pytest.mark.parametrize("codec", ["h264", "hevc", "av1"])
def test_a_level_too_low_for_the_pictures_is_noticed_wherever_it_stands(films, codec):
    info = replace(probe(films / f"{codec}.mp4"), coded_width=3840, coded_height=2160)
    with open_source(info.path) as container:
        header = container.streams.video[0].codec_context.extradata
    assert any("too large for the level" in fault for fault in codec_header_faults(info, header))
    small = replace(info, coded_width=160, coded_height=96)
    assert list(codec_header_faults(small, header)) == []


def test_light_in_the_header_that_is_not_that_of_the_pictures_is_noticed(films, tmp_path):
    output = tmp_path / "out.mp4"
    for words, wrong in ((b"clli\x03\xe8\x01\x90", set()), (b"clli\x0f\xa0\x01\x90", {"container"})):
        output.write_bytes(put(b"btrt", 0, words)((films / "hevc.mp4").read_bytes()))
        assert faults(films / "hevc.mp4", output) == wrong
    output.write_bytes(put(b"btrt", 0, b"clli\x0f\xa0\x01\x90")((films / "h264.mp4").read_bytes()))
    assert faults(films / "h264.mp4", output) == {"light metadata"}


@pytest.mark.parametrize(
    "words",
    [
        b"\x55\xbc\x82\x0f\xa0\x55\xbd\x82\x01\x90\xec\x8c" + bytes(12),  # MaxCLL 4000, MaxFALL 400
        b"\x55\xd0\x87\x55\xd9\x84\x44\x7a\0\0\xec\x8c" + bytes(12),  # a display of 1000 cd/m2
    ],
    ids=["of the content", "of the display"],
)
def test_light_in_the_header_of_matroska_that_is_not_that_of_the_pictures_is_noticed(films, tmp_path, words):
    # What FFmpeg says of colours goes; the pictures say the same.
    changed = put(b"\x55\xb0\x98", 3, words)((films / "hevc.mkv").read_bytes())
    (tmp_path / "out.mkv").write_bytes(remade(lambda content: content)(changed))
    assert faults(films / "hevc.mkv", tmp_path / "out.mkv") == {"container"}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("h264", "h264_metadata=video_format=1"),
        ("h264", "h264_metadata=overscan_appropriate_flag=1"),
        ("hevc", "hevc_metadata=video_format=1"),
    ],
)
def test_words_to_televisions_in_the_pictures_are_noticed(films, tmp_path, name, words):
    for told, wrong in (
        (words, {"container"}),
        (re.sub("=1", "=5" if "format" in words else "=0", words), set()),
    ):
        output = tmp_path / "out.mp4"
        options = {"c": "copy", "bsf:v": told, "map": 0, "tag:v": {"h264": "avc1", "hevc": "hvc1"}[name]}
        run_ffmpeg(to_file(output, from_file(films / f"{name}.mp4"), **options), timeout_seconds=60)
        assert faults(films / f"{name}.mp4", output) == wrong


def stored_header(info):
    with open_source(info.path) as container:
        return bytes(container.streams.video[0].codec_context.extradata)


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_profile_that_the_pictures_do_not_need_is_noticed(films, codec):
    info = probe(films / f"{codec}.mp4")
    header = stored_header(info)
    assert list(codec_header_faults(info, header)) == []
    # In the header and in the set alike: High 10 of 8 bit, and Main 10.
    profile = {"h264": 110, "hevc": 2}[codec]
    own, level = header[1:2], header[2:4]
    other = header.replace(own + level, bytes([profile]) + level)
    (said,) = codec_header_faults(info, other)
    assert f"decoder of profile {profile}" in said


def test_pictures_that_are_decoded_earlier_than_is_said_are_noticed(films):
    for codec in ("h264", "hevc"):
        info = probe(films / f"{codec}.mp4")
        header = stored_header(info)
        early = np.arange(info.frame_count)
        early[:8] = [7, *range(7)]  # the first one is decoded behind seven that are shown after it
        (said,) = codec_header_faults(replace(info, decode_order=early), header)
        assert said.endswith("are decoded early, and 7 are")


def test_parameters_that_stand_again_in_mid_film_are_the_headers_or_noticed(films):
    with open_source(films / "h264.mp4") as container:
        header = bytes(container.streams.video[0].codec_context.extradata)
        packets = [packet for packet in container.demux(video=0) if packet.size]
    own = header[8 : 8 + int.from_bytes(header[6:8], "big")]
    for again, noted in ((own, []), (own[:-1] + b"\0", [packets[8].pts])):
        film = list(packets)
        film[8] = Packet(len(again).to_bytes(4, "big") + again + bytes(packets[8]))
        film[8].pts = packets[8].pts
        others = []
        assert len(list(noting_sequences("h264", header, iter(film), others))) == len(film)
        assert others == noted


def test_pictures_that_mean_something_else_from_some_frame_on_are_noticed(tmp_path):
    halves = []
    for aspect in ("4:3", "16:9"):
        picture = ffmpeg.input("testsrc2=s=160x96:r=25:d=0.2", f="lavfi")
        half = tmp_path / f"{len(halves)}.m2v"
        run_ffmpeg(to_file(half, picture, aspect=aspect, bf=0), timeout_seconds=60)
        halves.append(half.read_bytes())
    for name, content in {"one": halves[0] * 2, "two": b"".join(halves)}.items():
        (tmp_path / f"{name}.m2v").write_bytes(content)
        made = to_file(
            tmp_path / f"{name}.mkv",
            from_file(tmp_path / f"{name}.m2v"),
            c="copy",
            **{"bsf:v": "setts=ts=N*0.04/TB"},
        )
        run_ffmpeg(made, timeout_seconds=60)
    checks = {check.name: check for check in verify(tmp_path / "one.mkv", tmp_path / "two.mkv").checks}
    assert checks["one kind of pictures"].holds is False
    same = verify(tmp_path / "one.mkv", shutil.copy(tmp_path / "one.mkv", tmp_path / "same.mkv")).checks
    assert "one kind of pictures" not in {check.name for check in same}


def test_a_mov_is_called_one(films, tmp_path):
    output = tmp_path / "out.mov"
    output.write_bytes(put(b"ftyp", 4, b"isom")((films / "h264.mov").read_bytes()))
    assert "container" in faults(films / "h264.mov", output)


@pytest.mark.parametrize("name", ["h264.mp4", "hevc.mp4", "av1.mp4"])
@pytest.mark.parametrize("change", [without_a_box(b"stss"), put(b"stss", 19, b"\7")], ids=["gone", "wrong"])
def test_a_table_of_keyframes_that_is_gone_or_wrong_is_noticed(films, tmp_path, name, change):
    output = tmp_path / "out.mp4"
    output.write_bytes(change((films / name).read_bytes()))
    assert faults(films / name, output, quick=False) & {"container", "keyframes"}


def remade(change):
    """The check sums of Matroska are taken away first, as an editor would make them anew."""
    return lambda content: change(content.replace(b"\xbf\x84", b"\xec\x84"))


MATROSKA = {
    "a byte that a check sum is of": put(b"Lavf", 0, b"lavf"),
    "the kind of file": remade(put(b"matroska", 0, b"webm\0\0\0\0")),
    "the width": remade(put(b"\xb0\x81\xa0", 2, b"\x50")),
    "the height": remade(put(b"\xba\x81\x60", 2, b"\x30")),
    "the sizes of display": remade(
        put(b"\x55\xb0\x98", 0, b"\x54\xb0\x81\x50\x54\xba\x81\x30\xec\x91" + bytes(17))
    ),
    "the colours": remade(put(b"\x55\xb1\x81", 3, b"\x09")),
    "the range": remade(put(b"\x55\xb9\x81", 3, b"\x02")),
    "the level": remade(put(b"\x63\xa2", 6, b"\x10")),
    "the length": remade(put(b"\x44\x89\x88", 3, b"\x41")),
    "samples a second": remade(put(b"\xb5\x88\x40", 3, b"\xbf")),
    "channels": remade(put(b"\x9f\x81", 2, b"\6")),
    "no table of keyframes": remade(put(b"\x1c\x53\xbb\x6b", 0, b"\x12\x54\xc3\x67")),
    "a place in the table of keyframes": remade(put(b"\xf7\x81\x01\xf1", 5, b"\x01")),
    "a place of a part": remade(put(b"\x53\xac\x81", 3, b"\x02")),
    "chapters in an order of their own": remade(put(b"\x45\xdb\x81\x01", 1, b"\xdd")),
    "a keyframe that is not marked": remade(put(b"\x81\0\0\x80", 3, b"\0")),
    "a packet that is not to be shown": remade(put(b"\x81\0\0\x80", 3, b"\x88")),
    "bytes behind the end": appended(b"more"),
    "an element behind the end": appended(b"\x1f\x43\xb6\x75\x84more"),
}


@pytest.mark.parametrize("kind", MATROSKA)
def test_a_word_of_the_header_of_matroska_is_noticed(films, tmp_path, kind):
    output = tmp_path / "out.mkv"
    output.write_bytes(MATROSKA[kind]((films / "h264.mkv").read_bytes()))
    assert "container" in faults(films / "h264.mkv", output)


def test_without_check_sums_a_matroska_is_whole(films, tmp_path):
    (tmp_path / "out.mkv").write_bytes(remade(lambda content: content)((films / "h264.mkv").read_bytes()))
    assert faults(films / "h264.mkv", tmp_path / "out.mkv", quick=False) == set()
