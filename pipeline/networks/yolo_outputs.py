"""Turn the raw outputs of a YOLO-seg network into candidates, in pixels of the network's input.

YOLOv8 and YOLO11 return a column per anchor: x, y, width, height, a score per class, and 32 mask coefficients
(Jocher et al. 2023). YOLO26, and any export that includes suppression, returns a row per object: x1, y1, x2, y2, score,
class, coefficients. Both also return the prototypes of Bolya et al. (2019, YOLACT).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Boxes of TFLite exports are fractions of the input; boxes in px never all lie so near the corner.
_GREATEST_SHARE = 4.0

#: Offset between classes that is larger than any box: boxes of two classes never overlap (Ultralytics' own trick).
_CLASS_OFFSET = 7680.0


@dataclass(frozen=True, eq=False)
class YoloCandidates:
    """N objects of one picture, best score first.

    boxes : float32 [N, 4], x1, y1, x2, y2 in px of the network's input.
    scores : float32 [N]. classes : int32 [N], place of the class in the network's outputs, from 0.
    coefficients : float32 [N, P], share of each prototype in the mask's logits.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int32]
    coefficients: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.scores)

    def picked(self, rows: NDArray[np.intp]) -> YoloCandidates:
        """These rows, in this order."""
        return YoloCandidates(
            self.boxes[rows], self.scores[rows], self.classes[rows], self.coefficients[rows]
        )


@dataclass(frozen=True)
class OutputLayout:
    """The layout of a network's outputs, derived from their shapes.

    objects, prototypes : index of each output.
    end_to_end : rows are objects after suppression. transposed : otherwise, anchors come first.
    channels_last : prototypes are [h, w, P] instead of [P, h, w].
    classes : number of classes; None if the outputs do not show it (end to end).
    """

    objects: int
    prototypes: int
    end_to_end: bool
    transposed: bool
    channels_last: bool
    classes: int | None


def layout_of(shapes: list[tuple[int, ...]], size: tuple[int, int], classes: int | None) -> OutputLayout:
    """The layout of outputs with these shapes, including the batch axis.

    Parameters
    ----------
    shapes : of both outputs.
    size : height and width of the network's input in px; prototypes have a quarter of it, or another common fraction.
    classes : number named in the metadata; None if there are none.

    Raises ValueError, with what the network seems to be, for other outputs.

    """
    ranks = [len(shape) for shape in shapes]
    if sorted(ranks) != [3, 4]:
        raise ValueError(_seems_to_be(shapes, size))
    objects, prototypes = ranks.index(3), ranks.index(4)
    channels_last, count = _prototypes(shapes[prototypes], size)
    _, first, second = shapes[objects]
    if second == 6 + count and (classes is None or first != 4 + classes + count):
        return OutputLayout(objects, prototypes, True, False, channels_last, classes)
    transposed = (
        first != 4 + (classes or 0) + count and second < first
    )  # there are more anchors than channels
    found = min(first, second) - 4 - count
    if found < 1 or (classes is not None and found != classes):
        raise ValueError(
            f"objects of shape {[first, second]} beside {count} prototypes"
            + ("" if classes is None else f", and {classes} class names")
        )
    return OutputLayout(objects, prototypes, False, transposed, channels_last, found)


def _prototypes(shape: tuple[int, ...], size: tuple[int, int]) -> tuple[bool, int]:
    """True if the channels come last; and their number. The other axes are a fraction of the input."""
    for channels_last, (tall, wide, count) in (
        (False, (shape[2], shape[3], shape[1])),
        (True, (shape[1], shape[2], shape[3])),
    ):
        if tall * size[1] == wide * size[0] and size[0] % tall == 0 and 1 < size[0] // tall <= 16:
            return channels_last, count
    raise ValueError(f"prototypes of shape {list(shape)} for an input of {size[0]}x{size[1]} px")


def _seems_to_be(shapes: list[tuple[int, ...]], size: tuple[int, int]) -> str:
    """A description of what a network with outputs of these shapes seems to be."""
    first, listed = shapes[0], [list(shape) for shape in shapes]
    alone = len(shapes) == 1
    if alone and (first[1:3] == size or first[2:] == size):
        kind = "a semantic segmentation network, with a class per pixel"
    elif alone and len(first) == 2:
        kind = "a classifier of whole pictures"
    elif alone and len(first) == 3:
        kind = "a detector, with boxes and no masks"
    elif len({len(shape) for shape in shapes}) == 1 and len(shapes) > 2:
        kind = "a detector with an output per stride"
    else:
        kind = "a network of another kind"
    return f"{kind}: outputs of shapes {listed}"


def candidates_of(
    output: NDArray[np.float32], layout: OutputLayout, size: tuple[int, int], score: float
) -> YoloCandidates:
    """The candidates in one picture's objects output [a, b] with at least this score, best first.

    size : height and width of the network's input in px.
    """
    rows = output if layout.end_to_end or layout.transposed else output.T
    if layout.end_to_end:
        scores, classes = rows[:, 4], np.rint(rows[:, 5]).astype(np.int32)
        boxes, coefficients = rows[:, :4], rows[:, 6:]
    else:
        assert layout.classes is not None
        stop = 4 + layout.classes
        classes = np.argmax(rows[:, 4:stop], axis=1).astype(np.int32)
        scores = rows[np.arange(len(rows)), 4 + classes]
        boxes, coefficients = _corners(rows[:, :4]), rows[:, stop:]
    kept = np.flatnonzero(scores >= score)
    kept = kept[np.argsort(-scores[kept], kind="stable")]
    if len(boxes) and np.abs(boxes[kept] if layout.end_to_end else boxes).max(initial=0.0) <= _GREATEST_SHARE:
        boxes = boxes * np.array([size[1], size[0], size[1], size[0]], np.float32)
    return YoloCandidates(
        np.ascontiguousarray(boxes[kept], np.float32),
        np.ascontiguousarray(scores[kept], np.float32),
        classes[kept],
        np.ascontiguousarray(coefficients[kept], np.float32),
    )


def _corners(centred: NDArray[np.float32]) -> NDArray[np.float32]:
    """Boxes as x1, y1, x2, y2, from centre, width and height."""
    half = centred[:, 2:] / 2
    return np.concatenate([centred[:, :2] - half, centred[:, :2] + half], axis=1)


def suppress_overlaps(candidates: YoloCandidates, overlap: float, most: int) -> YoloCandidates:
    """At most `most` candidates, none overlapping a better one of its class by more than `overlap` IoU: greedy NMS."""
    boxes = candidates.boxes + candidates.classes[:, None].astype(np.float32) * np.float32(_CLASS_OFFSET)
    areas = np.prod(boxes[:, 2:] - boxes[:, :2], axis=1)
    waiting, kept = np.arange(len(boxes)), list[np.intp]()
    while len(waiting) and len(kept) < most:
        best, waiting = waiting[0], waiting[1:]
        kept.append(best)
        low = np.maximum(boxes[best, :2], boxes[waiting, :2])
        high = np.minimum(boxes[best, 2:], boxes[waiting, 2:])
        shared = np.prod(np.maximum(high - low, 0.0), axis=1)
        waiting = waiting[shared <= overlap * (areas[best] + areas[waiting] - shared)]
    return candidates.picked(np.array(kept, np.intp))
