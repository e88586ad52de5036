from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import ffmpeg
import numpy as np
import pytest

from pipeline.errors import DamagedInputError, InputError
from pipeline.structures.chunk import Chunk
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.decode import DecodedFrame, decode_rgb, decode_small, decode_yuv
from pipeline.video.read.demux import cut_packets
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe
from tests.footage import OPEN_GOPS, UNEVEN, good_frames, luma, number_of, write_clip
from tests.made_by_ffmpeg import run_ffmpeg, to_file


def whole(info: VideoInfo) -> Chunk:
    return Chunk(0, 0, info.frame_count, info.start_pts, None)


def same(left: DecodedFrame, right: DecodedFrame) -> bool:
    pixels = map(np.array_equal, left.picture.planes, right.picture.planes)
    return (left.number, left.pts) == (right.number, right.pts) and all(pixels)


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.ts", "clip.h264"])
def test_chunks_of_open_gops_together_give_the_frames_of_the_whole(tmp_path: Path, name: str) -> None:
    format_ = "h264" if name.endswith("h264") else None
    clip = write_clip(tmp_path / name, pts=range(0, 600, 20), options=OPEN_GOPS, format_=format_)
    info = probe(clip)
    chunks = plan(info, 7)
    assert len(chunks) > 3
    at_once = list(good_frames(info, whole(info)))
    in_pieces = [frame for chunk in chunks for frame in good_frames(info, chunk)]
    assert [number_of(frame.picture.y) for frame in in_pieces] == list(range(30))
    assert all(map(same, at_once, in_pieces))
    assert [frame.pts for frame in in_pieces] == info.pts.tolist()


