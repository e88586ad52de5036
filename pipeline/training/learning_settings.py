"""LearningSettings: how a network is trained, whatever it learns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pipeline.errors import ConfigError

#: Names of settings that are checked alone, what holds for a value that can work, and that in words.
Limit = tuple[tuple[str, ...], Callable[[Any], bool], str]

#: Steps in which the learning rate rises where nothing is said of it, at most a fifth of the run.
_RISE = 200


@dataclass(frozen=True)
class LearningSettings:
    """The settings that every training has. Paths in the YAML count from its folder.

    data : folder with pictures and labels.
    output : folder for checkpoints, the logs, the plot and the weights.
    validation : file with the names of the pictures that are held out, one a line; None: none are.
    canvas : height and width in px of the part that is trained on; None: what the network is made for.
    scales, flip, photometry : see `batches.Variety`.
    batch, steps : pictures a step, steps in all.
    optimizer, learning_rate, weight_decay, clip_norm : `adamw` or `sgd` (momentum 0.9), under a cosine.
    frozen : parts of variables' paths, such as `stem`; these variables stay as they start.
    warmup_steps : of a linear rise from 0; None: 200, or a fifth of the steps where that is less.
    ema_decay : of the moving average of all weights, which is what a run saves as its result.
    precision : `float32` or `bfloat16`; variables are float32 in both.
    jit : compile the step with XLA; None: on a GPU only.
    seed : of everything that is drawn.
    log_every, checkpoint_every : steps.
    """

    data: Path
    output: Path
    validation: Path | None = None
    canvas: tuple[int, int] | None = None
    scales: tuple[float, float] = (0.6, 1.7)
    flip: float = 0.5
    photometry: float = 1.0
    batch: int = 8
    steps: int = 1000
    optimizer: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    clip_norm: float = 5.0
    frozen: tuple[str, ...] = ()
    warmup_steps: int | None = None
    ema_decay: float = 0.999
    precision: Literal["float32", "bfloat16"] = "float32"
    jit: bool | None = None
    seed: int = 0
    log_every: int = 20
    checkpoint_every: int = 200

    #: Factor on the learning rate of the variables of a backbone.
    trunk_rate = 1.0

    def __post_init__(self) -> None:
        for key, expected in self.faults():
            raise ConfigError(f"{key} must be {expected}.", found=repr(getattr(self, key)))

    @property
    def rise(self) -> int:
        """Steps in which the learning rate rises."""
        if self.warmup_steps is not None:
            return self.warmup_steps
        return min(_RISE, self.steps // 5)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Each setting whose value cannot work, and what it must be."""
        yield from broken_limits(self, _LIMITS)
        if self.warmup_steps is not None and not 0 <= self.warmup_steps < self.steps:
            yield "warmup_steps", f"at least 0 and fewer than the {self.steps} steps"


def broken_limits(settings: LearningSettings, limits: Iterable[Limit]) -> Iterator[tuple[str, str]]:
    """Each setting that lies beyond a limit, and what it must be."""
    for keys, fits, expected in limits:
        yield from ((key, expected) for key in keys if not fits(getattr(settings, key)))


def at_least_one(*keys: str) -> Limit:
    """The limit of numbers of things."""
    return keys, lambda value: value >= 1, "at least 1"


def within_one(*keys: str) -> Limit:
    """The limit of shares and probabilities."""
    return keys, lambda value: 0 <= value <= 1, "in 0..1"


def canvases(*keys: str) -> Limit:
    """The limit of sizes that a network takes; None stands for its own."""
    return keys, _is_canvas, "a height and a width that are multiples of 32"


def _is_canvas(sides: tuple[int, ...] | None) -> bool:
    return sides is None or (len(sides) == 2 and all(side > 0 and side % 32 == 0 for side in sides))


_LIMITS: tuple[Limit, ...] = (
    at_least_one("batch", "steps", "log_every", "checkpoint_every"),
    canvases("canvas"),
    (("scales",), lambda v: len(v) == 2 and 0 < v[0] <= v[1], "two positive numbers, the smaller first"),
    (("learning_rate", "clip_norm"), lambda v: v > 0, "above 0"),
    (("weight_decay",), lambda v: v >= 0, "at least 0"),
    (("seed",), lambda v: 0 <= v < 1 << 32, "a whole number from 0, below 2^32"),
    within_one("flip", "photometry"),
    (("ema_decay",), lambda v: 0 <= v < 1, "in 0..1, below 1"),
)
