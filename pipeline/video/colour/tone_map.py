"""Tone-maps HDR frames to SDR: BT.709, 8 bit, limited range."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
from av.filter import Graph
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from pipeline.errors import WriteError
from pipeline.structures.colour import ColourTags
from pipeline.structures.video_info import VideoInfo
from pipeline.video.colour.chroma_location import UNKNOWN_LOCATION
from pipeline.video.colour.pixels import converted, planar_layout
from pipeline.video.colour.tone_curve import HLG, HLG_PEAK, PQ, sdr_from_hdr

#: What an HDR source without light metadata is taken to reach, in cd/m2: the display that most are made on.
_USUAL_PEAK = 1000.0

#: Matrix, primaries and transfer of what comes out: BT.709, as H.273 numbers all three.
_SDR_COLOUR = ColourTags(matrix=1, primaries=1, transfer=1, full_range=False)

#: Points of the lookup table along each axis. Against the formulas, on random colours of a PQ source of 1000
#: cd/m2: 65 are off by 0.15 of 255 on the mean (0.20 with the 10 bit they come in) and by at most 3.5 in 99 of 100,
#: 33 by 0.42 and 8.2. They cost the same a frame, and a quarter of a second once a process.
_POINTS = 65

#: What the table reads and gives: full range, as many bits as HDR comes with.
_LAYOUT = "gbrp10le"


def is_hdr(info: VideoInfo) -> bool:
    """True if the source's numbers are PQ's or HLG's."""
    return info.colour.transfer in (PQ, HLG)


def sdr(info: VideoInfo) -> VideoInfo:
    """The source as it is once its frames are tone-mapped; an SDR source as it is."""
    if not is_hdr(info):
        return info
    layout = planar_layout(replace(info, bit_depth=8))
    return replace(
        info,
        pixel_format=layout,
        bit_depth=8,
        colour=_SDR_COLOUR,
        light=None,
        chroma_location=UNKNOWN_LOCATION,
    )


def as_painted(info: VideoInfo, *, tone_map: bool, deinterlace: bool = False) -> VideoInfo:
    """The source as its frames are painted and encoded."""
    painted = sdr(info) if tone_map else info
    return replace(painted, interlaced=False) if deinterlace else painted


def tone_mapped(frame: VideoFrame, info: VideoInfo, width: int, height: int) -> VideoFrame:
    """An HDR frame as SDR's R, G, B in full range, not turned yet; `width` x `height` px is its upright size.

    From here on it is a frame of `sdr(info)`. It is scaled before it is mapped, which is cheaper for small
    ones. PQ is shown on SDR_WHITE for white, HLG as its reference display shows it; see tone_curve.py.
    """
    across, down = (height, width) if info.rotation in (90, 270) else (width, height)
    table = _table(info.colour.transfer, info.colour.primaries, _peak(info), across, down)
    return table.applied(converted(frame, info, across, down, _LAYOUT, full_range=True))


def _peak(info: VideoInfo) -> float:
    """cd/m2 that the source reaches. HLG is relative, so that its display's peak is what counts."""
    stated = info.light.peak if info.light is not None else None
    return HLG_PEAK if info.colour.transfer == HLG else stated or _USUAL_PEAK


class _Table:
    """FFmpeg's lut3d with `sdr_from_hdr` in it, for frames of one size."""

    def __init__(self, transfer: int, primaries: int, peak: float, width: int, height: int) -> None:
        graph = Graph()
        graph.threads = 1  # chunks are worked on side by side
        source = graph.add_buffer(
            width=width, height=height, format=VideoFormat(_LAYOUT), time_base=Fraction(1)
        )
        try:
            with tempfile.TemporaryDirectory(prefix="seg-video-lut-") as folder:
                path = Path(folder) / "hdr.cube"
                path.write_text(_cube(transfer, primaries, peak), encoding="ascii")
                # Adding the filter reads the file. Options by keyword are not parsed: no name needs quoting.
                lut = graph.add("lut3d", file=str(path), interp="tetrahedral")
        except OSError as error:
            raise WriteError(
                f"Cannot write the table for HDR's colours into {tempfile.tempdir or 'any temporary folder'}.",
                found=error.strerror or str(error),
                do="free 8 MB there, or set TMPDIR to another folder; then run the same command again",
            ) from error
        graph.link_nodes(source, lut, graph.add("buffersink")).configure()
        self._graph, self._lock = graph, Lock()

    def applied(self, frame: VideoFrame) -> VideoFrame:
        """The frame through the table: one in, one out, whichever thread asks."""
        frame.pts, frame.time_base = 0, Fraction(1)
        with self._lock:
            self._graph.vpush(frame)
            return self._graph.vpull()


#: The sizes of a source: the network's, that of motion, and the video's.
_table = lru_cache(maxsize=4)(_Table)


def _cube(transfer: int, primaries: int, peak: float) -> str:
    """The table as Adobe's Cube LUT 1.0: a line of R, G, B each, red running fastest."""
    axis = np.linspace(0.0, 1.0, _POINTS)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    values = sdr_from_hdr(np.stack([red, green, blue], axis=-1), transfer, primaries, peak).reshape(-1)
    lines = "%.6f %.6f %.6f\n" * (len(values) // 3) % tuple(values)
    return f"LUT_3D_SIZE {_POINTS}\n{lines}"
