"""Edit lists with several entries: the frames that FFmpeg plays, in chunks as in one piece, and no damage."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import ffmpeg
import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.errors import InputError
from pipeline.proof.verify import verify
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe
from pipeline.video.write.container import check_container
from tests.footage import an_info, good_frames, mux_proved, packets_of, write_clip
from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file
from tests.video.write.test_mux import encode_all

#: Ticks a second of the film, of the video and of the sound; the first frame and sample to be shown.
FILM, VIDEO, SOUND, FIRST = 48000, 12800, 48000, 1024


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds of 25 frames, groups of ten, with B-frames and sound."""
    path = tmp_path_factory.mktemp("plain") / "plain.mp4"
    picture, tone = (
        ffmpeg.input(words, f="lavfi") for words in ("testsrc2=s=64x48:r=25:d=2", "sine=r=48000:d=2")
    )
    options = {"g": 10, "bf": 2, "acodec": "aac", "video_track_timescale": VIDEO, "movie_timescale": FILM}
    run_ffmpeg(to_file(path, picture, tone, vcodec="libx264", **options), timeout_seconds=60)
    return path


def with_edits(plain: Path, path: Path, track: int, edits: list[tuple[float, int]]) -> VideoInfo:
    """The file with other edits of one track: seconds, and the first tick shown, or -1 for nothing."""
    content = plain.read_bytes()
    table = b"".join(struct.pack(">Iihh", round(seconds * FILM), tick, 1, 0) for seconds, tick in edits)
    inner = struct.pack(">I4sII", 16 + len(table), b"elst", 0, len(edits)) + table
    old = [at for at in range(len(content)) if content[at : at + 4] == b"edts"][track] - 4
    size = int.from_bytes(content[old : old + 4], "big")
    made = content[:old] + struct.pack(">I4s", 8 + len(inner), b"edts") + inner + content[old + size :]
    grown = bytearray(made)
    trak = [at for at in range(len(content)) if content[at : at + 4] == b"trak"][track] - 4
    for box in (content.index(b"moov") - 4, trak):
        length = int.from_bytes(grown[box : box + 4], "big") + len(made) - len(content)
        grown[box : box + 4] = length.to_bytes(4, "big")
    path.write_bytes(grown)  # the index lies behind the media, whose offsets stay
    return probe(path)


def pictures(info: VideoInfo, chunk_frames: int) -> list[NDArray[np.generic]]:
    return [frame.picture.y for chunk in plan(info, chunk_frames) for frame in good_frames(info, chunk)]


def played(path: Path) -> int:
    """Number of frames that the ffmpeg program shows."""
    listing = ffmpeg.output(from_file(path)["v"], "pipe:", f="framehash", fps_mode="passthrough")
    lines = run_ffmpeg(listing, timeout_seconds=60).decode().splitlines()
    return sum(not line.startswith("#") for line in lines)


