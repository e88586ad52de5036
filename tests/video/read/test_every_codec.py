"""Chunks of a video are the video, in every codec and pixel format that the carried ffmpeg can write."""

from __future__ import annotations

from pathlib import Path

import av
import ffmpeg
import numpy as np
import pytest

from pipeline.errors import InputError
from pipeline.structures.chunk import Chunk
from pipeline.structures.video_info import VideoInfo
from pipeline.video.read.decode import decode_small
from pipeline.video.read.demux import cut_packets
from pipeline.video.read.motion import grey_size
from pipeline.video.read.plan import plan, whole_chunk
from pipeline.video.read.probe import probe
from tests.footage import good_frames
from tests.made_by_ffmpeg import run_ffmpeg, to_file

#: Codec, ending of the file, pixel formats.
TABLE = {
    "rawvideo avi": "pal8 bgr24 yuv420p gray rgb555le uyvy422",
    "rawvideo mov": "pal8 uyvy422 yuyv422 rgb24 argb",
    "rawvideo nut": "pal8 yuv420p10le yuv444p12le gbrp monow gray16le",
    "msrle avi": "pal8", "smc mov": "pal8", "zmbv avi": "pal8 bgr0", "bmp avi": "pal8 bgr24",
    "png mov": "pal8 rgb24 rgba rgb48be", "gif gif": "pal8 rgb8", "cinepak avi": "rgb24 gray",
    "qtrle mov": "argb rgb24 gray", "rpza mov": "rgb555", "flv flv": "yuv420p", "flashsv flv": "bgr24",
    "mpeg1video mpg": "yuv420p", "mpeg2video mpg": "yuv420p yuv422p", "mpeg2video ts": "yuv420p",
    "mpeg4 avi": "yuv420p", "mpeg4 mp4": "yuv420p", "msmpeg4v2 avi": "yuv420p", "msmpeg4 avi": "yuv420p",
    "wmv1 asf": "yuv420p", "wmv2 asf": "yuv420p", "h263p avi": "yuv420p", "svq1 mov": "yuv410p",
    "mjpeg avi": "yuvj420p yuvj422p yuvj444p", "ljpeg avi": "bgr24 yuvj420p", "jpegls avi": "rgb24 gray",
    "huffyuv avi": "yuv422p rgb24", "ffvhuff avi": "yuv420p yuv444p10le gbrp", "utvideo avi": "yuv420p gbrp",
    "ffv1 mkv": "yuv420p yuv422p10le yuv444p16le gray bgr0 rgb48le yuva420p", "magicyuv mkv": "gbrp yuv420p gray",
    "dnxhd mov": "yuv422p10le", "prores_ks mov": "yuv422p10le yuva444p10le", "cfhd mov": "yuv422p10le gbrp12le",
    "v210 mov": "yuv422p10le", "v410 mov": "yuv444p10le", "r210 mov": "gbrp10le", "dvvideo avi": "yuv411p yuv420p",
    "libx264 mp4": "yuv420p yuv422p yuv444p yuv420p10le nv12 gray", "libx264rgb mkv": "rgb24",
    "libx265 mp4": "yuv420p yuv422p10le gbrp yuv420p12le gray", "libvpx webm": "yuv420p yuva420p",
    "libvpx-vp9 webm": "yuv420p yuv440p gbrp yuv420p10le", "libsvtav1 mp4": "yuv420p yuv420p10le",
    "libtheora ogv": "yuv420p", "jpeg2000 mkv": "rgb24 yuv420p", "libwebp_anim mkv": "bgra", "snow nut": "yuv420p",
    "asv2 avi": "yuv420p", "roqvideo nut": "yuvj444p", "vc2 mov": "yuv420p", "hap mov": "rgba", "tiff mov": "rgb24",
    "targa mov": "bgr24", "sgi mov": "rgb24", "amv mkv": "yuvj420p",
}  # fmt: skip

