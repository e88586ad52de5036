"""Names, input size and form of the frames that a network takes, whichever way it is run."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from pipeline.errors import InputError
from pipeline.model.config import InputConfig, MaskRCNNConfig
from pipeline.model.geometry import fit


def config_class_names(config: MaskRCNNConfig) -> Mapping[int, str]:
    """Name of each class id that a network of this config can return."""
    return dict(zip(config.class_ids[1:], config.classes[1:], strict=True))


def input_size(
    config: InputConfig, width: int, height: int, sample_aspect: Fraction | None
) -> tuple[int, int]:
    """Width and height in px, with square pixels, that a video of this size is decoded to.

    A frame of that size needs no further shrinking by the network. It is never larger than the frame itself, whose
    enlarging the network does in its own way.
    """
    square_width = max(round(width * (sample_aspect or 1)), 1)
    tall, wide = fit(height, square_width, config).resized
    return (square_width, height) if tall >= height else (wide, tall)


def check_frames(frames: Any) -> None:
    """Raises InputError unless `frames` are an array of uint8 RGB [B, H, W, 3], of at least one pixel each."""
    if not isinstance(frames, np.ndarray):
        found, do = type(frames).__name__, "give an array; np.stack makes one of frames of one size"
    elif frames.ndim == 3 and frames.shape[-1] == 3:
        found, do = f"{frames.dtype} {list(frames.shape)}", "give a single frame as frame[None]"
    elif frames.ndim != 4 or frames.shape[-1] != 3 or frames.dtype != np.uint8 or 0 in frames.shape[1:]:
        found, do = f"{frames.dtype} {list(frames.shape)}", "give RGB of 0 to 255, the channels last"
    else:
        return
    raise InputError("The frames must be uint8 [B, H, W, 3].", found=found, do=do)
