"""Makes a progressive frame of the upper field of an interlaced one."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

#: Planar layouts whose planes can be worked on row by row, by the dtype of a sample.
_EIGHT_BIT = {"yuv420p", "yuv422p", "yuv444p", "yuvj420p", "yuvj422p", "yuvj444p"}
_TEN_BIT = {"yuv420p10le", "yuv422p10le", "yuv444p10le"}


def deinterlaced(frame: VideoFrame) -> VideoFrame:
    """The frame with each row of its lower field made of the rows above and below; a progressive one as it is.

    It needs no other frame, so a chunk gives what the whole gives, and no two instants are ever mixed. The
    price is half of the detail from top to bottom.
    """
    if not frame.interlaced_frame:
        return frame
    name = frame.format.name
    if name not in _EIGHT_BIT | _TEN_BIT:
        frame = frame.reformat(format="yuv422p")
        name = "yuv422p"
    made = VideoFrame(frame.width, frame.height, name)
    dtype = np.uint8 if name in _EIGHT_BIT else np.uint16
    for source, target in zip(frame.planes, made.planes, strict=True):
        rows = np.frombuffer(memoryview(source), dtype).reshape(source.height, -1)[:, : source.width]
        into = np.frombuffer(memoryview(target), dtype).reshape(target.height, -1)[:, : target.width]
        into[...] = _without_lower_field(rows)
    made.colorspace, made.color_range = frame.colorspace, frame.color_range
    return made


def _without_lower_field(rows: NDArray[np.generic]) -> NDArray[np.generic]:
    made = rows.copy()
    upper = rows[0::2].astype(np.uint32)
    lower = len(rows) // 2
    # The last row of an even picture has nothing below it: it repeats the row above.
    below = np.concatenate([upper[1:], upper[-1:]])[:lower]
    made[1::2] = ((upper[:lower] + below + 1) >> 1).astype(rows.dtype)
    return made
