"""Sampling (Ren et al. 2015, section 3.1.3): a fixed number of matches with a bounded share of positives."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from pipeline.model.learning.matcher import NEGATIVE, POSITIVE
from pipeline.model.rows import take_rows


def sample(
    labels: Any, count: int, positive_share: float, seed: keras.random.SeedGenerator
) -> tuple[Any, Any]:
    """A random choice of matches with at most `positive_share` positive ones, filled up with negatives.

    labels : int32 [B, N] of `matcher`.

    Returns index int32 [B, S] with S = min(count, N), positives first, and valid bool [B, S]; where there are not
    enough of either kind the rest is invalid.
    """
    batch, total = int(labels.shape[0]), int(labels.shape[1])
    count = min(count, total)
    luck = keras.random.uniform((batch, total), seed=seed)
    most = int(count * positive_share)
    positive = _best(labels == POSITIVE, luck, min(most, total))
    negative = _best(labels == NEGATIVE, luck, count)
    index = ops.concatenate([positive[0], negative[0]], axis=1)
    valid = ops.concatenate([positive[1], negative[1]], axis=1)
    # Those that exist move to the front, positives first; of the negatives, as many stay as there is room for.
    length = int(index.shape[1])
    place = ops.where(valid, ops.arange(length, 0, -1, dtype="float32"), 0.0)
    _, order = ops.top_k(place, k=count)
    return take_rows(index, order), take_rows(valid, order)


def _best(wanted: Any, luck: Any, count: int) -> tuple[Any, Any]:
    """The `count` luckiest of those wanted: index int32 [B, count], valid bool [B, count]."""
    value, index = ops.top_k(ops.where(wanted, luck, -1.0), k=count)
    return ops.cast(index, "int32"), value >= 0.0
