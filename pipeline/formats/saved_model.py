"""SavedModels of the TensorFlow zoo as detection graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.errors import WeightsError
from pipeline.formats.detection_graph import FRAME_TYPES, OUTPUTS, DetectionGraph
from pipeline.formats.graph_safety import graph_bytes, refuse_unsafe_saved_model

_DEFAULT = "serving_default"


def load_saved_model(folder: Path) -> DetectionGraph:
    """The signature of a SavedModel that returns detections.

    Raises WeightsError for a folder that is damaged, unsafe, or holds no detection network.
    """
    import tensorflow as tf

    for meta_graph in _parsed(folder).meta_graphs:
        refuse_unsafe_saved_model(meta_graph, str(folder))
    broken_ones = (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError, tf.errors.OpError)
    try:
        model = tf.saved_model.load(str(folder))
    except broken_ones as broken:
        raise _refusal(folder, f"{type(broken).__name__}: {broken}", "fetch it again") from broken
    key = _signature_key(model.signatures, folder)
    name, spec = _input(model.signatures[key], folder)
    batch, height, width = (spec.shape[axis] if spec.shape.rank else None for axis in range(3))

    def call(pixels: Any) -> dict[str, Any]:
        # A signature holds its variables weakly, so the model itself has to live as long as this call.
        outputs = model.signatures[key](**{name: tf.constant(pixels)})
        return {output: outputs[output].numpy() for output in OUTPUTS}

    return DetectionGraph(call, spec.dtype.name, batch, height, width)


def _refusal(folder: Path, found: str, do: str) -> WeightsError:
    return WeightsError(f"{folder} cannot be used as a detection SavedModel.", found=found, do=do)


def _parsed(folder: Path) -> Any:
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    saved_model = saved_model_pb2.SavedModel()
    try:
        # The binary form alone: TensorFlow takes it before the text form, so what is checked is what is run.
        saved_model.ParseFromString(graph_bytes(folder / "saved_model.pb"))
    except (OSError, DecodeError) as damage:
        raise _refusal(folder, f"{type(damage).__name__}: {damage}", "fetch it again") from damage
    return saved_model


def _signature_key(signatures: Any, folder: Path) -> str:
    outputs = {key: sorted(signatures[key].structured_outputs) for key in signatures}
    fitting = [key for key, names in outputs.items() if set(OUTPUTS) <= set(names)]
    if not fitting:
        listed = "; ".join(f"{key} -> {', '.join(names)}" for key, names in outputs.items())
        found = f"the signatures {listed}" if listed else "no signature at all"
        do = f"give an instance segmentation network that returns {', '.join(OUTPUTS)}"
        raise _refusal(folder, found, do)
    return _DEFAULT if _DEFAULT in fitting else fitting[0]


def _input(signature: Any, folder: Path) -> tuple[str, Any]:
    """Name and type of the one tensor that a signature takes."""
    inputs = signature.structured_input_signature[1]
    frames = [(name, spec) for name, spec in inputs.items() if spec.dtype.name in FRAME_TYPES]
    if len(inputs) != 1 or not frames or frames[0][1].shape.rank not in (None, 4):
        found = f"the inputs {', '.join(f'{n}: {s.dtype.name} {s.shape}' for n, s in inputs.items())}"
        raise _refusal(folder, found, "give a network that takes frames [B, H, W, 3] of uint8 or float32")
    return frames[0]
