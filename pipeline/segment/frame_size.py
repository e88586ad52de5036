"""The size a network wants its frames decoded to."""

from __future__ import annotations

from fractions import Fraction

from pipeline.structures.frame_segmenter import FrameSegmenter

#: Longest side in px for networks that resize inside themselves: those of the TensorFlow zoo look at 1333 at most.
_LONGEST_SIDE = 1333


def frame_size(
    network: FrameSegmenter, width: int, height: int, sample_aspect: Fraction | None
) -> tuple[int, int]:
    """Width and height in px, with square pixels and never larger than the frame's own pixels.

    A frame of that size needs no further shrinking by the network. Decoding straight to it saves converting
    and moving pixels that no convolution would see.
    """
    from pipeline.model.geometry import fit
    from pipeline.model.predictor import MaskRCNNPredictor

    square_width = max(round(width * (sample_aspect or 1)), 1)
    if isinstance(network, MaskRCNNPredictor):
        tall, wide = fit(height, square_width, network.model.config.input).resized
    else:
        wanted: tuple[int, int] | None = getattr(network, "frame_size", None)
        if wanted is not None:
            return wanted
        scale = _LONGEST_SIDE / max(height, square_width)
        tall, wide = round(height * scale), round(square_width * scale)
    if tall >= height:
        return square_width, height
    return max(wide, 1), max(tall, 1)
