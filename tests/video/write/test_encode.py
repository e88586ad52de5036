from __future__ import annotations

import resource
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from threading import Event
from typing import Any

import av
import numpy as np
import pytest

from pipeline.errors import ConfigError, MediaError, WriteError
from pipeline.structures.chunk import Chunk
from pipeline.structures.colour import ColourTags
from pipeline.structures.video_info import VideoInfo
from pipeline.structures.yuv_frame import YuvFrame
from pipeline.video.read.probe import probe
from pipeline.video.settings import EncodeSettings
from pipeline.video.write import encode as encode_module
from pipeline.video.write.encode import encode_part
from pipeline.video.write.encoders import probe_encoder
from tests.footage import UNEVEN, an_info, good_frames, luma, number_of, write_clip

X264 = EncodeSettings()


def painted(info: VideoInfo, chunk: Chunk) -> Iterator[YuvFrame]:
    """Flat frames of the source's kind, numbered as in the clips."""
    scale, dtype = (1, np.uint8) if info.bit_depth == 8 else (4, np.uint16)
    chroma = ((info.height + 1) // 2, (info.width + 1) // 2)
    for number in range(chunk.start, chunk.stop):
        yield YuvFrame(
            y=np.full((info.height, info.width), scale * luma(number), dtype),
            u=np.full(chroma, scale * 128, dtype),
            v=np.full(chroma, scale * 128, dtype),
            bit_depth=info.bit_depth,
            full_range=bool(info.colour.full_range),
            matrix="bt601",
        )


def encode(
    path: Path, info: VideoInfo, settings: EncodeSettings = X264, chunk: Chunk | None = None
) -> VideoInfo:
    chunk = chunk or Chunk(0, 0, info.frame_count, info.start_pts, None)
    encode_part(path, painted(info, chunk), info, chunk, probe_encoder(info, settings))
    return probe(path)


@pytest.mark.parametrize("encoder", ["libx264", "libx265", "libsvtav1"])
def test_every_frame_is_written_at_its_time_counted_from_the_chunk_s_first(
    tmp_path: Path, encoder: str
) -> None:
    info = an_info(10, pts=np.array(UNEVEN, np.int64), end_pts=300)
    part = encode(tmp_path / "part.mp4", info, EncodeSettings(encoder), Chunk(1, 3, 9, 60, 0))
    assert part.pts.tolist() == [ticks - 60 for ticks in UNEVEN[3:9]]
    frames = good_frames(part, Chunk(0, 0, 6, 0, None))
    assert [number_of(frame.picture.y) for frame in frames] == [3, 4, 5, 6, 7, 8]


@pytest.mark.parametrize("encoder", ["libx264", "libx265", "libsvtav1"])
def test_decoding_times_are_ours_and_not_the_encoder_s(tmp_path: Path, encoder: str) -> None:
    encode(tmp_path / "part.mp4", an_info(4), EncodeSettings(encoder))
    with av.open(str(tmp_path / "part.mp4")) as container:
        assert [packet.dts for packet in container.demux(video=0) if packet.size] == [-40, -20, 0, 20]


@pytest.mark.parametrize("encoder", ["libx264", "libx265", "libsvtav1"])
@pytest.mark.parametrize("frames", [1, 2, 30])
def test_the_same_frames_give_the_same_bytes(tmp_path: Path, encoder: str, frames: int) -> None:
    # 70 px: a width at which x264 with AVX-512 does not keep to this by itself.
    info = an_info(frames, coded_width=70, coded_height=38)
    encode(tmp_path / "one.mp4", info, EncodeSettings(encoder))
    scattered = [np.full(size, 255, np.uint8) for size in (100, 5_000, 60_000, 500_000) * 20]
    del scattered  # leaves other bytes in the memory that the second encoder is given
    encode(tmp_path / "two.mp4", info, EncodeSettings(encoder))
    assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()


def test_the_default_is_what_browsers_play(tmp_path: Path) -> None:
    encode(tmp_path / "part.mp4", an_info())
    with av.open(str(tmp_path / "part.mp4")) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")


def test_colour_tags_and_pixel_aspect_are_kept(tmp_path: Path) -> None:
    tags = ColourTags(matrix=9, primaries=9, transfer=16, full_range=True)
    part = encode(tmp_path / "part.mp4", an_info(colour=tags, coded_sample_aspect=Fraction(64, 45)))
    assert part.colour == tags
    assert part.sample_aspect == Fraction(64, 45)
    assert encode(tmp_path / "untagged.mp4", an_info()).colour == ColourTags()


def test_an_upright_part_has_no_rotation_left(tmp_path: Path) -> None:
    part = encode(tmp_path / "part.mp4", an_info(rotation=90, coded_sample_aspect=Fraction(4, 3)))
    assert (part.coded_width, part.coded_height, part.rotation) == (48, 64, 0)
    assert part.sample_aspect == Fraction(3, 4)


def test_an_odd_size_is_kept(tmp_path: Path) -> None:
    part = encode(tmp_path / "part.mp4", an_info(coded_width=27, coded_height=41))
    assert (part.width, part.height, part.pixel_format) == (27, 41, "yuv444p")


def test_ten_bits_are_kept_and_go_to_h265(tmp_path: Path) -> None:
    part = encode(tmp_path / "part.mp4", an_info(pixel_format="yuv420p10le", bit_depth=10))
    assert (part.stream.codec, part.pixel_format) == ("hevc", "yuv420p10le")
    frame = next(good_frames(part, Chunk(0, 0, 10, 0, None))).picture
    assert abs(int(frame.y[20, 20]) - 4 * luma(0)) <= 2


def test_an_encoder_that_would_lose_bits_is_refused() -> None:
    with pytest.raises(ConfigError, match="h264_nvenc would lose the 10 bits"):
        probe_encoder(an_info(bit_depth=10), EncodeSettings("h264_nvenc"))


def test_an_encoder_that_does_not_work_is_found_out_before_anything_is_inferred() -> None:
    with pytest.raises(MediaError, match="libx264 cannot encode 64x48 yuv420p"):
        probe_encoder(an_info(), EncodeSettings("libx264", preset="no such preset"))


def test_quality_and_bitrate_reach_the_encoder() -> None:
    def options(settings: EncodeSettings) -> dict[str, str]:
        return dict(probe_encoder(an_info(), settings).options)

    assert options(EncodeSettings())["crf"] == "20"
    assert options(EncodeSettings(crf=31, preset="fast"))["crf"] == "31"
    assert "crf" not in options(EncodeSettings(bitrate=500_000))
    assert probe_encoder(an_info(), EncodeSettings(bitrate=500_000)).bitrate == 500_000


@pytest.mark.parametrize(
    "wrong", [{"encoder": "x264"}, {"crf": 99}, {"bitrate": 4}, {"crf": 20, "bitrate": 9000}]
)
def test_settings_that_mean_nothing_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        EncodeSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(("given", "words"), [(9, "9 frames given"), (11, "11 frames given")])
def test_a_frame_too_few_or_too_many_leaves_no_part(tmp_path: Path, given: int, words: str) -> None:
    info = an_info(10)
    frames = painted(an_info(given), Chunk(0, 0, given, 0, None))
    with pytest.raises(MediaError, match=words):
        encode_part(tmp_path / "part.mp4", frames, info, Chunk(0, 0, 10, 0, None), probe_encoder(info, X264))
    assert list(tmp_path.iterdir()) == []


def test_the_next_frames_are_painted_while_one_is_encoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info, real, third = an_info(5), encode_module._encoded, Event()

    def frames() -> Iterator[YuvFrame]:
        for number, frame in enumerate(painted(info, Chunk(0, 0, 5, 0, None))):
            if number == 2:
                third.set()
            yield frame

    def encoded(stream: Any, frame: Any) -> Any:
        assert third.wait(10)
        return real(stream, frame)

    monkeypatch.setattr(encode_module, "_encoded", encoded)
    encode_part(tmp_path / "part.mp4", frames(), info, Chunk(0, 0, 5, 0, None), probe_encoder(info, X264))


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(WriteError, match=r"Cannot write .*\n.*No such file"):
        encode(tmp_path / "absent" / "part.mp4", an_info())


def test_a_full_disk_is_said_so_and_leaves_no_part(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(WriteError, match=r"Cannot write .*part\.mp4"):
            encode(tmp_path / "part.mp4", an_info(40, coded_width=320, coded_height=240))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


def test_painting_nothing_changes_pixels_only_by_the_encoder_s_loss(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "clip.mp4", layout="yuv420p"))
    chunk = Chunk(0, 0, info.frame_count, 0, None)
    frames = (frame.picture for frame in good_frames(info, chunk))
    encode_part(tmp_path / "part.mp4", frames, info, chunk, probe_encoder(info, X264))
    before, after = (list(good_frames(one, chunk)) for one in (info, probe(tmp_path / "part.mp4")))
    for old, new in zip(before, after, strict=True):
        assert np.abs(old.picture.y.astype(int) - new.picture.y).mean() < 1
