"""Association of boxes: their overlap, and the pairing with the greatest sum of overlaps."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def overlaps(boxes: Floats, others: Floats, growth: float = 0.0) -> Floats:
    """IoU [N, M] of boxes [N, 4] with others [M, 4], all grown by this share of their size to each side."""
    if not len(boxes) or not len(others):
        return np.zeros((len(boxes), len(others)))
    first, second = _grown(boxes, growth), _grown(others, growth)
    # Both axes [N, M, 2] at once: with as few boxes as a frame has, each call of NumPy counts.
    sides = np.minimum(first[:, None, 2:], second[:, 2:]) - np.maximum(first[:, None, :2], second[:, :2])
    shared = _products(np.maximum(sides, 0.0, out=sides))
    union = _areas(first)[:, None] + _areas(second) - shared
    union[union <= 0.0] = 1.0
    return np.divide(shared, union, out=shared)


def overlaps_of_pairs(boxes: Floats, others: Floats, growth: float | Floats = 0.0) -> Floats:
    """IoU [P] of boxes [P, 4], each with its own one of others [P, 4], grown like above, by one share or [P]."""
    share = growth if isinstance(growth, float) else growth[:, None]
    first, second = _grown(boxes, share), _grown(others, share)
    low, high = np.maximum(first[:, :2], second[:, :2]), np.minimum(first[:, 2:], second[:, 2:])
    shared = _products(np.maximum(high - low, 0.0))
    union = _areas(first) + _areas(second) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def pair(overlap: Floats, minimum: float) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns that belong together, each at most once; none that overlaps less than `minimum`."""
    allowed = overlap >= minimum
    rows, columns = np.nonzero(allowed)
    if len(rows) == 0:
        return rows, columns
    # Most boxes meet one other, which meets them alone.
    of_row, of_column = np.bincount(rows, minlength=len(overlap)), np.bincount(columns)
    single = (of_row[rows] == 1) & (of_column[columns] == 1)
    if single.all():
        return rows, columns
    some, others = np.unique(rows[~single]), np.unique(columns[~single])
    block = np.ix_(some, others)
    first, second = _greatest_sum(np.where(allowed[block], overlap[block], 0.0))
    kept = allowed[block][first, second]
    rows = np.concatenate([rows[single], some[first[kept]]])
    columns = np.concatenate([columns[single], others[second[kept]]])
    order = np.argsort(rows)
    return rows[order], columns[order]


def _greatest_sum(gains: Floats) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the one-to-one pairing of all rows or of all columns that has the greatest sum.

    Shortest augmenting paths (Jonker & Volgenant 1987) over a rectangular matrix (Crouse 2016, algorithm 1). SciPy has
    the same, after a third of a second of imports.
    """
    if len(gains) > gains.shape[1]:
        columns, rows = _greatest_sum(gains.T)
        return rows, columns
    costs = -gains
    row_prices, column_prices = np.zeros(len(costs)), np.zeros(costs.shape[1])
    owner, column_of = np.full(costs.shape[1], -1), np.full(len(costs), -1)
    for start in range(len(costs)):
        shortest, via = np.full(len(owner), np.inf), np.full(len(owner), start)
        done, row, length = np.zeros(len(owner), np.bool_), start, 0.0
        reached: list[tuple[int, int]] = []
        while True:
            lengths = length + costs[row] - row_prices[row] - column_prices
            nearer = ~done & (lengths < shortest)
            shortest[nearer], via[nearer] = lengths[nearer], row
            column = int(np.argmin(np.where(done, np.inf, shortest)))
            length, done[column] = float(shortest[column]), True
            if owner[column] < 0:
                break
            row = int(owner[column])
            reached.append((row, column))
        row_prices[start] += length
        for there, by in reached:
            row_prices[there] += length - shortest[by]
        column_prices[done] -= length - shortest[done]
        while column >= 0:
            row = int(via[column])
            owner[column], column_of[row], column = row, column, int(column_of[row])
    columns = np.flatnonzero(owner >= 0)
    return owner[columns], columns


def _grown(boxes: Floats, growth: float | Floats) -> Floats:
    if isinstance(growth, float) and growth == 0.0:
        return boxes
    margin, grown = (boxes[:, 2:] - boxes[:, :2]) * growth, boxes.copy()
    grown[:, :2] -= margin
    grown[:, 2:] += margin
    return grown


def _areas(boxes: Floats) -> Floats:
    sides = boxes[..., 2:] - boxes[..., :2]
    return _products(np.maximum(sides, 0.0, out=sides))


def _products(sides: Floats) -> Floats:
    """Product of the last axis, which has two numbers; a fourth of the time of np.prod."""
    product: Floats = sides[..., 0] * sides[..., 1]
    return product
