"""A Mask R-CNN out of a checkpoint: torchvision's `.pth`, matterport's `.h5`, or our own `.safetensors`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import WeightsError
from pipeline.formats.account import Rule, account
from pipeline.formats.convert import matterport, torchvision
from pipeline.formats.keras_h5 import read_layer_weights
from pipeline.formats.own_file import load_weights, save_weights
from pipeline.formats.pytorch_file import read_state_dict
from pipeline.model import presets
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.mask_rcnn import MaskRCNN, make_model
from pipeline.weights.label_maps import label_map

CheckpointKind = Literal["torchvision_v1", "torchvision_v2", "matterport", "own"]
Adapt = Callable[[MaskRCNNConfig], MaskRCNNConfig]

#: Key of the network's config in our own files, and the format's version.
_CONFIG, _FORMAT, _VERSION = "config", "format", "seg-video 1"

#: Tensors whose last dimension counts the classes, by kind.
_CLASSIFIER = {
    "torchvision_v1": "roi_heads.box_predictor.cls_score.bias",
    "torchvision_v2": "roi_heads.box_predictor.cls_score.bias",
    "matterport": "mrcnn_class_logits/bias",
}


def load_checkpoint(
    path: str | Path,
    kind: CheckpointKind | None = None,
    *,
    classes: Mapping[int, str] | None = None,
    precision: str = "float32",
    adapt: Adapt | None = None,
) -> MaskRCNN:
    """The network in a checkpoint, with every variable set and every tensor used.

    Parameters
    ----------
    path : the file.
    kind : its layout; None: told by the file itself.
    classes : names by class id; None: COCO's if the file has as many classes as the published weights, else
        numbers.
    precision : `float32` or `bfloat16`.
    adapt : changes settings of the config that no tensor's shape depends on, such as input sizes or thresholds.

    Raises WeightsError if the file cannot be read or is of another network.

    """
    path = Path(path)
    if kind == "own" or (kind is None and path.suffix == ".safetensors"):
        return _load_own(path, precision, adapt)
    source, kind = _read(path, kind)
    config = getattr(presets, kind)(_classes(source, kind, classes, path))
    model = make_model(adapt(config) if adapt else config, precision)
    variables = shapes_of(model)
    if kind == "matterport":
        rules, ignored = matterport.rules(variables), {}
    else:
        rules, ignored = torchvision.rules(variables, config.box_head.pool), torchvision.IGNORED
    assign(model, account(variables, source, rules, ignored=ignored, where=str(path)))
    return model


def save_checkpoint(
    model: MaskRCNN, path: str | Path, metadata: Mapping[str, str], dtype: Any = np.float32
) -> None:
    """Write the network as our own file: its config, its variables as `dtype`, and what else is to be known."""
    arrays = {name: np.asarray(variable).astype(dtype) for name, variable in variables_of(model).items()}
    save_weights(path, arrays, {**metadata, _FORMAT: _VERSION, _CONFIG: model.config.to_json()})


def variables_of(model: MaskRCNN) -> dict[str, Any]:
    """The model's variables by path, `backbone/stem/kernel` and so on."""
    return {weight.path.partition("/")[2]: weight for weight in model.weights}


def shapes_of(model: MaskRCNN) -> dict[str, tuple[int, ...]]:
    """Shapes of the model's variables by path."""
    return {path: tuple(variable.shape) for path, variable in variables_of(model).items()}


def assign(model: MaskRCNN, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Set the model's variables; `arrays` has one for each, in its shape."""
    for path, variable in variables_of(model).items():
        variable.assign(np.ascontiguousarray(arrays[path], np.float32))


def _load_own(path: Path, precision: str, adapt: Adapt | None) -> MaskRCNN:
    arrays, metadata = load_weights(path)
    if metadata.get(_FORMAT) != _VERSION or _CONFIG not in metadata:
        raise WeightsError(
            f"{path} is a safetensors file of another program",
            found=f"the metadata {sorted(metadata)}",
            do="use a file that this package wrote",
        )
    config = MaskRCNNConfig.from_json(metadata[_CONFIG])
    model = make_model(adapt(config) if adapt else config, precision)
    variables = shapes_of(model)
    unchanged = {name: Rule(name) for name in variables}
    assign(model, account(variables, arrays, unchanged, where=str(path)))
    return model


def _read(path: Path, kind: CheckpointKind | None) -> tuple[dict[str, NDArray[Any]], CheckpointKind]:
    if kind == "matterport" or (kind is None and path.suffix in (".h5", ".hdf5")):
        return read_layer_weights(path), "matterport"
    source = torchvision.modern_names(read_state_dict(path))
    if kind is None:
        kind = "torchvision_v1" if "roi_heads.box_head.fc6.weight" in source else "torchvision_v2"
    return source, kind


def _classes(
    source: Mapping[str, NDArray[Any]], kind: CheckpointKind, names: Mapping[int, str] | None, path: Path
) -> presets.Classes:
    """Class names and ids in the order of the classifier's outputs, as many as the file has."""
    if _CLASSIFIER[kind] not in source:
        raise WeightsError(
            f"{path} has no classifier of a {kind} network",
            found=f"{len(source)} tensors, none of them {_CLASSIFIER[kind]}: {sorted(source)[:4]} ...",
            do="check that the file is a whole Mask R-CNN and of this kind",
        )
    count = len(source[_CLASSIFIER[kind]])
    published = label_map("coco80" if kind == "matterport" else "coco91")
    if names is None:
        names = published if count == max(published) + 1 else {}
    if any(not 0 < class_id < count for class_id in names):
        raise WeightsError(
            f"the class names given do not fit {path}",
            found=f"class ids up to {max(names)}, a classifier of {count} outputs",
            do="give ids from 1 to one less than the outputs; 0 is the background",
        )
    listed = ["background", *(names.get(i, f"class {i}") for i in range(1, count))]
    return tuple(listed), tuple(range(count))


def with_input_size(config: MaskRCNNConfig, min_size: int, max_size: int) -> MaskRCNNConfig:
    """The same network on inputs of other sizes, in px, under its own resize rule."""
    return replace(config, input=replace(config.input, min_size=min_size, max_size=max_size))
