"""Turns FFmpeg's frames into upright planes or RGB, and planes into FFmpeg's frames."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from threading import get_ident
from typing import TypeVar

import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from numpy.typing import NDArray

from pipeline.structures.video_info import VideoInfo
from pipeline.structures.yuv_frame import Plane, YuvFrame

Sample = TypeVar("Sample", bound=np.generic)

#: swscale's own numbers; PyAV before 18 has no name for the last.
_COLORSPACES = {"bt601": 5, "bt709": 1, "bt2020": 9}

#: Without full chroma interpolation swscale's fast path to RGB comes out up to 2 of 255 too dark; it costs
#: 0.5 ms at 720p. The other two keep the numbers the same on every machine.
SCALING = (
    Interpolation.AREA | Interpolation.FULL_CHR_H_INT | Interpolation.ACCURATE_RND | Interpolation.BITEXACT
)

#: Name of planar YUV by luma pixels that a chroma pixel covers, across and down.
_SUBSAMPLINGS = {(2, 2): "yuv420p", (2, 1): "yuv422p", (1, 1): "yuv444p"}


def top_down(frame: VideoFrame) -> VideoFrame:
    """The frame with its first row first in memory: itself, but of decoders that fill it from below, as AMV's does.

    PyAV shows a plane whose rows run backwards as the memory behind it.
    """
    if all(plane.line_size > 0 for plane in frame.planes):
        return frame
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=frame.format,
        time_base=frame.time_base or Fraction(1),
    )
    graph.link_nodes(source, graph.add("copy"), graph.add("buffersink")).configure()
    graph.push(frame)
    made = graph.pull()
    assert isinstance(made, VideoFrame)
    return made


def to_yuv(frame: VideoFrame, info: VideoInfo) -> YuvFrame:
    """The frame upright, in its own planes: 4:2:0, 4:2:2 or 4:4:4, with 8 or 10 bit.

    No number changes where the source is planar YUV of that kind. Other layouts are converted; transparency
    is dropped; a frame of another size than the first is scaled to it.
    """
    layout = planar_layout(info)
    if _plain(frame.format.name) != layout or (frame.width, frame.height) != (
        info.coded_width,
        info.coded_height,
    ):
        frame = converted(
            frame, info, info.coded_width, info.coded_height, layout, bool(info.colour.full_range)
        )
    y, u, v = (_upright(_view(plane, info.bit_depth), info).copy() for plane in frame.planes[:3])
    return YuvFrame(
        y=y,
        u=u,
        v=v,
        bit_depth=8 if info.bit_depth <= 8 else 10,
        full_range=bool(info.colour.full_range),
        matrix=info.colour.matrix_name(info.coded_height),
    )


def to_rgb(frame: VideoFrame, info: VideoInfo, width: int, height: int) -> NDArray[np.uint8]:
    """The frame upright, scaled to `width` x `height` px: uint8 RGB [height, width, 3].

    Shrinking averages the area a pixel covers, so that small objects don't fall between samples.
    """
    across, down = (height, width) if info.rotation in (90, 270) else (width, height)
    scaled = converted(frame, info, across, down, "rgb24", full_range=True).to_ndarray()
    return np.ascontiguousarray(_upright(scaled, info))


def to_grey(frame: VideoFrame, info: VideoInfo, width: int, height: int) -> NDArray[np.uint8]:
    """The frame's luma upright, scaled as by `to_rgb`: uint8 [height, width], black 0 and white 255.

    Where a source has a plane of luma, no other is read.
    """
    across, down = (height, width) if info.rotation in (90, 270) else (width, height)
    scaled = converted(frame, info, across, down, "gray", full_range=True).to_ndarray()
    return np.ascontiguousarray(_upright(scaled, info))


def to_av(frame: YuvFrame, info: VideoInfo, layout: str) -> VideoFrame:
    """A frame as an encoder takes it: the same planes, unless `layout` asks for others."""
    own = _SUBSAMPLINGS[frame.subsampling] + ("10le" if frame.bit_depth > 8 else "")
    made = VideoFrame(frame.width, frame.height, own)
    for plane, pixels in zip(made.planes, frame.planes, strict=True):
        _view(plane, frame.bit_depth)[...] = pixels
    if own == layout:
        return made
    return converted(made, info, frame.width, frame.height, layout, frame.full_range)


def planar_layout(info: VideoInfo) -> str:
    """FFmpeg's name of the planes that hold the source without loss, or nearly."""
    source = VideoFormat(info.pixel_format)
    across, down = 64 // source.chroma_width(64), 64 // source.chroma_height(64)
    if len(source.components) < 3:
        across, down = 2, 2  # grey: no chroma to lose
    elif source.is_rgb or across < down or (info.rotation in (90, 270) and across != down):
        across, down = 1, 1  # 4:4:0, which 4:2:2 becomes on its side, is a layout that no encoder takes
    layout = _SUBSAMPLINGS[min(across, 2), min(down, 2)]
    return layout + ("10le" if info.bit_depth > 8 else "")


def _plain(name: str) -> str:
    """The name without FFmpeg's old way to say full range."""
    return name.replace("yuvj", "yuv")


def converted(
    frame: VideoFrame, info: VideoInfo, width: int, height: int, layout: str, full_range: bool
) -> VideoFrame:
    """A frame in another size and layout; its matrix stays the source's wherever it is YUV."""
    matrix = _COLORSPACES[info.colour.matrix_name(info.coded_height)]
    return _scaler(get_ident(), width, height, layout).reformat(
        frame,
        width=width,
        height=height,
        format=layout,
        src_colorspace=matrix,
        dst_colorspace=matrix,
        src_color_range=ColorRange.JPEG if info.colour.full_range or frame.format.is_rgb else ColorRange.MPEG,
        dst_color_range=ColorRange.JPEG if full_range else ColorRange.MPEG,
        interpolation=SCALING,
        threads=1,
    )


@lru_cache(maxsize=16)
def _scaler(thread: int, width: int, height: int, layout: str) -> VideoReformatter:
    """FFmpeg's scaler of one thread for one size: setting up another for each frame takes 0.4 ms of a CPU."""
    return VideoReformatter()


def _view(plane: VideoPlane, bit_depth: int) -> Plane:
    """The pixels of a plane, without the padding behind each row; writing into it writes into the plane."""
    dtype = np.uint8 if bit_depth <= 8 else np.uint16
    rows = np.frombuffer(memoryview(plane), dtype).reshape(-1, plane.line_size // np.dtype(dtype).itemsize)
    return rows[: plane.height, : plane.width]


def _upright(pixels: NDArray[Sample], info: VideoInfo) -> NDArray[Sample]:
    turned = pixels[:, ::-1] if info.mirrored else pixels
    return np.rot90(turned, k=-(info.rotation // 90))
