"""A start for `compact_shufflenet`: the trunk of NanoDet-m, a detector trained on COCO, under our names."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from pipeline.model import presets
from pipeline.model.mask_rcnn import make_model
from pipeline.weights.account import account
from pipeline.weights.checkpoint import shapes_of
from pipeline.weights.convert import nanodet
from pipeline.weights.onnx_file import read_convolutions
from pipeline.weights.own_file import save_weights

_TRUNK = "backbone/"


def make_nanodet_start(source: Path, path: Path) -> int:
    """Write the trunk of `nanodet_m.onnx` to `path`, for the setting `start`, and return the number of its arrays.

    Batch norm was folded into the kernels by whoever exported the file, so the trunk of the preset has none.

    Raises WeightsError where the source cannot be read or is of another network.
    """
    shapes = shapes_of(make_model(presets.compact_shufflenet()))
    trunk = {name.removeprefix(_TRUNK): s for name, s in shapes.items() if name.startswith(_TRUNK)}
    arrays = account(
        trunk, read_convolutions(source), nanodet.rules(trunk), ignored=nanodet.IGNORED, where=str(source)
    )
    named = {f"{_TRUNK}{name}": np.asarray(array, np.float32) for name, array in arrays.items()}
    save_weights(path, named, {"source": "NanoDet-m 416, github.com/RangiLyu/nanodet, Apache-2.0"})
    return len(named)
