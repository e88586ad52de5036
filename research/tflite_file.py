"""The weights of a quantised TensorFlow Lite file, as the numbers that its whole numbers stand for."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError

#: A tensor is called after the operations that became one; the first of them, less its own name, is the layer.
_LAYER = re.compile(r"(.+?)/(?:Conv2D|depthwise|BiasAdd|batch_norm/\w+)")
#: Leaves by the number of axes.
_LEAVES = {4: "kernel", 1: "bias"}


def read_quantised(path: str | Path) -> dict[str, NDArray[np.float32]]:
    """Each convolution's arrays as `layer/kernel`, with the axes that the file has, and `layer/bias`, in float32.

    Of a channel c they are scale[c] * (q - zero[c]) (Jacob et al. 2018, equation 1). Weights are told from features by
    that: they have a scale a channel, features have one alone.

    Raises WeightsError where the file cannot be read, has none such, or has two of one name.
    """
    import tensorflow as tf

    try:
        with warnings.catch_warnings():
            # It announces its successor, which is a package of its own.
            warnings.filterwarnings("ignore", message=r"(?s).*tf\.lite\.Interpreter is deprecated")
            # Without a delegate, as one may lay weights out anew.
            network = tf.lite.Interpreter(
                str(path),
                experimental_op_resolver_type=tf.lite.experimental.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            )
        network.allocate_tensors()
        details = [one for one in network.get_tensor_details() if _is_weight(one)]
        arrays: dict[str, NDArray[np.float32]] = {}
        for one in details:
            name = _name(one)
            if name in arrays:
                raise ValueError(f"two weights called {name}")
            arrays[name] = dequantised(network.get_tensor(one["index"]), one["quantization_parameters"])
    except (ValueError, RuntimeError) as damage:
        raise _refusal(path, str(damage)) from damage
    if not arrays:
        raise _refusal(path, "no weights with a scale for each channel")
    return arrays


def dequantised(values: NDArray[Any], parameters: dict[str, Any]) -> NDArray[np.float32]:
    """scale * (values - zero point), along the axis that the parameters name."""
    shape = [1] * values.ndim
    if parameters["scales"].size > 1:
        shape[parameters["quantized_dimension"]] = -1
    scales, zeros = (parameters[key].reshape(shape) for key in ("scales", "zero_points"))
    # Biases are int32 and pass what float32 counts exactly.
    return ((values.astype(np.float64) - zeros) * scales.astype(np.float64)).astype(np.float32)


def _is_weight(detail: dict[str, Any]) -> bool:
    return detail["quantization_parameters"]["scales"].size > 1


def _name(detail: dict[str, Any]) -> str:
    first = detail["name"].split(";")[0]
    match, leaf = _LAYER.fullmatch(first), _LEAVES.get(len(detail["shape"]))
    if match is None or leaf is None:
        raise ValueError(f"{first} {list(detail['shape'])} is no kernel or bias of a convolution")
    return f"{match[1]}/{leaf}"


def _refusal(path: str | Path, found: str) -> WeightsError:
    return WeightsError(
        f"{path} cannot be read as a quantised TensorFlow Lite file.",
        found=found,
        do="give the file of a network whose weights are quantised a channel, or fetch it again",
    )
