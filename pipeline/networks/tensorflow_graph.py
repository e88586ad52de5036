"""Networks of the TensorFlow zoo, run as they are, as a FrameSegmenter.

A frozen graph or SavedModel is a program that TensorFlow runs. formats/graph_safety.py refuses all operations but those
that compute, and says what risk remains: run only graphs you trust.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError
from pipeline.formats.detection_graph import DetectionGraph
from pipeline.formats.frozen_graph import load_frozen_graph
from pipeline.formats.saved_model import load_saved_model
from pipeline.model.frames import check_frames
from pipeline.networks.zoo_detections import zoo_detections
from pipeline.structures.detections import Detections

#: Longest side in px: these networks resize frames themselves, to 1333 px at most.
_LONGEST_SIDE = 1333

#: Paths of the network in the zoo's archives, the self-contained form first.
_PLACES = ("frozen_inference_graph.pb", "saved_model.pb", "saved_model/saved_model.pb")


class TensorFlowGraphSegmenter:
    """A FrameSegmenter (structures/frame_segmenter.py) around a graph of the TensorFlow zoo.

    Parameters
    ----------
    graph : the loaded network.
    class_names : the graph's label map, class id -> name.
    score_threshold : detections with lower scores are dropped.
    where : the network's file, for errors.
    runtime : that runs it, for records.
    batch : number of frames to give it at a time.

    """

    callers = 1

    def __init__(
        self,
        graph: DetectionGraph,
        class_names: Mapping[int, str],
        score_threshold: float,
        where: str,
        runtime: str = "tensorflow",
        batch: int = 1,
    ) -> None:
        self.runtime, self.batch = runtime, batch
        self._graph = graph
        self._class_names = dict(class_names)
        self._score_threshold = score_threshold
        self._where = where

    @classmethod
    def load(
        cls,
        path: str | Path,
        class_names: Mapping[int, str],
        score_threshold: float = 0.05,
        runtime: str = "tensorflow",
        batch: int = 1,
    ) -> TensorFlowGraphSegmenter:
        """The network in a frozen graph's file, a SavedModel's folder, or an unpacked archive of the zoo.

        Raises WeightsError if it is missing, damaged, unsafe, or not a detection network.
        """
        file = _graph_file(Path(path))
        graph = load_saved_model(file.parent) if file.name == "saved_model.pb" else load_frozen_graph(file)
        return cls(graph, class_names, score_threshold, str(path), runtime, batch)

    @property
    def class_names(self) -> Mapping[int, str]:
        """Name of each class id that `segment` can return."""
        return self._class_names

    def input_size(self, width: int, height: int, sample_aspect: Fraction | None) -> tuple[int, int]:
        """Width and height in px in which it takes frames of this size: its own size if it has one."""
        if self._graph.width is not None and self._graph.height is not None:
            return self._graph.width, self._graph.height
        square_width = max(round(width * (sample_aspect or 1)), 1)
        scale = min(_LONGEST_SIDE / max(height, square_width), 1.0)
        return max(round(square_width * scale), 1), max(round(height * scale), 1)

    def segment(self, frames: NDArray[np.uint8]) -> list[Detections]:
        """Detections of each frame of uint8 RGB [B, H, W, 3], boxes in the pixels of these frames.

        Raises WeightsError if the graph takes frames of another size, or returns something else than its kind does.
        """
        check_frames(frames)
        height, width = frames.shape[1:3]
        wanted = (self._graph.height or height, self._graph.width or width)
        if wanted != (height, width):
            raise WeightsError(
                f"{self._where} takes only frames of {wanted[1]}x{wanted[0]} px.",
                found=f"frames of {width}x{height} px",
                do="resize the frames, or use a network that takes any size",
            )
        outputs = self._outputs(frames)
        try:
            found = [zoo_detections(frame, height, width, self._score_threshold) for frame in outputs]
        except ValueError as misfit:
            raise WeightsError(
                f"{self._where} does not return what an instance segmentation network returns.",
                found=str(misfit),
                do="use a network whose masks lie over its boxes, as those of the TensorFlow zoo do",
            ) from misfit
        for detections in found:
            self._check_classes(detections)
        return found

    def _outputs(self, frames: NDArray[np.uint8]) -> list[dict[str, NDArray[np.float32]]]:
        from tensorflow import errors

        try:
            return self._graph.outputs(frames, self.batch)
        except errors.OpError as error:
            # The message has a traceback, the reason, the node, and hints.
            reason, _, behind = error.message.partition("[[{{node ")
            lines = reason.strip().splitlines() or [error.message]
            node = f" at {behind.split('}}')[0]}" if behind else ""
            raise WeightsError(
                f"{self._where} failed during inference.",
                found=f"{type(error).__name__}{node}: {lines[-1]}",
                do="use a network that fits into the memory of this machine"
                if isinstance(error, errors.ResourceExhaustedError)
                else "use a network that was exported for inference",
            ) from error

    def _check_classes(self, detections: Detections) -> None:
        unknown = sorted(set(detections.class_ids.tolist()) - set(self._class_names))
        if unknown:
            raise WeightsError(
                f"{self._where} returned classes that are not in its label map.",
                found=f"class ids {unknown[:8]}, label map of {len(self._class_names)} classes",
                do="use the label map that the network was published with",
            )


def _graph_file(path: Path) -> Path:
    if path.is_file():
        return path
    for place in _PLACES:
        if (path / place).is_file():
            return path / place
    listed = sorted(entry.name for entry in path.iterdir())[:8] if path.is_dir() else None
    raise WeightsError(
        f"There is no TensorFlow graph at {path}.",
        found=f"a folder with {listed}" if listed is not None else "no such file or folder",
        do=f"use a .pb file, or a folder with {' or '.join(_PLACES[:2])}",
    )
