"""Settings of a training of a semantic network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import ConfigError


@dataclass(frozen=True)
class SemanticSettings:
    """The settings of a training. Paths in the YAML count from its folder.

    task : says that these are settings of a semantic network.
    data : folder with `images/`, `labels/` and, unless `classes` names them, `classes.json`.
    output : folder for checkpoints, the logs, the plot and the weights.
    classes : red, green and blue of each class by its name, in the order of their numbers; empty: the folder's own.
    ignored : numbers in labels of pixels whose class is not known; used with `classes`.
    train : file with the names of the pictures to train on, one a line; None: all that are not held out.
    validation : file with the names of those that are held out and measured on; None: none are.
    measured : so many of those at most are measured on at each checkpoint.
    start : weights of a semantic network to start from, classes matched by their names; for `panoptic_fpn` also the
        network whose trunk and pyramid the branch is to read. None: from random values.
    network, width : see `model.semantic.config.SemanticConfig`.
    full_canvas : height and width in px that the network sees a frame at.
    canvas : those of the part that is trained on; None: the full one.
    scales, flip, photometry : as for instances, see `batches.Variety`.
    balance : `equal`: each pixel counts the same; `median_frequency`: one of a rare class counts more
        (Eigen & Fergus 2015, section 6.3.2).
    class_weights : a factor on that by class name.
    batch, steps : pictures a step, steps in all.
    optimizer, learning_rate, weight_decay, clip_norm : `adamw` or `sgd` (momentum 0.9), under a cosine.
    frozen : parts of variables' paths; these variables stay as they start.
    warmup_steps : of a linear rise from 0.
    ema_decay : of the moving average of all weights, which is what a run saves as its result.
    precision : `float32` or `bfloat16`; variables are float32 in both.
    jit : compile the step with XLA; None: on a GPU only.
    seed : of everything that is drawn.
    log_every, checkpoint_every : steps.
    """

    data: Path
    output: Path
    task: Literal["semantic"] = "semantic"
    classes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    ignored: tuple[int, ...] = ()
    train: Path | None = None
    validation: Path | None = None
    measured: int = 64
    start: Path | None = None
    network: Literal["fcn8s", "unet", "deeplabv3plus", "panoptic_fpn"] = "unet"
    width: int = 16
    full_canvas: tuple[int, int] = (384, 640)
    canvas: tuple[int, int] | None = None
    scales: tuple[float, float] = (0.6, 1.7)
    flip: float = 0.5
    photometry: float = 1.0
    balance: Literal["equal", "median_frequency"] = "equal"
    class_weights: Mapping[str, float] = field(default_factory=dict)
    batch: int = 8
    steps: int = 1000
    optimizer: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    clip_norm: float = 5.0
    frozen: tuple[str, ...] = ()
    warmup_steps: int = 200
    ema_decay: float = 0.999
    precision: Literal["float32", "bfloat16"] = "float32"
    jit: bool | None = None
    seed: int = 0
    log_every: int = 20
    checkpoint_every: int = 200

    #: No part of these networks is a trunk with a rate of its own.
    trunk_rate = 1.0

    def __post_init__(self) -> None:
        for key, expected in self.faults(vars(self)):
            raise ConfigError(f"{key} must be {expected}.", found=repr(getattr(self, key)))

    @staticmethod
    def faults(values: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """Each setting whose value cannot work, and what it must be."""
        for keys, fits, expected in _CHECKS:
            yield from ((key, expected) for key in keys if not fits(values[key]))
        if not 0 <= values["warmup_steps"] < values["steps"]:
            yield "warmup_steps", f"at least 0 and fewer than the {values['steps']} steps"


def _is_size(sides: tuple[int, ...] | None) -> bool:
    return sides is None or (len(sides) == 2 and all(side > 0 and side % 32 == 0 for side in sides))


#: Settings that are checked alone: names, what holds for a value that can work, and that in words.
_CHECKS: tuple[tuple[tuple[str, ...], Callable[[Any], bool], str], ...] = (
    (
        ("batch", "steps", "log_every", "checkpoint_every", "width", "measured"),
        lambda v: v >= 1,
        "at least 1",
    ),
    (("full_canvas", "canvas"), _is_size, "a height and a width that are multiples of 32"),
    (("scales",), lambda v: len(v) == 2 and 0 < v[0] <= v[1], "two positive numbers, the smaller first"),
    (("learning_rate", "clip_norm"), lambda v: v > 0, "above 0"),
    (("flip", "photometry"), lambda v: 0 <= v <= 1, "in 0..1"),
    (("ema_decay",), lambda v: 0 <= v < 1, "in 0..1, below 1"),
    (("class_weights",), lambda v: min(v.values(), default=0) >= 0, "0 or above for each class"),
)
