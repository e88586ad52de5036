"""Settings of a training of a semantic network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pipeline.model.semantic.config import NetworkName
from pipeline.training.learning_settings import (
    LearningSettings,
    Limit,
    at_least_one,
    broken_limits,
    canvases,
)


@dataclass(frozen=True)
class SemanticSettings(LearningSettings):
    """The settings of training a semantic network, besides those of every training.

    task : says that these are settings of a semantic network.
    data : folder with `images/`, `labels/` and, unless `classes` names them, `classes.json`.
    classes : red, green and blue of each class by its name, in the order of their numbers; empty: the folder's own.
    ignored : numbers in labels of pixels whose class is not known; used with `classes`.
    train : file with the names of the pictures to train on, one a line; None: all that are not held out.
    measured : at most so many of those held out are measured on at each checkpoint.
    start : weights of a semantic network to start from, classes matched by their names; for `panoptic_fpn` also the
        network whose trunk and pyramid the branch is to read. None: from random values.
    network, width : see `model.semantic.config.SemanticConfig`.
    full_canvas : height and width in px that the network sees a frame at.
    balance : `equal`: each pixel counts the same; `median_frequency`: one of a rare class counts more
        (Eigen & Fergus 2015, section 6.3.2).
    class_weights : a factor on that by class name.
    """

    task: Literal["semantic"] = "semantic"
    classes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    ignored: tuple[int, ...] = ()
    train: Path | None = None
    measured: int = 64
    start: Path | None = None
    network: NetworkName = "unet"
    width: int = 16
    full_canvas: tuple[int, int] = (384, 640)
    balance: Literal["equal", "median_frequency"] = "equal"
    class_weights: Mapping[str, float] = field(default_factory=dict)

    def faults(self) -> Iterator[tuple[str, str]]:
        """Each setting whose value cannot work, and what it must be."""
        yield from super().faults()
        yield from broken_limits(self, _LIMITS)


_LIMITS: tuple[Limit, ...] = (
    at_least_one("width", "measured"),
    canvases("full_canvas"),
    (("class_weights",), lambda v: min(v.values(), default=0) >= 0, "0 or above for each class"),
)
