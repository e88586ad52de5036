"""A network that looks at each frame six times: whole, mirrored, and at four enlarged parts.

What is small in the whole frame is larger in a part, and what a network takes for something by chance it seldom takes
for the same in the mirror (Krizhevsky et al. 2012, section 4.1, average over such looks; for boxes and masks see
Solovyev et al. 2021, "Weighted boxes fusion").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pipeline.structures.class_map import ClassMap
from pipeline.structures.detections import Detections
from pipeline.structures.frame_segmenter import FrameSegmenter
from pipeline.structures.panoptic_segmenter import PanopticSegmenter

#: Share of the frame's sides that a part shows; two parts overlap by a third of one.
PART = 0.6
#: IoU from which on two looks mean the same object.
_SAME = 0.5
#: px; a box that comes so near to where a part ends inside the frame has been cut there.
_CUT = 2.0
#: Share of a part's side from which on a box is large enough for the whole frame, which shows what is around it: with
#: them mask AP of objects over 96x96 px fell from 0.52 to 0.46 on 37 driver views.
_LARGE = 0.5
#: Looks that show the whole frame.
_WHOLE = 2


class ThoroughSegmenter:
    """A FrameSegmenter that takes six times the work of the one it asks; see that contract.

    network : the one that looks. least_score : of what is returned.
    """

    def __init__(self, network: FrameSegmenter, least_score: float) -> None:
        self._network, self._least_score = network, least_score
        self.class_names, self.batch, self.callers = network.class_names, network.batch, network.callers
        self.runtime = thorough_runtime(network.runtime)

    def input_size(self, width: int, height: int, sample_aspect: Fraction | None) -> tuple[int, int]:
        """Width and height in px that a video of this size is decoded to: so large that no part has to be enlarged."""
        part = max(round(height * PART), 1)
        _, tall = self._network.input_size(max(round(width * PART), 1), part, sample_aspect)
        square_width = width * (sample_aspect or 1)
        return max(round(square_width * tall / part), 1), max(round(height * tall / part), 1)

    def segment(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """Detections of each frame of uint8 RGB [B, H, W, 3], boxes in the pixels of these frames."""
        return self._looked_at(frames, self._network.segment(frames))

    def _looked_at(self, frames: NDArray[np.uint8], wholes: Sequence[Detections]) -> list[Detections]:
        """The objects of each frame by all looks, of which the first, at the whole frame, is known.

        Looks of one size are one call for all frames: a program for eight costs the same for one.
        """
        height, width = frames.shape[1:3]
        corners, (tall, wide) = list(_corners(height, width)), _part_size(height, width)
        mirrored = self._network.segment(np.ascontiguousarray(frames[:, :, ::-1]))
        parts = [frame[top : top + tall, left : left + wide] for frame in frames for top, left in corners]
        in_parts = iter(self._network.segment(np.stack(parts)) if parts else ())
        objects = []
        for whole, mirror in zip(wholes, mirrored, strict=True):
            looks = [whole, _mirror(mirror, width)]
            looks += [_in_frame(next(in_parts), corner, (height, width)) for corner in corners]
            found = merged(looks, _WHOLE)
            objects.append(found[found.scores >= self._least_score])
        return objects


class ThoroughPanoptic(ThoroughSegmenter):
    """The same of a PanopticSegmenter; class maps are of the first look, at the whole frame."""

    def __init__(self, network: PanopticSegmenter, least_score: float) -> None:
        super().__init__(network, least_score)
        self.classes = network.classes

    def segment_with_classes(self, frames: NDArray[np.uint8]) -> list[tuple[Detections, ClassMap]]:
        """The detections that `segment` gives, and the class map of each frame."""
        network = cast(PanopticSegmenter, self._network)
        looked = network.segment_with_classes(frames)
        objects = self._looked_at(frames, [whole for whole, _ in looked])
        return [(found, classes) for found, (_, classes) in zip(objects, looked, strict=True)]


def thorough_runtime(runtime: str) -> str:
    """The name of a runtime whose network looks six times."""
    return f"{runtime} thorough"


def merged(looks: Sequence[Detections], whole: int) -> Detections:
    """One detection for each object that several looks see, best score first.

    The first `whole` looks show the whole frame. Boxes and masks are means, weighed by scores. A score is half that of
    the surest look and half the mean over the whole looks and the parts that see the object: who overlooks it counts
    with 0 where it shows all of the frame, and not at all where it shows a part, which may have cut it.
    """
    every = Detections(*(np.concatenate(columns) for columns in zip(*map(_columns, looks), strict=True)))
    look = np.repeat(np.arange(len(looks)), [len(one) for one in looks])
    waiting, objects = np.argsort(-every.scores, kind="stable"), list[Detections]()
    while len(waiting):
        best = waiting[0]
        alike = (every.class_ids[waiting] == every.class_ids[best]) & (
            _overlaps(every.boxes[best], every.boxes[waiting]) > _SAME
        )
        alike[0] = True  # also a box without any area
        _, first = np.unique(look[waiting[alike]], return_index=True)
        chosen = waiting[alike][first]
        asked = np.union1d(look[chosen], np.arange(whole))
        objects.append(_mean(every[chosen], len(asked)))
        waiting = waiting[~alike]
    if not objects:
        return Detections.empty()
    one_table = Detections(
        *(np.concatenate(columns) for columns in zip(*map(_columns, objects), strict=True))
    )
    return one_table[np.argsort(-one_table.scores, kind="stable")]


def _mean(same: Detections, asked: int) -> Detections:
    """One detection out of what several looks say about one object. asked : looks that might have seen it."""
    weights = same.scores / same.scores.sum()
    score = (same.scores.max() + same.scores.sum() / asked) / 2
    masks = np.tensordot(weights, same.roi_masks.astype(np.float32), axes=1)
    return Detections(
        boxes=(weights @ same.boxes)[None].astype(np.float32),
        scores=np.array([score], np.float32),
        class_ids=same.class_ids[:1],
        roi_masks=np.rint(masks)[None].astype(np.uint8),
    )


def _columns(found: Detections) -> tuple[NDArray[np.generic], ...]:
    return found.boxes, found.scores, found.class_ids, found.roi_masks


def _overlaps(box: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """IoU float32 [N] of a box [4] with others [N, 4]."""
    sides = np.minimum(box[2:], others[:, 2:]) - np.maximum(box[:2], others[:, :2])
    shared = np.prod(np.maximum(sides, 0), axis=1)
    union = np.prod(box[2:] - box[:2]) + np.prod(others[:, 2:] - others[:, :2], axis=1) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def _part_size(height: int, width: int) -> tuple[int, int]:
    return max(round(height * PART), 1), max(round(width * PART), 1)


def _corners(height: int, width: int) -> Iterator[tuple[int, int]]:
    """Upper left corner (y, x) of each part."""
    tall, wide = _part_size(height, width)
    for top in (0, height - tall):
        for left in (0, width - wide):
            yield top, left


def _mirror(found: Detections, width: int) -> Detections:
    """Detections of a mirrored frame of that width, set back into the frame itself."""
    x1, y1, x2, y2 = found.boxes.T
    boxes = np.stack([width - x2, y1, width - x1, y2], axis=1)
    return Detections(boxes, found.scores, found.class_ids, np.ascontiguousarray(found.roi_masks[..., ::-1]))


def _in_frame(found: Detections, corner: tuple[int, int], size: tuple[int, int]) -> Detections:
    """Detections of the part with that corner, set into the frame of that size, without what is cut or large."""
    (tall, wide), (top, left) = _part_size(*size), corner
    part, starts = np.array([wide, tall]), np.array([left, top])
    ends = np.array([size[1], size[0]]) - part - starts
    low, high = found.boxes[:, :2], found.boxes[:, 2:]
    cut = ((low <= _CUT) & (starts > 0)) | ((high >= part - _CUT) & (ends > 0))
    kept = found[~(cut | (high - low > _LARGE * part)).any(axis=1)]
    boxes = kept.boxes + np.array([left, top, left, top], np.float32)
    return Detections(boxes, kept.scores, kept.class_ids, kept.roi_masks)
