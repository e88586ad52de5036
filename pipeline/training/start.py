"""The network that a run trains, and what it takes over from another one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError
from pipeline.formats.own_file import load_weights, read_metadata
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.presets import NETWORKS
from pipeline.networks.checkpoint import variables_of
from pipeline.networks.checkpoint_config import CONFIG, own_config
from pipeline.training.settings import TrainSettings
from pipeline.weights.catalog import find
from pipeline.weights.fetch import fetch

Array = NDArray[Any]


@dataclass(frozen=True)
class Start:
    """The report of a start: names of the network's variables and of the file's arrays.

    taken : variables that have the file's values.
    fresh : variables that are as they were.
    unused : arrays of the file that fit no variable.
    kept_classes : classes that the network knows already, the background left out; None if the file does not say
        which classes its arrays are of.
    """

    taken: tuple[str, ...]
    fresh: tuple[str, ...]
    unused: tuple[str, ...]
    kept_classes: tuple[str, ...] | None

    def __str__(self) -> str:
        """One line for a person."""
        classes = ""
        if self.kept_classes is not None:
            classes = f"; classes it knows already: {', '.join(self.kept_classes) or 'none'}"
        return (
            f"{len(self.taken)} variables taken over, {len(self.fresh)} random, "
            f"{len(self.unused)} arrays unused{classes}"
        )


def start_path(start: str) -> Path:
    """The file that a setting `start` means: one that exists, or that of a name in the catalog.

    Raises ConfigError for a catalog entry of another layout, WeightsError if it cannot be had.
    """
    path = Path(start)
    if path.exists() or path.suffix == ".safetensors":
        return path
    entry = find(start)
    if entry.kind != "own":
        raise ConfigError(
            f"Training cannot start from {start}, which is of another network.",
            found=f"weights of the kind {entry.kind}",
            do="start from dashcam-lite, or from a .safetensors file that seg-video wrote",
        )
    return fetch(entry)


def load_start(model: MaskRCNN, path: Path) -> Start:
    """Set the variables that the file has, under their name and in their shape, and say which they were.

    Where the file says which classes it is of, those that both know keep their columns of the classifier, and all
    others begin with random values, however many there are.

    Raises WeightsError if it cannot be read or finds no objects, ConfigError if nothing in it fits.
    """
    arrays, metadata = load_weights(path)
    variables = variables_of(model)
    taken = {n for n, v in variables.items() if n in arrays and arrays[n].shape == tuple(v.shape)}
    kept = None
    if CONFIG in metadata:
        source = own_config(path, metadata).classes
        pairs = [(place, source.index(n)) for place, n in enumerate(model.config.classes) if n in source]
        kept = tuple(model.config.classes[place] for place, _ in pairs if place)
        by_class = {name: merge for name, merge in _class_columns(model).items() if name in arrays}
        for name, columns in by_class.items():
            own = np.array(variables[name])
            if (merged := columns(own, arrays[name], pairs)) is not None:
                arrays[name] = merged
                taken.add(name)
    if not taken:
        raise ConfigError(
            f"Nothing in {path} fits the network that is to be trained.",
            found=f"{len(arrays)} arrays, the first {sorted(arrays)[:3]}",
            do="set `network` to the one that the file is of",
        )
    for name in taken:
        variables[name].assign(arrays[name].astype(np.float32))
    return Start(
        tuple(sorted(taken)),
        tuple(sorted(variables.keys() - taken)),
        tuple(sorted(arrays.keys() - taken)),
        kept,
    )


Merge = Callable[[Array, Array, list[tuple[int, int]]], Array | None]


def _class_columns(model: MaskRCNN) -> dict[str, Merge]:
    """Variables whose last axis counts classes, and how one is merged with the file's."""
    layers = {"box_head/class_logits": 1, "mask_head/logits": 1}
    if model.box_head.boxes > 1:
        layers["box_head/offsets"] = 4
    return {f"{layer}/{leaf}": _merge(each) for layer, each in layers.items() for leaf in ("kernel", "bias")}


def _merge(each: int) -> Merge:
    """Merge for `each` numbers a class."""

    def merge(own: Array, other: Array, pairs: list[tuple[int, int]]) -> Array | None:
        if own.shape[:-1] != other.shape[:-1]:
            return None
        own, other = (a.reshape(*a.shape[:-1], -1, each) for a in (own.copy(), other))
        for place, source in pairs:
            own[..., place, :] = other[..., source, :]
        return own.reshape(*own.shape[:-2], -1)

    return merge


def network_config(settings: TrainSettings, names: Mapping[int, str]) -> MaskRCNNConfig:
    """The preset of the settings, with the categories `names` (less the unions) as its classes, by rising id.

    Its 3x3 convolutions are dense or separable as those of its start are, and its mask head sees what that one's does.
    """
    ids = sorted(set(names) - set(settings.unions))
    if not ids or ids[0] < 1:
        raise ConfigError("categories need ids from 1 on; 0 is the background.", found=f"the ids {ids}")
    classes = ("background", *(names[one] for one in ids)), (0, *ids)
    preset = NETWORKS[settings.network]
    config = preset(classes) if settings.full_canvas is None else preset(classes, settings.full_canvas)
    if settings.start is not None:
        config = _convolved_alike(config, start_path(settings.start))
    if settings.roi_samples is None:
        return config
    return replace(config, training=replace(config.training, roi_samples=settings.roi_samples))


def _convolved_alike(config: MaskRCNNConfig, path: Path) -> MaskRCNNConfig:
    """The config with the convolutions of the network in a file, where the file says what it is of."""
    metadata = read_metadata(path)
    if CONFIG not in metadata:
        return config
    start = own_config(path, metadata)
    head = start.mask_head
    return replace(
        config,
        fpn=replace(config.fpn, depth_multiplier=start.fpn.depth_multiplier),
        mask_head=replace(
            config.mask_head, convs=head.convs, depth_multiplier=head.depth_multiplier, detail=head.detail
        ),
    )
