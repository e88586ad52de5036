"""A catalog name or a path to what is known of its network without loading it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline.weights.catalog import find
from pipeline.weights.digest import weights_digest
from pipeline.weights.label_maps import label_map


@dataclass(frozen=True)
class NetworkDescription:
    """A network before it is loaded. sha256 : of its weights. runtime : that will compute it."""

    class_names: Mapping[int, str]
    sha256: str
    runtime: str


def describe(model: str, device: str) -> NetworkDescription:
    """The description of a network. Raises WeightsError, UsageError."""
    del device
    names = label_map("coco91") if Path(model).exists() else label_map(find(model).label_map)
    return NetworkDescription(names, weights_digest(model), "tensorflow")
