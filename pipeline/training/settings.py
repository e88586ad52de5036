"""Settings of a training run: a YAML file to one frozen value."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import ConfigError, UsageError
from pipeline.loading.load import load
from pipeline.loading.typed_value import is_path
from pipeline.loading.yaml_nodes import given_in, yaml_nodes
from pipeline.model.presets import NETWORKS
from pipeline.training.semantic.settings import SemanticSettings


@dataclass(frozen=True)
class TrainSettings:
    """The settings of a training. Paths in the YAML count from its folder.

    task : what is learnt; `semantic` is SemanticSettings.
    data : folder with COCO annotations and pictures.
    more_data : further such folders; an id means the same in all of them.
    output : folder for checkpoints, the log, the plot and the weights.
    cache : folder for the decoded pictures; None: `cache` inside `output`.
    validation : file with the names of the pictures that are held out, one a line; None: none are.
    network : a key of `presets.NETWORKS`.
    start : weights to start from, a name of the catalog or a .safetensors file; classes are matched by their names,
        and what fits no variable is reported. None: random weights.
    unions : pseudo-categories with the category ids that each may stand for, `{100: [3, 6, 8]}`.
    full_canvas : height and width in px that the network is made for; None: the preset's.
    canvas : those of the part that is trained on; None: the full one.
    longest : px; larger pictures are shrunk to that long side in the cache.
    source_weights : how often pictures of a source are drawn, 1 where it is not named; in sets with a `source`.
    driver_weight : factor on that for pictures whose `view` is `driver`.
    rare_share : pictures with a class that fewer than this share of them has are drawn more often (Gupta et al. 2019).
    scales, flip, photometry, paste, paste_categories : see `batches.Variety`.
    batch, steps, objects : pictures a step, steps in all, objects a picture at most.
    roi_samples : regions trained on a picture; None: the preset's.
    optimizer, learning_rate, weight_decay, clip_norm : `adamw` or `sgd` (momentum 0.9), under a cosine.
    trunk_rate : factor on the learning rate of the backbone.
    frozen : parts of variables' paths, such as `stem`; these variables stay as they start.
    warmup_steps : of a linear rise from 0.
    ema_decay : of the moving average of all weights, which is what a run saves as its result.
    precision : `float32` or `bfloat16`; variables are float32 in both.
    jit : compile the step with XLA; None: on a GPU only.
    seed : of everything that is drawn.
    log_every, checkpoint_every : steps.
    """

    data: Path
    output: Path
    task: Literal["instances"] = "instances"
    more_data: tuple[Path, ...] = ()
    cache: Path | None = None
    validation: Path | None = None
    network: str = "compact"
    start: str | None = None
    unions: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    full_canvas: tuple[int, int] | None = None
    canvas: tuple[int, int] | None = None
    longest: int = 640
    source_weights: Mapping[str, float] = field(default_factory=dict)
    driver_weight: float = 1.0
    rare_share: float = 0.0
    scales: tuple[float, float] = (0.6, 1.7)
    flip: float = 0.5
    photometry: float = 1.0
    paste: float = 0.0
    paste_categories: tuple[int, ...] = ()
    batch: int = 8
    steps: int = 1000
    objects: int = 64
    roi_samples: int | None = None
    optimizer: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    clip_norm: float = 5.0
    trunk_rate: float = 1.0
    frozen: tuple[str, ...] = ()
    warmup_steps: int = 200
    ema_decay: float = 0.999
    precision: Literal["float32", "bfloat16"] = "float32"
    jit: bool | None = None
    seed: int = 0
    log_every: int = 20
    checkpoint_every: int = 200

    def __post_init__(self) -> None:
        for key, expected in self.faults(vars(self)):
            raise ConfigError(f"{key} must be {expected}.", found=repr(getattr(self, key)))

    @staticmethod
    def faults(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Each setting whose value cannot work, and what it must be."""
        return _faults(values)


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


def _faults(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each setting whose value cannot work, and what it must be."""
    for keys, fits, expected in _CHECKS:
        yield from ((key, expected) for key in keys if not fits(values[key]))
    if values["network"] not in NETWORKS:
        yield "network", f"one of {', '.join(NETWORKS)}"
    if values["paste"] and not values["paste_categories"]:
        yield "paste_categories", "the ids of the categories to paste, as paste is above 0"
    if not 0 <= values["warmup_steps"] < values["steps"]:
        yield "warmup_steps", f"at least 0 and fewer than the {values['steps']} steps"


def _is_size(sides: tuple[int, ...] | None) -> bool:
    return sides is None or (len(sides) == 2 and all(side > 0 and side % 32 == 0 for side in sides))


#: Settings that are checked alone: names, what holds for a value that can work, and that in words.
_CHECKS: tuple[tuple[tuple[str, ...], Callable[[Any], bool], str], ...] = (
    (("batch", "steps", "objects", "log_every", "checkpoint_every"), lambda v: v >= 1, "at least 1"),
    (("full_canvas", "canvas"), _is_size, "a height and a width that are multiples of 32"),
    (("scales",), lambda v: len(v) == 2 and 0 < v[0] <= v[1], "two positive numbers, the smaller first"),
    (("learning_rate", "clip_norm"), lambda v: v > 0, "above 0"),
    (("flip", "photometry", "paste", "rare_share"), lambda v: 0 <= v <= 1, "in 0..1"),
    (("ema_decay",), lambda v: 0 <= v < 1, "in 0..1, below 1"),
)
