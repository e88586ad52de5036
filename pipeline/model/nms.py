"""Greedy non-maximum suppression with static shapes, in closed form on every backend.

Candidates come best first. They are worked off in tiles: a tile is first held against everything kept so far, then
against itself. Inside a tile the greedy rule "kept unless a kept, better one overlaps" is iterated from "all kept"
until it stands still; round k has settled at least the first k candidates, and in practice it takes a handful.
The outer loop ends once enough are kept, so that a frame's 100 best cost one or two tiles, however many
candidates there are.
"""

from __future__ import annotations

from typing import Any, NamedTuple

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


class _Boxes(NamedTuple):
    """boxes float32 [B, K, 4], groups int32 [B, K], and index int32 [B, K], -1 where there is none."""

    boxes: Any
    groups: Any
    index: Any


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
    tile = min(tile or (CPU_TILE if gpu_capability() is None else GPU_TILE), total)
    tiles = -(-total // tile)
    index = ops.where(valid, ops.arange(total, dtype="int32"), -1)
    none = ops.zeros((batch, total), "int32")
    candidates = _padded(_Boxes(boxes, none if groups is None else groups, index), tiles * tile - total)

    def clashes(some: _Boxes, others: _Boxes) -> Any:
        intersection, union = _intersection_and_union(some.boxes, others.boxes)
        overlap = intersection > iou_threshold * union
        if groups is None:
            return overlap
        return ops.logical_and(
            overlap, ops.expand_dims(some.groups, -1) == ops.expand_dims(others.groups, -2)
        )

    def unfinished(step: Any, _boxes: Any, _groups: Any, kept_index: Any) -> Any:
        full = ops.all(kept_index[:, -1] >= 0)
        return ops.logical_and(step < tiles, ops.logical_not(full))

    def next_tile(step: Any, *state: Any) -> tuple[Any, ...]:
        kept, here = _Boxes(*state), _tile(candidates, step * tile, tile)
        # A free place may hold the box of a dropped candidate: top_k is not stable on every backend.
        beaten = ops.logical_and(clashes(here, kept), ops.expand_dims(kept.index >= 0, 1))
        alive = ops.logical_and(here.index >= 0, ops.logical_not(ops.any(beaten, axis=-1)))
        survive = _settle(clashes(here, here), alive)
        return (step + 1, *_append(kept, here._replace(index=ops.where(survive, here.index, -1))))

    nothing = (
        ops.zeros((batch, count, 4)),
        ops.zeros((batch, count), "int32"),
        ops.full((batch, count), -1, "int32"),
    )
    kept_index = ops.while_loop(unfinished, next_tile, (ops.convert_to_tensor(0, "int32"), *nothing))[-1]
    return ops.maximum(kept_index, 0), kept_index >= 0


def _padded(candidates: _Boxes, more: int) -> _Boxes:
    """The candidates with that many behind them that do not exist."""
    row = ((0, 0), (0, more))
    return _Boxes(
        ops.pad(candidates.boxes, (*row, (0, 0))),
        ops.pad(candidates.groups, row),
        ops.pad(candidates.index, row, constant_values=-1),
    )


def _tile(candidates: _Boxes, start: Any, size: int) -> _Boxes:
    """`size` of the candidates from `start` on."""
    parts = []
    for table in candidates:
        batch, _, *rest = table.shape
        origin = ops.convert_to_tensor((0, start, *(0 for _ in rest)), "int32")
        parts.append(ops.slice(table, origin, (batch, size, *rest)))
    return _Boxes(*parts)


def _append(kept: _Boxes, new: _Boxes) -> _Boxes:
    """The kept ones with the new ones behind them, in order, cut to the number of the kept."""
    both = _Boxes(*(ops.concatenate(tables, axis=1) for tables in zip(kept, new, strict=True)))
    # float32 holds every integer up to 2^24 exactly, and top_k of floats exists on every backend.
    place = ops.arange(int(both.index.shape[1]), 0, -1, dtype="float32")
    _, order = ops.top_k(ops.where(both.index >= 0, place, 0.0), k=int(kept.index.shape[1]))
    return _Boxes(*(take_rows(table, order) for table in both))


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
