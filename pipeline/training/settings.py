"""Settings of a training run: a YAML file to one frozen value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from pipeline.errors import UsageError
from pipeline.loading.load import load
from pipeline.loading.typed_value import is_path
from pipeline.loading.yaml_nodes import given_in, yaml_nodes
from pipeline.model.presets import NETWORKS
from pipeline.training.learning_settings import (
    LearningSettings,
    Limit,
    at_least_one,
    broken_limits,
    canvases,
    within_one,
)
from pipeline.training.semantic.settings import SemanticSettings


@dataclass(frozen=True)
class TrainSettings(LearningSettings):
    """The settings of training a Mask R-CNN, besides those of every training.

    task : says that objects are learnt; of `semantic` the settings are SemanticSettings.
    data : folder with COCO annotations and pictures.
    more_data : further such folders; an id means the same in all of them.
    cache : folder for the decoded pictures; None: `cache` inside `output`.
    network : a key of `presets.NETWORKS`.
    start : weights to start from, a name of the catalog or a .safetensors file; classes are matched by their names,
        and what fits no variable is reported. None: random weights.
    unions : pseudo-categories with the category ids that each may stand for, `{100: [3, 6, 8]}`.
    full_canvas : height and width in px that the network is made for; None: the preset's.
    longest : px; larger pictures are shrunk to that long side in the cache.
    source_weights : how often pictures of a source are drawn, 1 where it is not named; in sets with a `source`.
    driver_weight : factor on that for pictures whose `view` is `driver`.
    rare_share : pictures with a class that fewer than this share of them has are drawn more often (Gupta et al. 2019).
    paste, paste_categories : see `batches.Variety`.
    objects : objects a picture at most.
    roi_samples : regions trained on a picture; None: the preset's.
    trunk_rate : factor on the learning rate of the backbone.
    """

    task: Literal["instances"] = "instances"
    more_data: tuple[Path, ...] = ()
    cache: Path | None = None
    network: str = "compact"
    start: str | None = None
    unions: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    full_canvas: tuple[int, int] | None = None
    longest: int = 640
    source_weights: Mapping[str, float] = field(default_factory=dict)
    driver_weight: float = 1.0
    rare_share: float = 0.0
    paste: float = 0.0
    paste_categories: tuple[int, ...] = ()
    objects: int = 64
    roi_samples: int | None = None
    trunk_rate: float = 1.0

    def faults(self) -> Iterator[tuple[str, str]]:
        """Each setting whose value cannot work, and what it must be."""
        yield from super().faults()
        yield from broken_limits(self, _LIMITS)
        if self.network not in NETWORKS:
            yield "network", f"one of {', '.join(NETWORKS)}"
        if self.paste and not self.paste_categories:
            yield "paste_categories", "the ids of the categories to paste, as paste is above 0"


_LIMITS: tuple[Limit, ...] = (
    at_least_one("objects", "longest"),
    (("roi_samples",), lambda v: v is None or v >= 1, "at least 1"),
    (("driver_weight", "trunk_rate"), lambda v: v >= 0, "at least 0"),
    (("source_weights",), lambda v: all(one >= 0 for one in v.values()), "numbers that are at least 0"),
    canvases("full_canvas"),
    within_one("paste", "rare_share"),
)


def read_settings(path: Path) -> TrainSettings | SemanticSettings:
    """The settings in a YAML file, of the task that it names.

    Raises UsageError, with file and line, where it cannot be read, a key does not exist or is there twice, one is
    missing, or a value is of another kind or cannot work.
    """
    nodes = list(yaml_nodes(path))
    if len(nodes) != 1:
        raise UsageError(
            f"{path} must be one mapping of keys to values.", do="give it `data:` and `output:` at least"
        )
    given = given_in(path, nodes[0])
    if given.values.get("task") == "semantic":
        return load(SemanticSettings, given)
    start = given.values.get("start")
    if isinstance(start, str) and is_path(start, path.parent):
        given = replace(given, values={**given.values, "start": str(path.parent / Path(start).expanduser())})
    return load(TrainSettings, given)
