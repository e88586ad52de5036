"""The convolutions of an ONNX file, in the order in which the graph computes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from pipeline.errors import WeightsError, extra_command


def read_convolutions(path: str | Path) -> dict[str, NDArray[Any]]:
    """Each convolution's arrays as `conv0/weight` [out, in, height, width] and, if it has one, `conv0/bias` [out].

    An exporter numbers the arrays that it folded norms into, so their place in the graph is the only name they have.
    Nothing but the file itself is read: arrays that it keeps in other files are refused.

    Raises WeightsError where it cannot be read, or the package `onnx` (extra `train`) is not there.
    """
    try:
        import onnx
        from onnx import numpy_helper
    except ImportError as missing:
        raise WeightsError(
            f"{path} is an ONNX file, and the package onnx is not there.",
            found=str(missing),
            do=f"install the extra `train`: {extra_command('train')}",
        ) from missing
    try:
        graph = onnx.load(str(path), load_external_data=False).graph
        stored = {tensor.name: tensor for tensor in graph.initializer}
        arrays = {}
        for place, node in enumerate(node for node in graph.node if node.op_type == "Conv"):
            for kind, name in zip(("weight", "bias"), node.input[1:], strict=False):
                arrays[f"conv{place}/{kind}"] = numpy_helper.to_array(stored[name])
    # Its parser's own errors derive from Exception alone; the cause goes into the message.
    except Exception as damage:
        raise WeightsError(
            f"{path} cannot be read as an ONNX file that carries its arrays.",
            found=f"{type(damage).__name__}: {damage}",
            do="fetch the file again",
        ) from damage
    return arrays
