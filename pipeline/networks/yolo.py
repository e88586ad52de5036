"""YOLOv8-seg, YOLO11-seg and YOLO26-seg, exported to ONNX or TFLite, as a FrameSegmenter."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError
from pipeline.model.frames import check_frames
from pipeline.networks.yolo_file import YoloFile, read_yolo_file
from pipeline.networks.yolo_masks import prototype_masks
from pipeline.networks.yolo_outputs import OutputLayout, candidates_of, layout_of, suppress_overlaps
from pipeline.networks.yolo_program import YoloProgram, load_program
from pipeline.structures.detections import Detections
from pipeline.weights.label_maps import label_map

#: Ultralytics' defaults: grey around the picture, IoU for suppression, objects per picture.
_GREY, _OVERLAP, _MOST = 114, 0.7, 300

#: Side of the input in px if neither the network nor its metadata specifies one.
_DEFAULT_SIDE = 640


class YoloSegmenter:
    """A FrameSegmenter (structures/frame_segmenter.py) around an exported YOLO-seg network.

    Class ids are COCO's if the names are COCO's 80, so that a car is 3 for every network; otherwise the position of the
    class in the outputs, from 1.

    Parameters
    ----------
    program : runs the network.
    file : the facts in its file.
    score : detections with lower scores are dropped.
    runtime : that runs it, for records.

    """

    batch = callers = 1

    def __init__(self, program: YoloProgram, file: YoloFile, score: float, runtime: str = "") -> None:
        self.runtime = runtime
        self._program, self._file, self._score = program, file, score
        self._channels_last, self._fixed = _input_of(program.input_shape, file)
        self._ids: list[int] | None = None
        self._names: dict[int, str] = {}
        if file.names:
            self._take_names(list(file.names))

    @classmethod
    def load(cls, path: str | Path, score: float = 0.05, runtime: str = "") -> YoloSegmenter:
        """The network in a file, tried once. Raises WeightsError for other networks, with what it seems to be."""
        file = read_yolo_file(Path(path))
        if file.task not in (None, "segment"):
            raise WeightsError(
                f"{path} finds no masks.",
                found=f"a YOLO network for the task {file.task!r}",
                do="use a -seg network",
            )
        network = cls(load_program(file.path, file.kind), file, score, runtime)
        tall, wide = network._fixed or network._default_size()
        network._raw(np.full((tall, wide, 3), _GREY, np.uint8))
        return network

    @property
    def class_names(self) -> Mapping[int, str]:
        """Name of each class id that `segment` can return."""
        return self._names

    def input_size(self, width: int, height: int, sample_aspect: Fraction | None) -> tuple[int, int]:
        """Width and height in px in which it takes frames: square pixels, and no larger than the frame."""
        square_width = max(round(width * (sample_aspect or 1)), 1)
        tall, wide = _fitted(height, square_width, self._fixed or self._default_size())
        return (square_width, height) if tall >= height else (wide, tall)

    def segment(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """Detections of each frame of uint8 RGB [B, H, W, 3], boxes in the pixels of these frames."""
        check_frames(frames)
        return [self._segment(frame) for frame in frames]

    def _segment(self, frame: NDArray[np.uint8]) -> Detections:
        canvas, (left, top, wide, tall) = self._letterbox(frame)
        objects, prototypes, layout = self._raw(canvas)
        size = canvas.shape[0], canvas.shape[1]
        found = candidates_of(objects, layout, size, self._score)
        if not layout.end_to_end:
            found = suppress_overlaps(found, _OVERLAP, _MOST)
        limits = np.array([[left, top], [left + wide, top + tall]], np.float32)
        corners = np.clip(found.boxes.reshape(-1, 2, 2), limits[0], limits[1])
        kept = np.flatnonzero((corners[:, 1] - corners[:, 0] > 0).all(axis=1))
        corners, found = corners[kept], found.picked(kept)
        masks = prototype_masks(prototypes, found.coefficients, corners.reshape(-1, 4), size)
        scale = np.array([frame.shape[1] / wide, frame.shape[0] / tall], np.float32)
        return Detections(
            boxes=((corners - limits[0]) * scale).reshape(-1, 4).astype(np.float32),
            scores=np.clip(found.scores, 0.0, 1.0),
            class_ids=self._ids_of(found.classes),
            roi_masks=masks,
        )

    def _letterbox(self, frame: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], tuple[int, int, int, int]]:
        """The input with the frame in its middle, and the frame's left, top, width and height there, in px."""
        size = self._fixed or self._default_size()
        tall, wide = _fitted(frame.shape[0], frame.shape[1], size)
        if self._fixed is None:  # no more grey than the stride requires
            stride = self._file.stride
            size = -(-tall // stride) * stride, -(-wide // stride) * stride
        if (tall, wide) != frame.shape[:2]:
            frame = np.asarray(cv2.resize(frame, (wide, tall), interpolation=cv2.INTER_LINEAR), np.uint8)
        canvas = np.full((*size, 3), _GREY, np.uint8)
        # An odd pixel goes to the bottom and the right, as in training.
        top, left = round((size[0] - tall) / 2 - 0.1), round((size[1] - wide) / 2 - 0.1)
        canvas[top : top + tall, left : left + wide] = frame
        return canvas, (left, top, wide, tall)

    def _raw(
        self, canvas: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], OutputLayout]:
        """The network's raw objects and prototypes [P, h, w] for one picture, and their layout."""
        pixels = canvas.astype(np.float32)[None] / np.float32(255.0)
        if not self._channels_last:
            pixels = np.ascontiguousarray(pixels.transpose(0, 3, 1, 2))
        outputs = self._program(pixels)
        try:
            layout = layout_of(
                [output.shape for output in outputs],
                (canvas.shape[0], canvas.shape[1]),
                len(self._file.names) or None,
            )
        except ValueError as misfit:
            raise self._misfit(str(misfit)) from misfit
        if self._ids is None:
            self._take_names(_guessed_names(layout.classes))
        prototypes = outputs[layout.prototypes][0]
        return (
            outputs[layout.objects][0],
            prototypes.transpose(2, 0, 1) if layout.channels_last else prototypes,
            layout,
        )

    def _take_names(self, names: list[str]) -> None:
        self._names = _numbered(names)
        self._ids = list(self._names)

    def _ids_of(self, classes: NDArray[np.int32]) -> NDArray[np.int32]:
        ids = np.array(self._ids, np.int32)
        if len(classes) and not 0 <= int(classes.min()) <= int(classes.max()) < len(ids):
            raise self._misfit(f"a class number {int(classes.max())}, and names for {len(ids)} classes")
        return ids[classes]

    def _default_size(self) -> tuple[int, int]:
        return self._file.size or (_DEFAULT_SIDE, _DEFAULT_SIDE)

    def _misfit(self, found: str) -> WeightsError:
        return WeightsError(
            f"{self._file.path} does not return what a YOLO-seg network returns.",
            found=found,
            do="use an exported YOLOv8-seg, YOLO11-seg or YOLO26-seg",
        )


