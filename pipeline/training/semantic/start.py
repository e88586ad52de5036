"""Start: a fresh semantic network takes over what another one has learnt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ConfigError
from pipeline.formats.own_file import load_weights, read_metadata
from pipeline.model.semantic.panoptic_fpn import READ
from pipeline.model.semantic.semantic_network import SemanticNetwork
from pipeline.networks.checkpoint import variables_of
from pipeline.networks.checkpoint_config import KIND, own_config
from pipeline.networks.semantic import semantic_config

#: Parts of the paths of variables whose last axis counts classes.
_BY_CLASS = ("/logits/", "/score8/", "/score16/", "/score32/")


def pyramid_of(path: Path) -> dict[str, Any]:
    """`trunk` and `depth_multiplier` of a `SemanticConfig` that reads the pyramid in the file of a start.

    Raises WeightsError if it is no file of ours, ConfigError if no branch reads that pyramid.
    """
    metadata = read_metadata(path)
    if KIND in metadata:
        start = semantic_config(path, metadata)
        return {"trunk": start.trunk, "depth_multiplier": start.depth_multiplier}
    network = own_config(path, metadata)
    if network.backbone.kind not in READ:
        raise ConfigError(
            f"No branch reads the pyramid of {path}.",
            found=f"a trunk of the kind {network.backbone.kind}",
            do=f"start from a network of the kind {' or '.join(READ)}, as dashcam-lite is",
        )
    return {"trunk": network.backbone.kind, "depth_multiplier": network.fpn.depth_multiplier}


def take_over(model: SemanticNetwork, path: Path) -> str:
    """Set the variables that the file has in the same shape, and tell how many, in a line for a person.

    Outputs of classes that both know by name are taken over, all others begin by chance. Of a network that finds
    objects it is trunk and pyramid that are taken over.

    Raises WeightsError if it is no file of ours, ConfigError if nothing in it fits.
    """
    arrays, metadata = load_weights(path)
    if KIND in metadata:
        theirs = semantic_config(path, metadata).classes.names
    else:
        theirs = ()
        own_config(path, metadata)
        arrays = {f"{model.config.network}/{name}": value for name, value in arrays.items()}
    taken = 0
    for name, variable in variables_of(model).items():
        if name not in arrays:
            continue
        value, own = arrays[name], np.array(variable)
        if any(part in f"/{name}" for part in _BY_CLASS) and value.shape[:-1] == own.shape[:-1]:
            for place, one in enumerate(model.config.classes.names):
                if one in theirs:
                    own[..., place] = value[..., theirs.index(one)]
            value = own
        if value.shape == own.shape:
            variable.assign(value.astype(np.float32))
            taken += 1
    if not taken:
        raise ConfigError(
            f"Nothing in {path} fits the network that is to be trained.",
            found=f"{len(arrays)} arrays, the first {sorted(arrays)[:3]}",
            do="set `network` and `width` to those that the file is of",
        )
    known = [name for name in model.config.classes.names if name in theirs]
    return f"{taken} variables taken over; classes it knows already: {', '.join(known) or 'none'}"