CASES = [f"{codec} {layout}" for codec, layouts in TABLE.items() for layout in layouts.split()]

#: One case of each way in which luma lies in a decoder's frame, or does not.
LUMA_CASES = [
    "rawvideo avi pal8", "rawvideo mov argb", "rawvideo nut gbrp", "ffv1 mkv rgb48le", "rawvideo nut monow",
    "rawvideo nut gray16le", "ffv1 mkv gray", "rawvideo mov uyvy422", "rawvideo mov yuyv422",
    "rawvideo nut yuv420p10le", "rawvideo nut yuv444p12le", "ffv1 mkv yuv444p16le", "ffv1 mkv yuva420p",
    "dvvideo avi yuv411p", "mjpeg avi yuvj420p", "prores_ks mov yuva444p10le",
]  # fmt: skip

OF_A_KIND = {
    "dvvideo": "720x576",
    "dnxhd": "1280x720",
    "cfhd": "256x128",
    "roqvideo": "128x128",
    "hap": "64x48",
}
OPTIONS = {"libvpx-vp9": {"deadline": "realtime", "cpu-used": 8}, "dnxhd": {"b:v": "90M"}, "snow": {"strict": -2},
           "libx265": {"x265-params": "log-level=error"}, "libsvtav1": {"preset": 12},
           "amv": {"strict": -1}}  # fmt: skip


def made(folder: Path, case: str) -> Path:
    codec, ending, layout = case.split()
    size, rate = OF_A_KIND.get(codec, "64x48"), 30 if codec == "roqvideo" else 25
    picture = ffmpeg.input(f"testsrc2=s={size}:r={rate}:d=0.6", f="lavfi")
    path = folder / f"clip.{ending}"
    options = {"c:v": codec, "pix_fmt": layout, "g": 4, **OPTIONS.get(codec, {})}
    try:
        run_ffmpeg(to_file(path, picture, **options), timeout_seconds=60)
    except RuntimeError as error:
        pytest.skip(f"this ffmpeg cannot write it: {str(error).splitlines()[-1].strip()}")
    return path


def digests(info: VideoInfo, chunks: tuple[Chunk, ...], *, sent: bool = False) -> list[tuple[int, int]]:
    return [
        (frame.number, hash(tuple(plane.tobytes() for plane in frame.picture.planes)))
        for chunk in chunks
        for frame in good_frames(info, chunk, packets=cut_packets(info, chunk) if sent else None)
    ]


def has_palette_beside(info: VideoInfo) -> bool:
    with av.open(str(info.path)) as container:
        return any(packet.has_sidedata("palette") for packet in container.demux(video=0) if packet.size)


@pytest.mark.parametrize("case", CASES)
def test_chunks_are_the_whole(tmp_path: Path, case: str) -> None:
    info = probe(made(tmp_path, case))
    whole = digests(info, (Chunk(0, 0, info.frame_count, info.start_pts, None),))
    chunks = plan(info, 4)
    assert [number for number, _ in whole] == np.arange(info.frame_count).tolist()
    assert len(chunks) > 1
    assert digests(info, chunks) == whole
    if info.pixel_format == "pal8" and has_palette_beside(info):
        with pytest.raises(InputError, match="palette beside its packets"):
            digests(info, chunks, sent=True)
    else:
        assert digests(info, chunks, sent=True) == whole


@pytest.mark.parametrize("case", LUMA_CASES)
def test_luma_is_that_of_the_colours_in_full_range(tmp_path: Path, case: str) -> None:
    info = probe(made(tmp_path, case))
    picture = next(decode_small(info, whole_chunk(info), *grey_size(info), {0})).picture
    assert picture.rgb is not None
    # BT.601's weights: these clips are small or have no luma of their own.
    expected = picture.rgb @ np.array([0.299, 0.587, 0.114])
    assert np.abs(picture.grey - expected).mean() < 1.5
    assert picture.grey.max() > 200
