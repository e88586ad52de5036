"""Greedy non-maximum suppression with static shapes, in closed form on every backend.

Candidates come best first. They are worked off in tiles: a tile is first held against everything kept so far, then
against itself. Inside a tile the greedy rule "kept unless a kept, better one overlaps" is iterated from "all kept"
until it stands still; round k has settled at least the first k candidates, and in practice it takes a handful.
The outer loop ends once enough are kept, so that a frame's 100 best cost one or two tiles, however many
candidates there are.
"""

from __future__ import annotations

from typing import Any

from keras import ops

from pipeline.model.precision import gpu_capability
from pipeline.model.rows import take_rows

#: Candidates a tile: on a CPU its overlap matrix stays in the L2 cache; a GPU is filled only by a larger one.
CPU_TILE, GPU_TILE = 128, 512


def box_iou(first: Any, second: Any) -> Any:
    """Intersection over union float32 [B, N, M] of boxes [B, N, 4] and [B, M, 4]; 0 where both are empty."""
    intersection, union = _intersection_and_union(first, second)
    return ops.where(union > 0.0, intersection / ops.where(union > 0.0, union, 1.0), 0.0)


def _intersection_and_union(first: Any, second: Any) -> tuple[Any, Any]:
    x1, y1, x2, y2 = (ops.expand_dims(first[..., i], -1) for i in range(4))
    u1, v1, u2, v2 = (ops.expand_dims(second[..., i], -2) for i in range(4))
    width = ops.maximum(ops.minimum(x2, u2) - ops.maximum(x1, u1), 0.0)
    height = ops.maximum(ops.minimum(y2, v2) - ops.maximum(y1, v1), 0.0)
    intersection = width * height
    return intersection, (x2 - x1) * (y2 - y1) + (u2 - u1) * (v2 - v1) - intersection


def greedy_nms(
    boxes: Any,
    valid: Any,
    iou_threshold: float,
    count: int,
    groups: Any | None = None,
    tile: int | None = None,
) -> tuple[Any, Any]:
    """The first `count` candidates that survive, in order.

    Parameters
    ----------
    boxes : float32 [B, K, 4], best first.
    valid : bool [B, K]; the others do not exist.
    iou_threshold : a candidate that overlaps a kept one by more is dropped.
    count : how many to keep at most.
    groups : int32 [B, K]; candidates of different groups do not suppress each other. None: all are one group.
    tile : candidates worked off at a time; it changes the speed and nothing else. None: by the machine.

    Returns
    -------
    index : int32 [B, count] into the candidates; valid : bool [B, count].

    """
    batch, total = int(boxes.shape[0]), int(boxes.shape[1])
    grouped = groups is not None
    groups = groups if grouped else ops.zeros((batch, total), "int32")
    tile = min(tile or (CPU_TILE if gpu_capability() is None else GPU_TILE), total)
    tiles = -(-total // tile)
    padding = tiles * tile - total
    boxes = ops.pad(boxes, ((0, 0), (0, padding), (0, 0)))
    valid = ops.pad(ops.cast(valid, "int32"), ((0, 0), (0, padding)))
    groups = ops.pad(groups, ((0, 0), (0, padding)))

    def tile_of(table: Any, step: Any, *rest: int) -> Any:
        start = (0, step * tile, *(0 for _ in rest))
        return ops.slice(table, ops.convert_to_tensor(start, "int32"), (batch, tile, *rest))

    def overlaps(some: Any, some_groups: Any, others: Any, other_groups: Any) -> Any:
        intersection, union = _intersection_and_union(some, others)
        clash = intersection > iou_threshold * union
        if not grouped:
            return clash
        return ops.logical_and(clash, ops.expand_dims(some_groups, -1) == ops.expand_dims(other_groups, -2))

    def unfinished(step: Any, kept_index: Any, *_kept: Any) -> Any:
        full = ops.all(kept_index[:, -1] >= 0)
        return ops.logical_and(step < tiles, ops.logical_not(full))

    def next_tile(step: Any, kept_index: Any, kept_boxes: Any, kept_groups: Any) -> tuple[Any, Any, Any, Any]:
        here = tile_of(boxes, step, 4)
        groups_here = tile_of(groups, step)
        index_here = ops.broadcast_to(step * tile + ops.arange(tile, dtype="int32"), (batch, tile))
        clash = overlaps(here, groups_here, kept_boxes, kept_groups)
        clash = ops.logical_and(clash, ops.expand_dims(kept_index >= 0, 1))
        alive = ops.logical_and(tile_of(valid, step) > 0, ops.logical_not(ops.any(clash, axis=-1)))
        keep = _settle(overlaps(here, groups_here, here, groups_here), alive)
        index_here = ops.where(keep, index_here, -1)
        return (step + 1, *_append(kept_index, kept_boxes, kept_groups, index_here, here, groups_here))

    state = (
        ops.convert_to_tensor(0, "int32"),
        ops.full((batch, count), -1, "int32"),
        ops.zeros((batch, count, 4), "float32"),
        ops.zeros((batch, count), "int32"),
    )
    kept_index = ops.while_loop(unfinished, next_tile, state)[1]
    return ops.maximum(kept_index, 0), kept_index >= 0


def _settle(clash: Any, alive: Any) -> Any:
    """The greedy choice bool [B, N] among candidates `alive` [B, N] whose overlaps are `clash` [B, N, N]."""
    size = int(clash.shape[-1])
    order = ops.arange(size)
    better = ops.expand_dims(order, 0) < ops.expand_dims(order, 1)
    suppresses = ops.logical_and(clash, better)

    def changed(_keep: Any, moved: Any) -> Any:
        return moved

    def settle(keep: Any, _moved: Any) -> tuple[Any, Any]:
        beaten = ops.any(ops.logical_and(suppresses, ops.expand_dims(keep, 1)), axis=-1)
        now = ops.logical_and(alive, ops.logical_not(beaten))
        return now, ops.any(now != keep)

    return ops.while_loop(changed, settle, (alive, ops.convert_to_tensor(True)))[0]


def _append(kept_index: Any, kept_boxes: Any, kept_groups: Any, index: Any, boxes: Any, groups: Any) -> Any:
    """The kept ones with the new ones (index >= 0) behind them, in order, cut to the size of the kept."""
    index = ops.concatenate([kept_index, index], axis=1)
    boxes = ops.concatenate([kept_boxes, boxes], axis=1)
    groups = ops.concatenate([kept_groups, groups], axis=1)
    length = int(index.shape[1])
    # float32 holds every integer up to 2^24 exactly, and top_k of floats exists on every backend.
    place = ops.arange(length, 0, -1, dtype="float32")
    _, order = ops.top_k(ops.where(index >= 0, place, 0.0), k=int(kept_index.shape[1]))
    return take_rows(index, order), take_rows(boxes, order), take_rows(groups, order)
