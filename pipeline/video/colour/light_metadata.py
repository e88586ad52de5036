"""HDR's static metadata: read as LightLevels from a decoded frame, written as an encoder's parameters."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import cast

import numpy as np
from av.buffer import Buffer
from av.filter import Graph
from av.video.frame import VideoFrame

from pipeline.structures.light_levels import CHROMATICITY_UNIT, LUMINANCE_UNIT, LightLevels

#: The most that PQ codes, in cd/m2, and the most that the 16 bits of MaxCLL and MaxFALL hold.
_BRIGHTEST, _MOST_STATED = 10_000, 0xFFFF

#: The option of an encoder that takes these parameters, and its names for the two kinds of them.
_NAMES = {
    "libx264": ("x264-params", "mastering-display", "cll"),
    "libx265": ("x265-params", "master-display", "max-cll"),
    "libsvtav1": ("svtav1-params", "mastering-display", "content-light"),
}


def frame_side_data(frame: VideoFrame) -> Mapping[str, Buffer]:
    """The side data of a frame, by FFmpeg's names; nothing where one of its kinds is newer than PyAV.

    PyAV up to 18.1 knows no EXIF, which FFmpeg gives with TIFF and Motion JPEG, and fails on all of it then. It frees
    what FFmpeg says of side data, as the name of a PNG's colour profile, and FFmpeg frees it once more: the process
    dies, at once or later. So profiles are taken away before it looks; pictures in YUV have none with a name.
    """
    if not frame.format.name.startswith("yuv"):
        frame = _without_profile(frame)
    try:
        return cast(Mapping[str, Buffer], frame.side_data)
    except ValueError:
        return {}


def _without_profile(frame: VideoFrame) -> VideoFrame:
    graph = Graph()
    source = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or Fraction(1)
    )
    graph.link_nodes(source, graph.add("sidedata", "mode=delete:type=ICC_PROFILE"), graph.add("buffersink"))
    graph.configure()
    graph.push(frame)
    return cast(VideoFrame, graph.pull())


def read_light(frame: VideoFrame) -> LightLevels | None:
    """The light levels that the frame's codec or container gives; None where it gives none.

    The layouts are those of FFmpeg's AVMasteringDisplayMetadata (ten fractions of int32, x and y of red,
    green, blue and white, then black and white; two flags) and AVContentLightMetadata (two uint32). Zeros
    are what codecs without flags write where nothing is known. A container may hold any numbers at all: those
    that no light has are not believed, as an encoder would not open with them.
    """
    # By name: going through all of it raises KeyError at a kind that PyAV does not know.
    side_data = frame_side_data(frame)
    mastering = side_data.get("MASTERING_DISPLAY_METADATA")
    content = side_data.get("CONTENT_LIGHT_LEVEL")
    chromaticities = luminance = levels = None
    if mastering is not None:
        values = np.frombuffer(bytes(mastering), np.int32, 22).tolist()
        pairs = zip(values[0:20:2], values[1:20:2], strict=True)
        numbers = [Fraction(top, bottom) if bottom else Fraction(0) for top, bottom in pairs]
        red, green, blue, white = zip(numbers[0:8:2], numbers[1:8:2], strict=True)
        black, most = numbers[8:]
        if values[20] and any(numbers[:8]) and all(0 <= number <= 1 for number in numbers[:8]):
            chromaticities = (red, green, blue, white)
        if values[21] and 0 <= black < most <= _BRIGHTEST:
            luminance = (black, most)
    if content is not None:
        brightest, mean = np.frombuffer(bytes(content), np.uint32, 2).tolist()
        levels = (brightest, mean) if 0 < max(brightest, mean) <= _MOST_STATED else None
    return LightLevels(chromaticities, luminance, levels) or None


def keeps_light(encoder: str) -> bool:
    """True if an encoder can be told them; nvenc reads them off frames alone, where PyAV cannot put them."""
    return encoder in _NAMES


def light_parameters(encoder: str, light: LightLevels | None) -> dict[str, str]:
    """The option, by its name, that makes an encoder write them; none where there is nothing to write.

    They are parameters and no side data of the first frame because each chunk is encoded by itself, and all
    parts are to have the same header.
    """
    if light is None or encoder not in _NAMES:
        return {}
    option, mastering, content = _NAMES[encoder]
    parameters = []
    if light.chromaticities is not None or light.luminance is not None:
        written = _with_decimals if encoder == "libsvtav1" else _in_units
        parameters.append(f"{mastering}={written(light)}")
    if light.content is not None:
        parameters.append("{}={},{}".format(content, *light.content))
    return {option: ":".join(parameters)}


def _in_units(light: LightLevels) -> str:
    """As x264 and x265 read it; zeros, which lie outside of what the standards allow, say that it is unknown."""
    points = [
        (round(x / CHROMATICITY_UNIT), round(y / CHROMATICITY_UNIT)) for x, y in light.chromaticities or ()
    ]
    black, white = (round(level / LUMINANCE_UNIT) for level in light.luminance or (0, 0))
    return _display([f"({x},{y})" for x, y in points or [(0, 0)] * 4], f"({white},{black})")


def _with_decimals(light: LightLevels) -> str:
    """As SVT-AV1 reads it, in units of 1 and cd/m2."""
    points = [f"({float(x):.7f},{float(y):.7f})" for x, y in light.chromaticities or ()]
    black, white = (float(level) for level in light.luminance or (0, 0))
    return _display(points or ["(0,0)"] * 4, f"({white:.6f},{black:.6f})")


def _display(points: list[str], luminance: str) -> str:
    red, green, blue, white = points
    return f"G{green}B{blue}R{red}WP{white}L{luminance}"
