"""Lesson: what a run trains, on what, and how it is measured on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pipeline.training.batches import Maker
from pipeline.training.step import Objective


@dataclass(frozen=True, eq=False)
class Lesson:
    """A network and what it is to learn.

    model : as it begins; its `config` has `to_json`. objective : its losses. maker : the batches.
    metadata : what its file says beside config and steps. measure : figures in 0..1 of the network on pictures that it
    is not trained on; None: it is not measured on the way.
    """

    model: Any
    objective: Objective
    maker: Maker
    metadata: Mapping[str, str] = field(default_factory=dict)
    measure: Callable[[], dict[str, float]] | None = None
