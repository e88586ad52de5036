"""Sameness: the tracks of a frame that are one object, found twice."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.masks import INSIDE
from pipeline.track.association import overlaps, overlaps_of_pairs
from pipeline.track.observation import Observation, stacked_boxes
from pipeline.track.settings import TrackSettings
from pipeline.track.window import UNDECIDED, Life

Floats = NDArray[np.float64]

#: Least IoU of the masks of two tracks of other groups: a rider's box is nearly that of the bicycle, the mask is not.
_MASK_OVERLAP = 0.7

#: A mask that lies with this share in another one is a part of the same object, or one over two of them: of two objects
#: that hide each other each has its own part. In six real clips and three drawn ones nothing with more was two objects.
_WITHIN = 0.85

#: Boxes that touch, grown by this share of their size to each side, may lie on each other in other frames.
_BESIDE = 0.5


#: So many of the frames in which both were found are compared.
_COMPARED = 8


def same_objects(
    present: Sequence[tuple[Life, Observation]],
    fresh: Collection[int],
    groups: NDArray[np.intp],
    settings: TrackSettings,
) -> list[tuple[Life, Life]]:
    """Pairs (kept, other) of tracks that are one object; none is `other` twice or kept after it was `other`.

    Parameters
    ----------
    present : the tracks that a frame shows, each with where it is there.
    fresh : numbers of those that may be one with all beside them; the others only with what they lie on in this frame.
    groups : int [C], group of each class.
    settings : the least overlap.

    """
    if len(present) < 2:
        return []
    boxes = stacked_boxes(one for _, one in present)
    near = _lie_on_each_other(boxes, settings.same_overlap)
    if fresh:
        new = [row for row, (life, _) in enumerate(present) if life.number in fresh]
        near[new] |= overlaps(boxes[new], boxes, _BESIDE) > 0
    some, others = np.nonzero(near | near.T)
    pairs: list[tuple[Life, Life]] = []
    gone: set[int] = set()
    for first, second in zip(some.tolist(), others.tolist(), strict=True):
        if first >= second:
            continue
        (one, here), (other, there) = present[first], present[second]
        if {one.number, other.number} & gone:
            continue
        same_group = groups[one.votes.argmax()] == groups[other.votes.argmax()]
        if (
            (same_group or _mask_overlap(here, there) >= _MASK_OVERLAP)
            and _stay_together(one, other, settings)
        ) or (same_group and lies_within(one, other, _WITHIN)):
            kept, lesser = sorted((one, other), key=_standing, reverse=True)
            pairs.append((kept, lesser))
            gone.add(lesser.number)
    return pairs


def _lie_on_each_other(boxes: Floats, least: float) -> NDArray[np.bool_]:
    """Bool [N, N]: boxes [N, 4] with at least this IoU, and those that lie in another one."""
    sides = np.minimum(boxes[:, None, 2:], boxes[None, :, 2:]) - np.maximum(
        boxes[:, None, :2], boxes[None, :, :2]
    )
    np.maximum(sides, 0.0, out=sides)
    shared = sides[..., 0] * sides[..., 1]
    areas = np.diagonal(shared)
    union = areas[:, None] + areas - shared
    overlap = shared / np.where(union > 0, union, 1.0)
    return np.asarray((overlap >= least) | (shared / np.maximum(areas, 1e-6)[:, None] >= _WITHIN))


def _standing(life: Life) -> tuple[bool, float, int]:
    return life.id != UNDECIDED, float(life.votes.sum()), -life.number


def _stay_together(one: Life, other: Life, settings: TrackSettings) -> bool:
    """True if both lie on each other, on average over all times at which both are known."""
    own, its = one.known, other.known
    first, last = max(own[0].frame, its[0].frame), min(own[-1].frame, its[-1].frame)
    times, others = ([seen.seconds for seen in known if first <= seen.frame <= last] for known in (own, its))
    if times != others:
        times = sorted({*times, *others})
    if not times:
        return False
    shared = overlaps_of_pairs(_boxes_at(own, times), _boxes_at(its, times))
    return float(shared.mean()) >= settings.same_overlap


def lies_within(one: Life, other: Life, least: float) -> bool:
    """True if the lesser mask of both lies in the other one's with this share, on average where both were found."""
    there = {seen.frame: seen for seen in other.known}
    both = [(seen, there[seen.frame]) for seen in one.known if seen.frame in there]
    if not both:
        return False
    some = both[:: -(-len(both) // _COMPARED)]
    if sum(_touch(*pair) for pair in some) < least * len(some):
        return False
    return float(_shares_within(some).mean()) >= least


def _touch(one: Observation, other: Observation) -> bool:
    left, top, right, bottom = one.box.tolist()
    x1, y1, x2, y2 = other.box.tolist()
    return bool(left < x2 and x1 < right and top < y2 and y1 < bottom)


def _shares_within(pairs: Sequence[tuple[Observation, Observation]]) -> Floats:
    """For each pair [P] the share of the lesser one's mask that lies in the greater one's, cell by cell."""
    ordered = [sorted(pair, key=_area) for pair in pairs]
    boxes = np.array([[one.box for one in pair] for pair in ordered])
    masks = np.array([[one.mask for one in pair] for pair in ordered]) >= INSIDE
    cells = masks.shape[-1]
    low, sides = boxes[..., :2], np.maximum(boxes[..., 2:] - boxes[..., :2], 1e-3)
    middles = (np.arange(cells) + 0.5)[:, None] / cells
    # Cells [P, cells, 2] of the greater mask, across and down, below the middles of the lesser one's.
    below = low[:, None, 0] + middles * sides[:, None, 0] - low[:, None, 1]
    below = np.clip(np.floor(below / sides[:, None, 1] * cells), -1, cells).astype(np.intp) + 1
    padded = np.zeros((len(pairs), cells + 2, cells + 2), np.bool_)
    padded[:, 1:-1, 1:-1] = masks[:, 1]
    there = padded[np.arange(len(pairs))[:, None, None], below[:, :, None, 1], below[:, None, :, 0]]
    lesser = masks[:, 0]
    return np.asarray((lesser & there).sum(axis=(1, 2)) / np.maximum(lesser.sum(axis=(1, 2)), 1))


def _area(one: Observation) -> float:
    x1, y1, x2, y2 = one.box.tolist()
    return float((x2 - x1) * (y2 - y1))


def _boxes_at(seen: Sequence[Observation], times: list[float]) -> Floats:
    """Boxes [T, 4] at these times of what was seen before, at or after them."""
    there = [one for one in seen if times[0] <= one.seconds <= times[-1]]
    if len(there) == len(times):
        return stacked_boxes(there)
    own, boxes = [one.seconds for one in seen], stacked_boxes(seen)
    return np.stack([np.interp(times, own, boxes[:, edge]) for edge in range(4)], axis=1)


def _mask_overlap(one: Observation, other: Observation) -> float:
    """IoU of the cells of two masks whose boxes are nearly the same."""
    first, second = one.mask >= INSIDE, other.mask >= INSIDE
    either = int((first | second).sum())
    return float((first & second).sum()) / either if either else 0.0
