"""The stages of a network compiled by OpenVINO for this CPU."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Empty, LifoQueue
from threading import Lock
from typing import Any

import numpy as np
import openvino
from numpy.typing import NDArray

from pipeline.model.samples import Samples, cells_of_bins, sampled_pixels
from pipeline.model.staged.program_file import BRANCH_STAGE, STAGES, Graphs
from pipeline.model.staged.shapes import BOX_REGIONS, MASK_REGIONS, StageShapes


class CompiledStages:
    """Compiled stages for several callers at a time, each computing on one core, or on more where it is alone.

    With one thread a kernel adds in one order: a frame gets the same detections however many cores there are and
    whoever else computes. So cores are shared out to frames and not to operations, which is also the faster way.

    Each caller has a program of its own, compiled when it is first needed. OpenVINO (2026.4.1) can also compile
    one with a stream for each caller, but builds the streams' graphs at the same time: a quarter to a half of such
    programs in 8-bit numbers computed wrong features as long as they lived, without an error, and none that had one
    stream. What it costs is the packed weights once a caller.

    shapes : that the graphs were made for. callers : that compute at the same time; others wait. cores : of
    each caller.
    """

    def __init__(
        self, graphs: Graphs, shapes: StageShapes, precision: str, callers: int, cores: int = 1
    ) -> None:
        self._core = openvino.Core()
        self._models = {name: self._read(*graph) for name, graph in graphs.items()}
        self._settings = {
            "NUM_STREAMS": 1,
            "INFERENCE_NUM_THREADS": cores,
            "INFERENCE_PRECISION_HINT": "bf16" if precision == "bfloat16" else "f32",
            # Processes that pin their threads would all take the first core.
            "ENABLE_CPU_PINNING": False,
            "SCHEDULING_CORE_TYPE": "ANY_CORE",
        }
        self._shapes, self._left = shapes, callers
        self._making = Lock()
        self._free: LifoQueue[StageRequests] = LifoQueue()

    def _read(self, graph: bytes, weights: bytes) -> Any:
        return self._core.read_model(graph, openvino.Tensor(np.frombuffer(weights, np.uint8)))

    @contextmanager
    def requests(self) -> Iterator[StageRequests]:
        """One caller's own place to compute in; waits until one is free."""
        requests = self._take()
        try:
            yield requests
        finally:
            self._free.put(requests)

    def _take(self) -> StageRequests:
        """A place that is free, or else a new one as long as there are to be more, or else the next that gets free."""
        with suppress(Empty):
            return self._free.get_nowait()
        with self._making:
            if self._left:
                made = self._make()
                self._left -= 1
                return made
        return self._free.get()

    def _make(self) -> StageRequests:
        stages = {
            name: self._core.compile_model(model, "CPU", self._settings)
            for name, model in self._models.items()
        }
        return StageRequests(stages, self._shapes)


class StageRequests:
    """The stages for one caller; what `dense` found stays with it until the next frame.

    canvas : the network's input float32 [H, W, 3], which `dense` looks at.
    """

    def __init__(self, stages: dict[str, Any], shapes: StageShapes) -> None:
        self._shapes = shapes
        self._dense, self._boxes, self._masks = (stages[name].create_infer_request() for name in STAGES)
        table = self._dense.get_output_tensor(0)
        self._dense.set_output_tensor(0, table)
        # Of our own and kept: an array for each frame would be 4 MB of pages fetched from the system and given back.
        self.canvas = np.zeros((*shapes.canvas, 3), np.float32)
        self._dense.set_input_tensor(0, openvino.Tensor(self.canvas[None], shared_memory=True))
        self._boxes.set_input_tensor(0, table)
        self._masks.set_input_tensor(0, table)
        if BRANCH_STAGE in stages:
            self._classes = stages[BRANCH_STAGE].create_infer_request()
            self._classes.set_input_tensor(0, table)
            self._classes.set_input_tensor(1, openvino.Tensor(self.canvas[None], shared_memory=True))

    def dense(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The RPN's logits [A] and offsets [A, 4] of what lies on the canvas; both are overwritten by the next call."""
        _compute(self._dense)
        return self._dense.get_output_tensor(1).data, self._dense.get_output_tensor(2).data

    def levels(self) -> list[NDArray[np.float32]]:
        """The features [rows, columns, C] of each pooled level that `dense` found."""
        ends = np.cumsum([rows * columns for rows, columns in self._shapes.grids])[:-1]
        parts = np.split(self._dense.get_output_tensor(0).data, ends)
        return [part.reshape(*grid, -1) for part, grid in zip(parts, self._shapes.grids, strict=True)]

    def boxes(self, samples: Samples) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Class logits [R, C] and offsets [R, C or 1, 4] of R regions."""
        logits, offsets = _in_portions(self._boxes, cells_of_bins(samples), BOX_REGIONS)
        return logits, offsets

    def masks(
        self, samples: Samples, class_index: NDArray[np.int32], pixels: Samples | None
    ) -> NDArray[np.uint8]:
        """Masks uint8 [R, 28, 28], probability x 255, of R regions for the classifier outputs int32 [R].

        pixels : samples of what lies on the canvas, for a head that looks at it.
        """
        seen = () if pixels is None else (sampled_pixels(self.canvas, pixels),)
        (masks,) = _in_portions(self._masks, (*cells_of_bins(samples), class_index, *seen), MASK_REGIONS)
        return masks

    def classes(self) -> NDArray[np.float32]:
        """Logits [H / 4, W / 4, classes] of the branch for what `dense` has seen; overwritten by the next call."""
        _compute(self._classes)
        found: NDArray[np.float32] = self._classes.get_output_tensor(0).data[0]
        return found


def _compute(request: Any) -> None:
    """Run a stage; its outputs stay where they are, while `infer` would copy them all."""
    request.start_async()
    request.wait()


def _in_portions(request: Any, columns: tuple[Any, ...], portion: int) -> list[NDArray[Any]]:
    """Each output for all rows of the inputs behind the table, `portion` rows at a time; missing rows are zeros."""
    rows = len(columns[0])
    parts: list[list[NDArray[Any]]] = [[] for _ in request.model_outputs]
    for start in range(0, max(rows, 1), portion):
        count = min(portion, rows - start)
        for place, column in enumerate(columns, start=1):
            data = request.get_input_tensor(place).data
            data[:count] = column[start : start + count]
            data[count:] = 0
        _compute(request)
        for place, part in enumerate(parts):
            part.append(request.get_output_tensor(place).data[:count].copy())
    return [np.concatenate(part) for part in parts]
