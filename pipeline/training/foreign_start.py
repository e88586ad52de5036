"""A start for `compact_shufflenet`: the trunk of NanoDet-m, a detector trained on COCO, under our names."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from pipeline.model import presets
from pipeline.model.backbone import make_backbone
from pipeline.weights.account import account
from pipeline.weights.convert import nanodet
from pipeline.weights.onnx_file import read_convolutions
from pipeline.weights.own_file import save_weights

_TRUNK = "backbone/"


def make_nanodet_start(source: Path, path: Path) -> int:
    """Write the trunk of `nanodet_m.onnx` to `path`, for the setting `start`, and return the number of its arrays.

    Batch norm was folded into the kernels by whoever exported the file, so the trunk of the preset has none.

    Raises WeightsError where the source cannot be read or is of another network.
    """
    backbone = make_backbone(presets.compact_shufflenet().backbone, name=_TRUNK.rstrip("/"))
    # A symbolic pass makes every variable without computing anything.
    backbone(keras.KerasTensor((1, 64, 64, 3)))
    trunk = {weight.path.removeprefix(_TRUNK): tuple(weight.shape) for weight in backbone.weights}
    arrays = account(
        trunk, read_convolutions(source), nanodet.rules(trunk), ignored=nanodet.IGNORED, where=str(source)
    )
    named = {f"{_TRUNK}{name}": np.asarray(array, np.float32) for name, array in arrays.items()}
    save_weights(path, named, {"source": "NanoDet-m 416, github.com/RangiLyu/nanodet, Apache-2.0"})
    return len(named)
