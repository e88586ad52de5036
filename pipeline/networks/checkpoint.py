"""Load a Mask R-CNN from a checkpoint: torchvision's `.pth`, matterport's `.h5`, or our own `.safetensors`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.formats.account import Rule, account
from pipeline.formats.convert import matterport, torchvision
from pipeline.formats.foreign_file import read_foreign
from pipeline.formats.own_file import load_weights, save_weights
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.mask_rcnn import MaskRCNN, make_model
from pipeline.networks.checkpoint_config import (
    CONFIG,
    FORMAT,
    VERSION,
    foreign_config,
    is_own,
    own_config,
)

Adapt = Callable[[MaskRCNNConfig], MaskRCNNConfig]


def load_checkpoint(
    path: str | Path,
    kind: str | None = None,
    *,
    classes: Mapping[int, str] | None = None,
    precision: str = "float32",
    adapt: Adapt | None = None,
) -> MaskRCNN:
    """The network in a checkpoint, with every variable set and every tensor used.

    Parameters
    ----------
    path : the file.
    kind : its layout, `own`, `torchvision_v1`, `torchvision_v2`, `torchvision` for either of them, or `matterport`;
        None: detected from the file.
    classes : names by class id; None: COCO's if the file has as many classes as the published weights, otherwise
        numbered.
    precision : `float32` or `bfloat16`.
    adapt : changes settings that no tensor's shape depends on, such as input sizes or thresholds.

    Raises WeightsError if the file cannot be read or is of another network.

    """
    path = Path(path)
    if is_own(path, kind):
        return _load_own(path, precision, adapt)
    source, layout = read_foreign(path, kind)
    config = foreign_config(source, layout, classes, path)
    model = make_model(adapt(config) if adapt else config, precision)
    variables = shapes_of(model)
    if layout == "matterport":
        rules, ignored = matterport.rules(variables), {}
    else:
        rules, ignored = torchvision.rules(variables, config.box_head.pool), torchvision.IGNORED
    assign(model, account(variables, source, rules, ignored=ignored, where=str(path)))
    return model


def save_checkpoint(
    model: Any, path: str | Path, metadata: Mapping[str, str], dtype: Any = np.float32
) -> None:
    """Write the network in our own format: its config, its variables as `dtype`, and further metadata.

    model : a built one whose `config` has `to_json`.
    """
    arrays = {name: np.asarray(variable).astype(dtype) for name, variable in variables_of(model).items()}
    save_weights(path, arrays, {**metadata, FORMAT: VERSION, CONFIG: model.config.to_json()})


def variables_of(model: Any) -> dict[str, Any]:
    """The model's variables by path, `backbone/stem/kernel` and so on."""
    return {weight.path.partition("/")[2]: weight for weight in model.weights}


def shapes_of(model: Any) -> dict[str, tuple[int, ...]]:
    """Shapes of the model's variables by path."""
    return {path: tuple(variable.shape) for path, variable in variables_of(model).items()}


def assign(model: Any, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Set the model's variables; `arrays` has one for each, in its shape."""
    for path, variable in variables_of(model).items():
        variable.assign(np.ascontiguousarray(arrays[path], np.float32))


def _load_own(path: Path, precision: str, adapt: Adapt | None) -> MaskRCNN:
    arrays, metadata = load_weights(path)
    config = own_config(path, metadata)
    model = make_model(adapt(config) if adapt else config, precision)
    variables = shapes_of(model)
    unchanged = {name: Rule(name) for name in variables}
    assign(model, account(variables, arrays, unchanged, where=str(path)))
    return model
