"""Run an exported network: ONNX on OpenVINO, TFLite on LiteRT.

OpenVINO 2026.4 reads TFLite too, but not the common files: it lacks NON_MAX_SUPPRESSION_V4, which exports with
suppression use, and fails on the order of tensors in those of Ultralytics 8.4.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError, extra_command
from pipeline.networks.devices import ungreeted


class YoloProgram(Protocol):
    """Something that turns one picture into a network's raw outputs."""

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The shape with the batch axis; None for an axis of any length."""
        ...

    def __call__(self, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The outputs for one picture of the input's shape, with a batch axis."""
        ...


def load_program(path: Path, kind: str) -> YoloProgram:
    """The program in a file. kind : "onnx" or "tflite". Raises WeightsError if it cannot be loaded."""
    return OnnxProgram(path) if kind == "onnx" else TfliteProgram(path)


class OnnxProgram:
    """An ONNX network on OpenVINO's CPU device, in float32, so that results do not depend on the processor."""

    def __init__(self, path: Path) -> None:
        try:
            import openvino
        except ImportError as missing:
            raise missing_package(path, "openvino", str(missing)) from missing
        try:
            model = openvino.Core().read_model(path)
            _keep_slices_of_boxes(model)
            self._run = openvino.Core().compile_model(
                model, "CPU", {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
            )
        except RuntimeError as error:
            raise _unloadable(path, error) from error
        self._path = path
        _one_input(path, model.inputs)
        shape = model.inputs[0].get_partial_shape()
        self.input_shape: tuple[int | None, ...] = tuple(
            None if side.is_dynamic else side.get_length() for side in shape
        )

    def __call__(self, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The outputs for one picture, copied because OpenVINO reuses their memory."""
        try:
            return [np.array(output, np.float32) for output in self._run(picture).values()]
        except RuntimeError as error:
            raise _failed(self._path, error) from error


def _keep_slices_of_boxes(model: Any) -> None:
    """Replace a Slice from 0 before a GatherElements by a StridedSlice.

    YOLO26 picks its best boxes in this way, from rows that also hold scores. OpenVINO 2026.4 removes such a Slice
    (EliminateSliceBeforeGatherElements), and then cannot compile the network because the axis is too long.
    """
    from openvino import opset13

    for gather in model.get_ordered_ops():
        cut = gather.input_value(0).get_node() if gather.get_type_name() == "GatherElements" else None
        if cut is None or cut.get_type_name() != "Slice" or cut.get_input_size() < 5:
            continue
        start, stop, axes = (cut.input_value(place).get_node() for place in (1, 2, 4))
        if (
            any(bound.get_type_name() != "Constant" for bound in (start, stop, axes))
            or start.get_data().any()
        ):
            continue
        shape = cut.get_output_partial_shape(0)
        ends, whole = np.zeros(len(shape), np.int64), np.ones(len(shape), np.int64)
        for axis, end in zip(axes.get_data(), stop.get_data(), strict=True):
            ends[axis], whole[axis] = end, 0
        if any(shape[axis] != ends[axis] for axis in np.flatnonzero(whole == 0)):  # steps other than 1
            continue
        kept = opset13.strided_slice(cut.input_value(0), 0 * ends, ends, 0 * ends + 1, whole, whole)
        gather.input(0).replace_source_output(kept.output(0))


class TfliteProgram:
    """A TFLite network on LiteRT; 8-bit inputs and outputs are converted to and from floats."""

    def __init__(self, path: Path) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as missing:
            raise missing_package(path, "ai-edge-litert", str(missing)) from missing
        try:
            with ungreeted():
                self._interpreter = Interpreter(model_path=str(path))
                self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise _unloadable(path, error) from error
        self._path = path
        _one_input(path, self._interpreter.get_input_details())
        (self._input,) = self._interpreter.get_input_details()
        self._outputs = self._interpreter.get_output_details()
        self.input_shape: tuple[int | None, ...] = tuple(int(side) for side in self._input["shape"])

    def __call__(self, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The outputs for one picture."""
        self._interpreter.set_tensor(self._input["index"], _quantised(picture, self._input))
        try:
            self._interpreter.invoke()
        except (ValueError, RuntimeError) as error:
            raise _failed(self._path, error) from error
        tensors = [(self._interpreter.get_tensor(entry["index"]), entry) for entry in self._outputs]
        return [_dequantised(tensor, entry) for tensor, entry in tensors]


def _quantised(values: NDArray[np.float32], entry: dict[str, Any]) -> NDArray[Any]:
    scale, zero = entry["quantization"]
    if np.issubdtype(entry["dtype"], np.floating) or not scale:
        return values.astype(entry["dtype"])
    limits = np.iinfo(entry["dtype"])
    return np.clip(np.rint(values / scale + zero), limits.min, limits.max).astype(entry["dtype"])


def _dequantised(tensor: NDArray[Any], entry: dict[str, Any]) -> NDArray[np.float32]:
    scale, zero = entry["quantization"]
    if np.issubdtype(tensor.dtype, np.floating) or not scale:
        return tensor.astype(np.float32)
    return ((tensor.astype(np.float32) - zero) * scale).astype(np.float32)


def _one_input(path: Path, inputs: Sequence[object]) -> None:
    if len(inputs) != 1:
        raise WeightsError(
            f"{path} is not a YOLO-seg network.",
            found=f"{len(inputs)} inputs",
            do="use one with a single picture as input",
        )


def missing_package(path: Path, package: str, found: str) -> WeightsError:
    """The error for a file whose library is missing, with how to install it."""
    return WeightsError(
        f"{path} needs {package}, which cannot be imported.",
        found=found,
        do=extra_command("yolo") if package == "ai-edge-litert" else f"pip install {package}",
    )


def _unloadable(path: Path, error: Exception) -> WeightsError:
    return WeightsError(
        f"{path} cannot be loaded.",
        found=_last_line(error),
        do="check that the file is complete, or export the network again",
    )


def _failed(path: Path, error: Exception) -> WeightsError:
    return WeightsError(
        f"{path} failed during inference.",
        found=_last_line(error),
        do="use a network that fits into the memory of this machine, or export it again",
    )


def _last_line(error: Exception) -> str:
    return str(error).strip().splitlines()[-1][:300] if str(error).strip() else type(error).__name__
