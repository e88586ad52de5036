"""Picking rows of batched tables, and the best rows, with static shapes on every backend."""

from __future__ import annotations

from typing import Any

from keras import ops


def take_rows(table: Any, index: Any) -> Any:
    """Rows `table[b, index[b, k]]`: [B, N, ...] and integer [B, K] give [B, K, ...].

    One flat gather: `take_along_axis` would broadcast the index over the row's content first.
    """
    batch, rows, *rest = table.shape
    flat = ops.reshape(table, (batch * rows, *rest))
    offset = ops.expand_dims(ops.arange(batch, dtype="int32") * rows, -1)
    return ops.take(flat, ops.cast(index, "int32") + offset, axis=0)


def best_rows(scores: Any, valid: Any, count: int) -> tuple[Any, Any, Any]:
    """The `count` best valid entries of `scores` [B, N], best first.

    Returns scores float32 [B, K], index int32 [B, K] and valid bool [B, K] with K = min(count, N); entries beyond
    the valid ones come last and are marked invalid.
    """
    masked = ops.where(valid, scores, float("-inf"))
    top, index = ops.top_k(masked, k=min(count, int(scores.shape[1])))
    return top, ops.cast(index, "int32"), top > float("-inf")