def test_the_packets_alone_give_the_same_frames_as_the_source(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", pts=range(0, 480, 20), options=OPEN_GOPS))
    chunks = plan(info, 7)
    spans = [cut_packets(info, chunk) for chunk in chunks]
    expected = [frame for chunk in chunks for frame in good_frames(info, chunk)]
    (tmp_path / "clip.mp4").unlink()
    found = [
        frame
        for chunk, span in zip(chunks, spans, strict=True)
        for frame in good_frames(info, chunk, packets=span)
    ]
    assert len(found) == 24
    assert all(map(same, expected, found))


def test_a_chunk_s_packets_begin_one_keyframe_early_and_end_with_the_chunk(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", pts=range(0, 800, 20), options=OPEN_GOPS))
    span = cut_packets(info, plan(info, 8)[2])
    assert (span.pts[0], span.keys[0]) == (info.pts[8], True)
    assert span.keys.sum() == 3, "frames 8, 16, and 24, which frames before it refer to"
    assert len(span.sizes) == 8 + 8 + 4, "the GOP to spare, its own, and the start of the next"


def test_uneven_times_are_kept_and_pixels_untouched(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mkv", codec="ffv1", layout="yuv422p", options={"level": "3"}))
    frames = list(good_frames(info, whole(info)))
    assert [frame.pts for frame in frames] == [round(ticks * 1000 / 600) for ticks in UNEVEN]
    assert frames[3].picture.subsampling == (2, 1)
    assert frames[3].picture.y[20, 20] == luma(3)
    assert (frames[3].picture.y[:6, :8] == 0).all()


@pytest.mark.parametrize(
    ("rotation", "corner"),
    [(0, (0, 0)), (90, (-1, 0)), (180, (-1, -1)), (270, (0, -1))],
)
def test_frames_come_upright(tmp_path: Path, rotation: int, corner: tuple[int, int]) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", rotation=rotation))
    frame = next(good_frames(info, whole(info))).picture
    assert frame.y.shape == (info.height, info.width)
    assert frame.u.shape == (info.height // 2, info.width // 2)
    corners = {(y, x): int(frame.y[y, x]) for y in (0, -1) for x in (0, -1)}
    assert min(corners, key=corners.__getitem__) == corner
    rgb = next(decode_rgb(info, whole(info), 24, 32)).picture
    assert rgb.shape == (32, 24, 3)
    assert rgb[corner].max() < 10
    grey = next(decode_small(info, whole(info), 24, 32, ())).picture.grey
    assert grey.shape == (info.height, info.width)
    assert min(corners, key=grey.__getitem__) == corner


def test_ten_bits_stay_ten_bits(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "ten.mkv", codec="ffv1", layout="yuv420p10le", options={"level": "3"}))
    frame = next(good_frames(info, whole(info))).picture
    assert (frame.bit_depth, int(frame.y[20, 20]), int(frame.u[3, 3])) == (10, 4 * luma(0), 512)


def test_rgb_is_scaled_and_in_its_full_range(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mkv", codec="ffv1", options={"level": "3"}))
    frame = next(decode_rgb(info, whole(info), 32, 32)).picture
    assert (frame.shape, frame.dtype) == ((32, 32, 3), np.uint8)
    # Luma 20 of 16..235, grey: (20 - 16) * 255 / 219 = 4.7
    assert np.abs(frame[20:, 20:].astype(int) - 5).max() <= 1


def test_rgb_sources_become_tagged_yuv(tmp_path: Path) -> None:
    red = ffmpeg.input("color=c=0xff0000:s=64x48:r=5:d=1", f="lavfi")
    made = to_file(tmp_path / "rgb.mkv", red, pix_fmt="bgr0", vcodec="ffv1")
    run_ffmpeg(made, timeout_seconds=60)
    info = probe(tmp_path / "rgb.mkv")
    frame = next(good_frames(info, whole(info))).picture
    assert (info.colour.matrix, info.colour.full_range, frame.matrix) == (1, False, "bt709")
    # Pure red in BT.709: Y = 16 + 219 * 0.2126 = 62.6, Cb = 128 - 224 * 0.2126 / 1.8556 = 102.3, Cr = 240.
    found = [int(plane[20, 20]) for plane in frame.planes]
    assert np.abs(np.array(found) - (63, 102, 240)).max() <= 1
    rgb = next(decode_rgb(info, whole(info), 16, 16)).picture
    assert np.abs(rgb[8, 8].astype(int) - (255, 0, 0)).max() <= 3


def test_what_is_looked_at_is_in_rgb_and_the_luma_of_all_is_the_same(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4"))
    some = list(decode_small(info, whole(info), 32, 32, {0, 3}))
    every = list(decode_small(info, whole(info), 32, 32, range(10)))
    assert [frame.number for frame in some if frame.picture.rgb is not None] == [0, 3]
    for one, other in zip(some, every, strict=True):
        np.testing.assert_array_equal(one.picture.grey, other.picture.grey)
    rgb = [frame.picture for frame in decode_rgb(info, whole(info), 32, 32)]
    np.testing.assert_array_equal([frame.picture.rgb for frame in every], rgb)


def test_planes_can_be_painted_on(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4"))
    first, second = (frame.picture for frame in list(good_frames(info, whole(info)))[:2])
    first.y[:] = 200
    assert second.y.max() < 100


def damaged_clip(tmp_path: Path) -> VideoInfo:
    """Frames 8 to 11 of 24 have packets that no decoder can read."""
    options = {"x264-params": "keyint=4:min-keyint=4:scenecut=0:bframes=0", "crf": "12"}
    path = write_clip(tmp_path / "clip.mp4", pts=range(0, 480, 20), options=options)
    info = probe(path)
    data = bytearray(path.read_bytes())
    for packet in damaged_packets(path):
        at = data.index(packet)
        data[at : at + len(packet)] = b"\xff" * len(packet)
    path.write_bytes(data)
    return info


def damaged_packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    return packets[8:12]


def test_a_frame_that_cannot_be_decoded_is_the_last_good_one_again(tmp_path: Path) -> None:
    info = damaged_clip(tmp_path)
    frames = list(decode_yuv(info, whole(info)))
    assert [frame.number for frame in frames if frame.repeated] == [8, 9, 10, 11]
    assert [number_of(frame.picture.y) for frame in frames[6:14]] == [6, 7, 7, 7, 7, 7, 12, 13]
    assert [frame.pts for frame in frames] == info.pts.tolist()


def test_repeating_looks_back_past_the_chunk_s_own_start(tmp_path: Path) -> None:
    info = damaged_clip(tmp_path)
    chunk = Chunk(1, 10, 14, 200, 4)
    frames = list(decode_yuv(info, chunk))
    assert [number_of(frame.picture.y) for frame in frames] == [7, 7, 12, 13]


def test_a_chunk_without_one_good_frame_fails_with_what_the_decoder_says(tmp_path: Path) -> None:
    info = damaged_clip(tmp_path)
    with pytest.raises(
        DamagedInputError, match=r"None of the frames 8 to 10 .*\n.*the decoder says: Invalid data"
    ):
        list(decode_yuv(info, Chunk(0, 8, 11, 160, 8)))


def test_a_source_that_was_replaced_is_noticed(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", pts=range(0, 400, 20), options=OPEN_GOPS))
    write_clip(tmp_path / "clip.mp4", pts=range(7, 207, 20), time_base=Fraction(1, 600))
    with pytest.raises((DamagedInputError, InputError)):
        list(decode_yuv(info, plan(info, 8)[1]))
