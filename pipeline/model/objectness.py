"""The score that anchors are ranked by, from the output of the region proposal network."""

from __future__ import annotations

from typing import Any

from pipeline.model.arrays import math_of


def ranking(logits: Any, softmax: bool) -> Any:
    """The rank of each logit float32; with `softmax` the logit is the difference of two, and the rank a probability.

    Ranking by the probability and not by the logits is part of being exact: confident anchors are all 1.0 in float32,
    and the source then takes them in the order of their index.
    """
    if not softmax:
        return logits
    ops = math_of(logits)
    small = ops.exp(-ops.abs(logits))
    return ops.where(logits >= 0.0, 1.0, small) / (1.0 + small)
