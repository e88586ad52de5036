from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import av
import ffmpeg
import pytest

from pipeline.errors import InputError
from pipeline.video.read.probe import probe
from pipeline.video.read.source import open_bytes
from tests.footage import OPEN_GOPS, TICK, UNEVEN, write_clip
from tests.made_by_ffmpeg import run_ffmpeg, to_file


def test_every_frame_has_its_own_time(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4"))
    assert tuple(info.pts.tolist()) == UNEVEN
    assert info.time_base == TICK
    assert info.keys.tolist() == [True] + [False] * 9
    assert sorted(info.decode_order.tolist()) == list(range(10))
    assert info.decode_order.tolist() != list(range(10)), "the clip has B-frames"


def test_the_empty_places_of_an_avi_are_no_damage(tmp_path: Path) -> None:
    picture = ffmpeg.input("testsrc2=s=64x48:r=25:d=0.8", f="lavfi")
    gaps = {"vf": "select=not(between(n\\,5\\,9)+eq(n\\,12))", "fps_mode": "passthrough"}
    run_ffmpeg(to_file(tmp_path / "gaps.avi", picture, vcodec="mpeg4", bf=0, **gaps), timeout_seconds=60)
    info = probe(tmp_path / "gaps.avi")
    kept = [number for number in range(20) if number not in (5, 6, 7, 8, 9, 12)]
    assert (info.pts.tolist(), info.stream.packet_count, info.damage) == (kept, 20, ())


def test_frames_that_are_too_large_for_any_format_are_refused_before_one_is_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.video.read.probe._decodable", None)
    large = ffmpeg.input("color=gray:s=12000x12000:r=1:d=1", f="lavfi")
    for codec, layout in (("mjpeg", "yuvj420p"), ("rawvideo", "gray")):
        path = tmp_path / "large.avi"
        run_ffmpeg(to_file(path, large, vcodec=codec, pix_fmt=layout), timeout_seconds=60)
        with pytest.raises(InputError, match="found: 12000x12000; H"):
            probe(path)


def test_a_late_start_is_kept(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", pts=[300, 320, 340]))
    assert (info.start_pts, info.end_pts) == (300, 360)


def test_keyframes_are_found_where_they_are(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", pts=range(0, 480, 20), options=OPEN_GOPS))
    assert [number for number, key in enumerate(info.keys) if key] == [0, 8, 16]


@pytest.mark.parametrize(("stored", "clockwise"), [(0, 0), (90, 270), (180, 180), (270, 90)])
def test_rotation_is_told_as_the_turn_that_makes_it_upright(
    tmp_path: Path, stored: int, clockwise: int
) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", rotation=stored))
    assert info.rotation == clockwise
    assert (info.coded_width, info.coded_height) == (64, 48)
    assert (info.width, info.height) == ((48, 64) if clockwise in (90, 270) else (64, 48))


def test_where_packets_carry_no_time_of_their_own_the_decoder_tells_the_order(tmp_path: Path) -> None:
    evenly = range(0, 240, 20)
    timed = probe(write_clip(tmp_path / "clip.mp4", pts=evenly))
    raw = probe(write_clip(tmp_path / "clip.h264", pts=evenly, format_="h264"))
    assert timed.timed
    assert not raw.timed
    assert raw.frame_count == 12
    assert raw.decode_order.tolist() == timed.decode_order.tolist()


def test_avi_s_guessed_times_of_b_frames_are_not_taken(tmp_path: Path) -> None:
    one_thirtieth = Fraction(1, 30)
    clip = write_clip(tmp_path / "clip.avi", pts=range(12), time_base=one_thirtieth)
    info = probe(clip)
    assert not info.timed
    assert info.decode_order.tolist() != list(range(12))
    assert [int(step) for step in info.pts[1:] - info.pts[:-1]] == [1] * 11


def test_metadata_chapters_and_other_streams_are_told(tmp_path: Path) -> None:
    chapter = {"id": 1, "start": 0, "end": 100, "time_base": TICK, "metadata": {"title": "Start"}}
    clip = write_clip(tmp_path / "clip.mkv", sound=True, chapters=[chapter], tags={"title": "A drive"})
    info = probe(clip)
    assert [(stream.kind, stream.codec) for stream in info.streams] == [("video", "h264"), ("audio", "aac")]
    assert info.metadata["title"] == "A drive"
    assert [found.metadata["title"] for found in info.chapters] == ["Start"]


def test_ten_bit_and_full_range_are_told(tmp_path: Path) -> None:
    ten = probe(write_clip(tmp_path / "ten.mp4", layout="yuv420p10le"))
    full = probe(write_clip(tmp_path / "full.mkv", codec="mjpeg", layout="yuvj420p", options={"qmin": "1"}))
    assert (ten.bit_depth, ten.pixel_format) == (10, "yuv420p10le")
    assert full.colour.full_range


def test_pixels_that_nothing_can_convert_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "two_in_a_byte.nut"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("rawvideo", rate=30)
        stream.width, stream.height, stream.pix_fmt = 16, 16, "bgr4"
        out.mux(stream.encode(av.VideoFrame(16, 16, "bgr4")))
    with pytest.raises(InputError, match="cannot be read") as refused:
        probe(path)
    assert "bgr4" in str(refused.value)


def test_a_cover_picture_is_no_video(tmp_path: Path) -> None:
    path = tmp_path / "song.mp4"
    with av.open(str(path), "w") as out:
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 16, 16, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        out.mux(cover.encode(av.VideoFrame(16, 16, "yuvj420p")))
        out.mux(cover.encode(None))
    with pytest.raises(InputError, match="holds no video"):
        probe(path)


def test_of_two_videos_the_larger_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "two.mp4"
    with av.open(str(path), "w") as out:
        small, large = (out.add_stream("libx264", rate=30) for _ in range(2))
        for stream, side in ((small, 16), (large, 32)):
            stream.width = stream.height = side
            stream.pix_fmt, stream.disposition = "yuv420p", av.stream.Disposition.default
        for stream, side in ((small, 16), (large, 32)):
            out.mux(stream.encode(av.VideoFrame(side, side, "yuv420p")))
            out.mux(stream.encode(None))
    assert probe(path).video == 1


@pytest.mark.parametrize("name", ["-dash.mp4", "100%d.mp4", "a 'quoted' $HOME; 한글.mp4", "http:x.mp4"])
def test_any_name_is_just_a_name(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write_clip(tmp_path / "clip.mp4").rename(tmp_path / name)
    monkeypatch.chdir(tmp_path)
    assert probe(Path(name)).frame_count == 10


def test_what_is_no_video_is_refused_in_plain_words(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("not a video\n" * 50)
    whole = write_clip(tmp_path / "whole.mp4").read_bytes()
    (tmp_path / "cut.mp4").write_bytes(whole[: whole.index(b"moov")])
    for name, found in (
        ("absent.mp4", "No such file"),
        ("empty.mp4", "0 bytes"),
        ("text.mp4", "Invalid data"),
        ("cut.mp4", "Invalid data"),
    ):
        with pytest.raises(InputError, match=found) as caught:
            probe(tmp_path / name)
        assert caught.value.exit_code == 3


@pytest.mark.parametrize(
    "playlist",
    [
        "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nsecret.ts\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile secret.ts\n",
    ],
    ids=["hls", "concat"],
)
def test_a_playlist_that_is_named_like_a_video_opens_nothing(tmp_path: Path, playlist: str) -> None:
    write_clip(tmp_path / "secret.ts", pts=range(0, 200, 20))
    (tmp_path / "innocent.mp4").write_text(playlist)
    with pytest.raises(InputError, match="cannot be read as video"):
        probe(tmp_path / "innocent.mp4")


def test_frames_missing_from_the_end_are_reported(tmp_path: Path) -> None:
    clip = write_clip(
        tmp_path / "clip.mp4", pts=range(0, 600, 20), codec="mjpeg", layout="yuvj420p", options={}
    )
    faststart = {"movflags": "+faststart"}
    with av.open(str(clip)) as source, av.open(str(tmp_path / "fast.mp4"), "w", options=faststart) as out:
        track = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = track
                out.mux(packet)
    data = (tmp_path / "fast.mp4").read_bytes()
    media = data.index(b"mdat")
    (tmp_path / "cut.mp4").write_bytes(data[: (media + len(data)) // 2])
    info = probe(tmp_path / "cut.mp4")
    assert 10 < info.frame_count < 20
    assert any("promises 30 video frames" in sentence for sentence in info.damage)


def test_a_broadcast_recording_may_end_in_zeros(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.ts", pts=range(0, 200, 20))
    whole = probe(clip)
    clip.write_bytes(clip.read_bytes() + bytes(188 * 5000))
    padded = probe(clip)
    assert (padded.frame_count, padded.damage) == (whole.frame_count, ()) == (10, ())


def test_a_matroska_file_that_was_cut_off_says_so(tmp_path: Path) -> None:
    data = write_clip(tmp_path / "clip.mkv", pts=range(0, 600, 20)).read_bytes()
    (tmp_path / "cut.mkv").write_bytes(data[:-100])
    assert probe(tmp_path / "cut.mkv").damage == ("the file ends 100 bytes before its header says",)
    # As a camera writes it that is switched off: the length of all is not known, that of a cluster may be.
    length = data.index(b"\x18\x53\x80\x67") + 4
    (tmp_path / "live.mkv").write_bytes(data[:length] + b"\1" + b"\xff" * 7 + data[length + 8 :])
    assert probe(tmp_path / "live.mkv").damage == ()


def test_bytes_that_a_disk_cannot_give_are_told(tmp_path):
    clip = write_clip(tmp_path / "clip.mp4")
    with pytest.raises(InputError, match=r"clip\.mp4 cannot be read\.\n  found: Input/output error"):  # noqa: SIM117
        with open_bytes(clip):
            raise OSError(5, "Input/output error")


def test_a_folder_and_a_pipe_are_told_apart(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    for path, words in ((tmp_path, "is a folder"), (tmp_path / "pipe.mp4", "a pipe, a socket or a device")):
        with pytest.raises(InputError, match=words):
            probe(path)
