"""Starts for the compact networks: trunks of published networks, under our names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from pipeline.formats.account import Rule, account
from pipeline.formats.keras_h5 import read_layer_weights
from pipeline.formats.own_file import save_weights
from pipeline.model import presets
from pipeline.model.backbones.make_backbone import make_backbone
from pipeline.model.config import MaskRCNNConfig
from research.convert import mobilenet, nanodet, picodet, squeezenet
from research.ncnn_file import read_ncnn
from research.onnx_file import read_convolutions
from research.tflite_file import read_quantised
from research.trunks.presets import compact_mobilenet, compact_squeezenet, register_trunks
from research.trunks.squeezenet import ADDED

_TRUNK = "backbone/"

Shapes = Mapping[str, tuple[int, ...]]


@dataclass(frozen=True)
class Foreign:
    """A published network whose trunk is one of ours.

    config : our network.
    read : the file's arrays by name.
    rules : of each of the trunk's variables (path -> shape), which array it is.
    origin : who published it, under which licence.
    ignored : patterns of arrays that are not the trunk's, with the reason.
    added : parts of our trunk that the published one does not have; they begin with random weights.
    """

    config: MaskRCNNConfig
    read: Callable[[Path], Mapping[str, NDArray[Any]]]
    rules: Callable[[Shapes], dict[str, Rule]]
    origin: str
    ignored: Mapping[str, str] = field(default_factory=dict)
    added: tuple[str, ...] = ()


def _squeezenet() -> Foreign:
    config = compact_squeezenet()
    return Foreign(
        config,
        read_layer_weights,
        lambda variables: squeezenet.rules(variables, config.input.std[0]),
        "SqueezeNet 1.1 on ImageNet, github.com/DeepCognition/keras-squeezenet, MIT",
        added=ADDED,
    )


FOREIGN = {
    "nanodet": Foreign(
        presets.compact_shufflenet(),
        read_convolutions,
        nanodet.rules,
        "NanoDet-m 416, github.com/RangiLyu/nanodet, Apache-2.0",
        nanodet.IGNORED,
    ),
    "nanodet-plus": Foreign(
        presets.compact_shufflenet(),
        read_ncnn,
        nanodet.rules,
        "NanoDet-Plus-m 416, github.com/RangiLyu/nanodet, Apache-2.0, as ncnn",
        nanodet.IGNORED_PLUS,
    ),
    "picodet": Foreign(
        presets.compact_esnet(),
        read_ncnn,
        picodet.rules,
        "PicoDet-S 416, github.com/PaddlePaddle/PaddleDetection, Apache-2.0, as ncnn",
        picodet.IGNORED,
    ),
    "mobilenet": Foreign(
        compact_mobilenet(),
        read_quantised,
        mobilenet.rules,
        "MobileNetV2 1.0 on ImageNet, github.com/google-coral/test_data, Apache-2.0, dequantised",
        mobilenet.IGNORED,
    ),
    "squeezenet": _squeezenet(),
}


def make_foreign_start(kind: str, source: Path, path: Path) -> int:
    """Write the trunk of the file `source` to `path`, for the setting `start`, and return the number of its arrays.

    kind : a key of `FOREIGN`. None of their files has norms: they never had any, or who exported them folded them into
    the kernels; so our trunks of those presets have none.

    Raises WeightsError where the source cannot be read or is of another network.
    """
    register_trunks()
    foreign = FOREIGN[kind]
    backbone = make_backbone(foreign.config.backbone, name=_TRUNK.rstrip("/"))
    # A symbolic pass makes every variable without computing anything.
    backbone(keras.KerasTensor((1, 64, 64, 3)))
    shapes = {weight.path.removeprefix(_TRUNK): tuple(weight.shape) for weight in backbone.weights}
    trunk = {name: shape for name, shape in shapes.items() if name.split("/")[0] not in foreign.added}
    arrays = account(
        trunk, foreign.read(source), foreign.rules(trunk), ignored=foreign.ignored, where=str(source)
    )
    named = {f"{_TRUNK}{name}": np.asarray(array, np.float32) for name, array in arrays.items()}
    save_weights(path, named, {"source": foreign.origin})
    return len(named)