def _fitted(height: int, width: int, size: tuple[int, int]) -> tuple[int, int]:
    """Height and width of a frame scaled to fit the input, keeping its shape."""
    scale = min(size[0] / height, size[1] / width)
    return max(round(height * scale), 1), max(round(width * scale), 1)


def class_names_of(file: YoloFile) -> dict[int, str]:
    """Name of each class id from the file's metadata; COCO's if it has none."""
    return _numbered(list(file.names) or _guessed_names(None))


def _numbered(names: list[str]) -> dict[int, str]:
    """The names by class id: COCO's ids for its 80 names, otherwise positions from 1."""
    coco = label_map("coco91")
    ids = list(coco) if names == list(coco.values()) else list(range(1, len(names) + 1))
    return dict(zip(ids, names, strict=True))


def _guessed_names(classes: int | None) -> list[str]:
    """COCO's names for 80 classes, or if their number is unknown; otherwise numbered names."""
    coco = list(label_map("coco80").values())
    return (
        coco if classes in (None, len(coco)) else [f"class {place}" for place in range(1, (classes or 0) + 1)]
    )


def _input_of(shape: tuple[int | None, ...], file: YoloFile) -> tuple[bool, tuple[int, int] | None]:
    """True if the input's channels come last; and its height and width, or None if they are free."""
    if len(shape) == 4 and 3 in (shape[1], shape[3]) and shape[0] in (1, None):
        channels_last = shape[1] != 3
        height, width = (shape[1], shape[2]) if channels_last else (shape[2], shape[3])
        return channels_last, None if height is None or width is None else (height, width)
    raise WeightsError(
        f"{file.path} is not a YOLO-seg network.",
        found=f"an input of shape {['any' if side is None else side for side in shape]}",
        do="use one that takes a single RGB picture (export with batch=1 or dynamic=True)",
    )
