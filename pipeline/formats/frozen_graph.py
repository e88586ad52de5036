"""Frozen graphs of TensorFlow 1 (`frozen_inference_graph.pb`) as detection graphs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipeline.errors import WeightsError
from pipeline.formats.detection_graph import FRAME_TYPES, OUTPUTS, DetectionGraph
from pipeline.formats.graph_safety import graph_bytes, refuse_unsafe_graph

_INPUTS = ("image_tensor", "input_tensor")
_VARIABLES = ("Variable", "VariableV2", "AutoReloadVariable", "VarHandleOp")
#: How many names an error shows.
_SHOWN = 12


def load_frozen_graph(path: Path) -> DetectionGraph:
    """The graph of a `.pb` file, cut down to what its detections need.

    Raises WeightsError for a file that is damaged, unsafe, not frozen, or no detection network.
    """
    graph_def = _parsed(path)
    refuse_unsafe_graph(graph_def, str(path))
    variables = [node.name for node in graph_def.node if node.op in _VARIABLES]
    if variables:
        found = f"{len(variables)} variables, {variables[0]} the first"
        raise _refusal(path, found, "freeze the graph, or give the SavedModel, which has their values")
    frames = _input_name(graph_def, path)
    function = _function(graph_def, frames, path)
    fed, boxes = function.inputs[0], function.structured_outputs["detection_boxes"]
    batch, height, width = (fed.shape[axis] if fed.shape.rank else None for axis in range(3))
    if batch is None and boxes.shape.rank:
        batch = boxes.shape[0]  # the mask heads of 2018 are often built for one frame behind a free input

    def call(pixels: Any) -> dict[str, Any]:
        import tensorflow as tf

        return {name: value.numpy() for name, value in function(tf.constant(pixels)).items()}

    return DetectionGraph(call, fed.dtype.name, batch, height, width)


def _refusal(path: Path, found: str, do: str) -> WeightsError:
    return WeightsError(f"{path} cannot be used as a frozen detection graph.", found=found, do=do)


def _parsed(path: Path) -> Any:
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    graph_def = tf.compat.v1.GraphDef()
    try:
        graph_def.ParseFromString(graph_bytes(path))
    except (OSError, DecodeError) as damage:
        raise _refusal(path, f"{type(damage).__name__}: {damage}", "fetch the file again") from damage
    return graph_def


def _input_name(graph_def: Any, path: Path) -> str:
    nodes = {node.name: node for node in graph_def.node}
    absent = [name for name in OUTPUTS if name not in nodes]
    if absent:
        found = f"no {', '.join(absent)}; {_outline(graph_def)}"
        raise _refusal(path, found, "give the frozen graph of an instance segmentation network of the zoo")
    free = [name for name, node in nodes.items() if node.op == "Placeholder"]
    known = [name for name in _INPUTS if name in free] or free
    if len(known) != 1:
        raise _refusal(path, f"the inputs {free[:_SHOWN]}", "give a graph that takes frames and nothing else")
    return known[0]


def _outline(graph_def: Any) -> str:
    """The graph's own ends: inputs, and nodes that nothing reads."""
    read = {source.removeprefix("^").split(":")[0] for node in graph_def.node for source in node.input}
    inputs = [node.name for node in graph_def.node if node.op == "Placeholder"]
    ends = [node.name for node in graph_def.node if node.name not in read and node.op != "Placeholder"]
    more = f" and {len(ends) - _SHOWN} more" if len(ends) > _SHOWN else ""
    return f"it takes {inputs[:_SHOWN]} and ends in {ends[:_SHOWN]}{more}"


def _function(graph_def: Any, frames: str, path: Path) -> Any:
    import tensorflow as tf

    def imported() -> None:
        tf.graph_util.import_graph_def(graph_def, name="")

    try:
        graph = tf.compat.v1.wrap_function(imported, [])
        fed = graph.graph.get_tensor_by_name(f"{frames}:0")
        fetched = {name: graph.graph.get_tensor_by_name(f"{name}:0") for name in OUTPUTS}
        function = graph.prune(fed, fetched)
    except (ValueError, KeyError, TypeError, tf.errors.OpError) as broken:
        raise _refusal(path, f"{type(broken).__name__}: {broken}", "fetch the file again") from broken
    if fed.dtype.name not in FRAME_TYPES or fed.shape.rank not in (None, 4):
        found = f"the input {frames} of {fed.dtype.name} {fed.shape}"
        raise _refusal(path, found, "give a graph that takes frames [B, H, W, 3] of uint8 or float32")
    return function
