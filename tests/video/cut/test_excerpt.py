from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import SegVideoError, UsageError
from pipeline.structures.video_info import Chapter, StreamInfo, VideoInfo
from pipeline.video.cut.excerpt import cut, excerpt
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe
from pipeline.video.settings import DecodeSettings
from pipeline.video.write.timeline import output_timeline
from tests.footage import OPEN_GOPS, TICK, UNEVEN, an_info, good_frames, number_of, write_clip


def uneven(**changes: object) -> VideoInfo:
    """Frames at 0, 20, 45, 60, 80, 130, 150, 170, 260 and 280 ticks of 1/600 s, the last one to 300."""
    return an_info(10, pts=np.array(UNEVEN, np.int64), end_pts=300, **changes)


@pytest.mark.parametrize(
    ("asked", "span"),
    [
        ({"start": 0.1}, (3, 10)),  # frame 3 is shown at 0.1 s exactly
        ({"start": 0.1001}, (4, 10)),
        ({"end": 0.1}, (0, 3)),
        ({"end": 0.1001}, (0, 4)),
        ({"start": 0.05, "duration": 0.2}, (2, 6)),  # up to 0.25 s, where frame 6 begins
        ({"start": 0.3, "end": 99.0}, (8, 10)),
        ({"start": 0.45, "duration": 9.0}, (9, 10)),
        ({}, (0, 10)),
        ({"start": 0.0, "end": 0.5}, (0, 10)),
    ],
)
def test_the_first_frame_is_not_before_start_and_the_last_one_before_the_end(
    asked: dict[str, float], span: tuple[int, int]
) -> None:
    info = uneven()
    part = excerpt(info, DecodeSettings(**asked))  # type: ignore[arg-type]
    assert part.span == span
    assert part.pts.tolist() == list(UNEVEN[slice(*span)])
    assert part.end_pts == [*UNEVEN, 300][span[1]]
    assert (part is info) == (span == (0, 10))


def test_times_count_as_in_the_output_where_a_broadcast_clock_starts_anywhere() -> None:
    streams = (StreamInfo(0, "video", "h264", TICK, 9000, 4, (), {}),)
    pts = np.array([9000, 9020, 9040, 9060], np.int64)
    info = an_info(4, container="mpegts", streams=streams, pts=pts, end_pts=9080)
    part = excerpt(info, DecodeSettings(start=0.05))
    assert part.span == (2, 4)
    assert output_timeline(part).pts.tolist() == [0, 20]
    assert output_timeline(excerpt(info, DecodeSettings(start=0.05, keep_times=True))).pts.tolist() == [
        40,
        60,
    ]


def test_a_part_begins_at_zero_unless_it_keeps_its_times() -> None:
    begins, keeps = cut(uneven(), 3, 6), cut(uneven(), 3, 6, keeps_times=True)
    assert output_timeline(begins).pts.tolist() == [0, 20, 70]
    assert (output_timeline(begins).end_pts, output_timeline(begins).shift_seconds) == (90, Fraction(1, 10))
    assert output_timeline(keeps).pts.tolist() == [60, 80, 130]
    assert (output_timeline(keeps).end_pts, output_timeline(keeps).shift_seconds) == (150, 0)


def test_frames_that_were_moved_apart_before_a_part_are_so_in_it() -> None:
    info = an_info(6, pts=np.array([0, 0, 0, 1, 9, 20], np.int64), end_pts=30)
    whole, part = output_timeline(info), output_timeline(cut(info, 3, 6))
    assert whole.pts.tolist() == [0, 1, 2, 3, 9, 20]
    assert part.pts.tolist() == [0, 6, 17]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"start": 0.5}, "no frame at 0.5 s or later.*ends at 0.500 s"),
        ({"start": 0.31, "end": 0.4}, "no frame from 0.31 s to before 0.4 s.*next one is shown at 0.433 s"),
        ({"start": 2.0, "end": 1.0}, "end must lie behind start"),
        ({"end": 1.0, "duration": 1.0}, "exclude each other"),
        ({"start": -1.0}, "start must be 0 or more"),
        ({"duration": 0.0}, "duration must be more than 0"),
    ],
)
def test_a_part_without_a_frame_is_refused(asked: dict[str, float], said: str) -> None:
    with pytest.raises(SegVideoError, match=f"(?s){said}"):
        excerpt(uneven(), DecodeSettings(**asked))  # type: ignore[arg-type]


def test_a_film_that_begins_late_has_no_frame_before_it_does() -> None:
    late = an_info(3, pts=np.array([600, 620, 640], np.int64), end_pts=660)
    with pytest.raises(UsageError, match=r"next one is shown at 1\.000 s"):
        excerpt(late, DecodeSettings(end=0.5))


def test_chapters_are_clipped_and_a_time_code_that_would_be_false_goes() -> None:
    borders = ((0, 70, "a"), (70, 140, "b"), (140, 300, "c"))
    chapters = tuple(Chapter(start, end, TICK, {"title": title}) for start, end, title in borders)
    tags = {"timecode": "01:00:00:00", "language": "kor"}
    streams = (StreamInfo(0, "video", "h264", TICK, 0, 10, ("default",), tags),)
    part = cut(uneven(chapters=chapters, streams=streams), 4, 6)  # 80 to 150
    assert [(chapter.start, chapter.end, chapter.metadata["title"]) for chapter in part.chapters] == [
        (80, 140, "b"),
        (140, 150, "c"),
    ]
    kept = cut(uneven(chapters=chapters, streams=streams), 4, 6, keeps_times=True)
    assert [chapter.start for chapter in kept.chapters] == [0, 140]
    assert part.stream.metadata == {"language": "kor"}
    assert cut(uneven(streams=streams), 0, 6).stream.metadata["timecode"] == "01:00:00:00"


@pytest.mark.parametrize("chunk_frames", [1, 3, 5, 96])
def test_the_chunks_of_a_part_hold_its_frames_by_their_numbers_in_the_source(chunk_frames: int) -> None:
    info = an_info(40, keys=range(0, 40, 8))
    chunks = plan(cut(info, 13, 30), chunk_frames)
    assert [number for chunk in chunks for number in range(chunk.start, chunk.stop)] == list(range(13, 30))
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert all(chunk.start_pts == info.pts[chunk.start] for chunk in chunks)
    assert (chunks[0].seek_frame, chunks[-1].stop) == (0, 30)


@pytest.mark.parametrize("span", [(1, 3), (7, 9), (8, 16), (13, 30), (31, 33)])
def test_every_frame_of_a_part_is_that_of_the_source(tmp_path: Path, span: tuple[int, int]) -> None:
    pts = [20 * number + number % 3 for number in range(33)]
    info = probe(write_clip(tmp_path / "clip.mp4", pts=pts, options=OPEN_GOPS))
    chunks = plan(cut(info, *span), 5)
    frames = [frame for chunk in chunks for frame in good_frames(info, chunk)]
    assert [frame.number for frame in frames] == list(range(*span))
    assert [number_of(frame.picture.y) for frame in frames] == list(range(*span))
