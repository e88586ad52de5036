"""The tracks of the own car's parts and reflections: they stand still in the picture while the world moves.

Two signs tell them, and the picture's own edges are the surer one: they also find what stands in the middle of the
windscreen, or jitters in the detections. Until the film has shown enough, boxes at the picture's edge tell alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.track.association import overlaps
from pipeline.track.observation import Observation, stacked_boxes
from pipeline.track.standing_parts import StandingParts

Floats = NDArray[np.float64]

#: It has to stand for so long. Longer would be surer, but a bonnet is often found for little more than a second.
STAND_SECONDS = 1.2

#: Most detections of it have this IoU with their median: a car alongside grows or shrinks by more in that time.
_SAME_PLACE, _MOST = 0.8, 0.8

#: What the network is as sure of as this is a car alongside, however still it stands in the picture.
_SURE_SCORE = 0.85

#: So much of the edges in its box stands still. Cars followed at one distance for the whole of a clip came to 0.87 and
#: were all surer than _SURE_SCORE; what is less sure came to 0.74.
_FIXED = 0.78

#: What has been drawn elsewhere is no part of the own car before it has lain there for so long.
_REST_SECONDS = 0.5

#: A track that begins beside such a part is its own sign if it is taken for that part so soon: in between its middle
#: stays within the part's box, grown by this share of its size to each side.
_BESIDE = 0.5

#: Meanwhile the picture's points went this far, as a share of its height: at a red light all stands.
_WORLD_MOVES = 0.1

#: Share of the picture's size that a box may end before its edge. What stands further inside may be the car ahead. With
#: 0.015 a van that fills half of the picture came to be the own car, once boxes were 3 % larger.
_AT_EDGE = 0.005


def may_stand(
    boxes: Floats, parts: StandingParts, moved: float, size: tuple[int, int]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Bool [N] twice: for nearly all boxes [N, 4] False, as no `fixed_box` and no `standing_box` begins there.

    parts, moved, size : as below.
    """
    fixed = parts.shares(boxes, size) >= _FIXED
    if moved < _WORLD_MOVES or not len(boxes):
        return fixed, np.zeros(len(boxes), np.bool_)
    # A box that lies with an IoU of 0.8 on one at the edge is not farther from it than a quarter of its side.
    low, high, end = boxes[:, :2], boxes[:, 2:], np.array(size[::-1])
    limits = _AT_EDGE * end + (1 / _SAME_PLACE - 1) * (high - low)
    near_edge = (low <= limits) | (high >= end - limits)
    return fixed, np.asarray(near_edge.any(axis=1))


def standing_box(seen: Sequence[Observation], moved: float, size: tuple[int, int]) -> Floats | None:
    """Box [4] where a track stands as a part of the own car would; None where it is anything else.

    Parameters
    ----------
    seen : the track, from a frame on for STAND_SECONDS or as long as it is known.
    moved : how far the picture's points went meanwhile, summed over the frames, as a share of its height.
    size : height and width of the picture, px.

    """
    if moved < _WORLD_MOVES or seen[-1].seconds - seen[0].seconds < 0.9 * STAND_SECONDS:
        return None
    if _median_score(seen) >= _SURE_SCORE:
        return None
    boxes = stacked_boxes(seen)
    middle = _median(boxes)
    height, width = size
    at_edge = (
        middle[0] <= _AT_EDGE * width,
        middle[1] <= _AT_EDGE * height,
        middle[2] >= (1 - _AT_EDGE) * width,
        middle[3] >= (1 - _AT_EDGE) * height,
    )
    if not any(at_edge):
        return None
    there = overlaps(boxes, middle[None])[:, 0] >= _SAME_PLACE
    return middle if there[0] and float(there.mean()) >= _MOST else None


def fixed_box(
    seen: Sequence[Observation], parts: StandingParts, size: tuple[int, int], *, is_new: bool
) -> Floats | None:
    """Box [4] where a track lies on parts of the picture that stand still; None where it does not.

    Parameters
    ----------
    seen : the track, from a frame on as far as it is known: a reflection is seen surely for a second, not for three.
    parts : what stands still, as far as the film is known.
    size : height and width of the picture, px.
    is_new : whether it begins here. One that was elsewhere before has to lie there for _REST_SECONDS.

    """
    if not is_new and seen[-1].seconds - seen[0].seconds < _REST_SECONDS:
        return None
    if _median_score(seen) >= _SURE_SCORE:
        return None
    boxes = stacked_boxes(seen)
    return _median(boxes) if float(_median(parts.shares(boxes, size))) >= _FIXED else None


def soon_fixed_box(seen: Sequence[Observation], parts: StandingParts, size: tuple[int, int]) -> Floats | None:
    """Box [4] where a track begins that comes to lie on a part of the picture that stands still, beside it already.

    None where it does not. seen : all that is known of the track from its first frame on. parts, size : as above.
    """
    boxes = stacked_boxes(seen)
    shares = parts.shares(boxes, size)
    there = int(np.argmax(shares >= _FIXED))
    lying = boxes[there:]
    if seen[-1].seconds - seen[there].seconds < _REST_SECONDS or float(_median(shares[there:])) < _FIXED:
        return None
    if _median_score(seen) >= _SURE_SCORE:
        return None
    part = _median(lying)
    margin = _BESIDE * (part[2:] - part[:2])
    middles = (boxes[:there, :2] + boxes[:there, 2:]) / 2
    beside = (middles >= part[:2] - margin) & (middles <= part[2:] + margin)
    return np.asarray(boxes[0]) if beside.all() else None


def _median(values: Floats) -> Floats:
    """Over the first axis; a fifth of the time of np.median."""
    values, middle = np.sort(values, axis=0), len(values) // 2
    return np.asarray(values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2)


def _median_score(seen: Sequence[Observation]) -> float:
    return float(_median(np.array([one.score for one in seen])))
