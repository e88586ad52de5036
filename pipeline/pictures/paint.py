"""A Picture and its objects -> the picture with each painted over it."""

from __future__ import annotations

import numpy as np

from pipeline.pictures.picture import Picture
from pipeline.render.frame_labels import FrameLabels
from pipeline.render.overlay import Overlay
from pipeline.structures.tracks import Tracks
from pipeline.structures.yuv_frame import YuvFrame


def paint_picture(overlay: Overlay, picture: Picture, tracks: Tracks, labels: FrameLabels) -> Picture:
    """A painted copy; what lies under no mask, line or label keeps its numbers, and all keeps its alpha."""
    red, green, blue = (picture.rgb[..., channel].copy() for channel in range(3))
    bits = 8 * picture.rgb.dtype.itemsize
    painted = overlay.paint(YuvFrame(green, blue, red, bits, True, "gbr"), tracks, labels)
    rgb = np.empty_like(picture.rgb)
    rgb[..., 0], rgb[..., 1], rgb[..., 2] = painted.v, painted.y, painted.u
    return Picture(rgb, picture.alpha, picture.remarks)