EDITS: dict[str, tuple[list[tuple[float, int]], int]] = {
    "nothing first": ([(0.5, -1), (2, FIRST)], 50),
    "two pieces": ([(0.4, FIRST), (0.4, FIRST + VIDEO)], 20),
    "nothing between": ([(0.4, FIRST), (0.3, -1), (0.4, FIRST + VIDEO)], 20),
    "a piece twice": ([(0.4, FIRST), (0.4, FIRST)], 20),
    "the last piece first": ([(0.4, FIRST + VIDEO), (0.4, FIRST)], 20),
    "behind the end": ([(0.4, FIRST), (1, FIRST + 5 * VIDEO)], 10),
    "cut at both ends": ([(1, FIRST + VIDEO // 2 + 100)], 25),
}


@pytest.mark.parametrize("kind", EDITS)
def test_edits_are_followed_and_are_no_damage(plain: Path, tmp_path: Path, kind: str) -> None:
    edits, count = EDITS[kind]
    info = with_edits(plain, tmp_path / "in.mp4", 0, edits)
    assert info.damage == ()
    assert abs(info.frame_count - count) <= 6  # FFmpeg takes frames of the gap between two pieces along
    assert info.frame_count == played(info.path)
    whole, chunked = pictures(info, 1000), pictures(info, 3)
    assert len(whole) == info.frame_count
    assert all(np.array_equal(one, other) for one, other in zip(whole, chunked, strict=True))
    for name in ("out.mp4", "out.mkv"):
        assert mux_proved(info, encode_all(info, tmp_path), tmp_path / name) == ()
        assert [check for check in verify(info.path, tmp_path / name).checks if check.holds is False] == []


SOUND_EDITS: dict[str, list[tuple[float, int]]] = {
    "late": [(0.3, -1), (1.5, FIRST)],
    "two pieces": [(0.4, FIRST), (0.4, FIRST + SOUND)],
    "cut into": [(1, FIRST + 14400)],
    "a piece twice": [(0.4, FIRST), (0.4, FIRST)],
}


@pytest.mark.parametrize("kind", SOUND_EDITS)
@pytest.mark.parametrize("name", ["out.mp4", "out.mkv"])
def test_edited_sound_arrives(plain: Path, tmp_path: Path, kind: str, name: str) -> None:
    info = with_edits(plain, tmp_path / "in.mp4", 1, SOUND_EDITS[kind])
    assert mux_proved(info, encode_all(info, tmp_path, 1000), tmp_path / name) == ()
    assert [check for check in verify(info.path, tmp_path / name).checks if check.holds is False] == []
    assert len(packets_of(tmp_path / name, "audio")) > 30


def test_late_sound_hides_what_it_hid(plain: Path, tmp_path: Path) -> None:
    info = with_edits(plain, tmp_path / "in.mp4", 1, [(0.5, -1), (1, FIRST + 14400)])
    assert mux_proved(info, encode_all(info, tmp_path, 1000), tmp_path / "out.mp4") == ()
    hidden = [sum(packet) for packet in map(discarded, (info.path, tmp_path / "out.mp4"))]
    assert hidden[0] == hidden[1] > 10
    # Without it, 0.3 s are heard that the source has cut off.
    (tmp_path / "heard.mp4").write_bytes(unhidden(tmp_path / "out.mp4"))
    faults = [
        check.note for check in verify(info.path, tmp_path / "heard.mp4").checks if check.holds is False
    ]
    assert any("0 packets at its start are hidden instead of" in note for note in faults)


def discarded(path: Path) -> list[bool]:
    """Of each packet of sound, whether it is hidden."""
    with av.open(str(path)) as container:
        return [packet.is_discard for packet in container.demux(audio=0) if packet.size]


def unhidden(path: Path) -> bytes:
    """The film with its sound's edit as FFmpeg writes it: from the first packet on, and earlier by as much."""
    content = bytearray(path.read_bytes())
    at = [place for place in range(len(content)) if content[place : place + 4] == b"elst"][1] + 12
    silent, nothing, rate, length, first = struct.unpack(">IiIIi", content[at : at + 20])
    assert nothing == -1
    ticks = first * round(FILM / SOUND)
    content[at : at + 20] = struct.pack(">IiIIi", silent - ticks, nothing, rate, length + ticks, 0)
    return bytes(content)


@pytest.mark.parametrize("kind", ["only nothing", "no length"])
def test_a_film_of_which_nothing_is_shown_is_refused(plain: Path, tmp_path: Path, kind: str) -> None:
    edits = {"only nothing": [(0.5, -1)], "no length": [(0.0, FIRST)]}[kind]
    with pytest.raises(InputError, match="without a single frame"):
        with_edits(plain, tmp_path / "in.mp4", 0, edits)


def test_a_frame_that_is_shown_for_weeks_is_refused_before_anything_is_inferred(tmp_path: Path) -> None:
    pts = np.array([0, 40, 2147483569, 2147483609])
    path = write_clip(tmp_path / "clip.mp4")
    late = an_info(4, path=path, pts=pts, end_pts=2147483649, time_base=Fraction(1, 1000))
    (sentence,) = check_container(late, tmp_path / "out.mkv").problems
    assert sentence == ".mkv cannot hold frame 1, which is shown for 24.9 days"
