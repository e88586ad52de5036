"""Place of 4:2:0's chroma samples between the luma samples: read off a frame, written by an encoder."""

from __future__ import annotations

import re
from fractions import Fraction

import av.logging
from av.error import FFmpegError
from av.filter import Graph
from av.video.frame import VideoFrame

#: FFmpeg's names in the order in which H.264 and H.265 number them (H.264, table E.1 and figure E-1).
LOCATIONS = ("left", "center", "topleft", "top", "bottomleft", "bottom")

UNKNOWN_LOCATION = "unspecified"

#: AV1 knows two of them (6.4.2 of its specification).
_OF_AV1 = {"left": "1", "topleft": "2"}


def read_chroma_location(frame: VideoFrame) -> str:
    """One of LOCATIONS, or "unspecified": for layouts other than 4:2:0, and where nothing says.

    PyAV does not tell, FFmpeg's filter showinfo does, in its log. The frame is not changed.
    """
    layout = frame.format
    if layout.is_rgb or (layout.chroma_width(64), layout.chroma_height(64)) != (32, 32):
        return UNKNOWN_LOCATION
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width,
        height=frame.height,
        format=layout,
        time_base=frame.time_base or Fraction(1, 25),
    )
    steps = [graph.add("showinfo", "checksum=0"), graph.add("buffersink")]
    source.link_to(steps[0])
    steps[0].link_to(steps[1])
    level = av.logging.get_level()
    try:
        graph.configure()
        av.logging.set_level(av.logging.INFO)
        with av.logging.Capture() as said:
            graph.push(frame)
            graph.pull()
    except FFmpegError:
        return UNKNOWN_LOCATION
    finally:
        av.logging.set_level(level)
    found = re.search(r"\bcl:(\w+)", "".join(words for _, name, words in said if "showinfo" in name))
    return found[1] if found and found[1] in LOCATIONS else UNKNOWN_LOCATION


def chroma_location_parameters(encoder: str, location: str) -> dict[str, str]:
    """The options that make an encoder write a location; none for "left", which encoders mean by writing none."""
    if location in (UNKNOWN_LOCATION, "left"):
        return {}
    if encoder in ("libx264", "libx265"):
        return {f"{encoder.removeprefix('lib')}-params": f"chromaloc={LOCATIONS.index(location)}"}
    if encoder == "libsvtav1" and location in _OF_AV1:
        return {"svtav1-params": f"chroma-sample-position={_OF_AV1[location]}"}
    return {}
