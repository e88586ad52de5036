"""Depth: in which order things have to be painted so that the near ones cover the far ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sample_videos.drawn_drive.solid import Solid


@dataclass(frozen=True)
class Painter:
    """A thing that waits to be painted.

    left, right : its span across the street, in m. near, far : its span along the street. paint : paints it.
    """

    left: float
    right: float
    near: float
    far: float
    paint: Callable[[], None]


def around(thing: Solid, paint: Callable[[], None]) -> Painter:
    """The painter of a thing in its place."""
    (left, _, near), (right, _, far) = thing.corners.min(axis=(0, 1)), thing.corners.max(axis=(0, 1))
    return Painter(float(left), float(right), float(near), float(far), paint)


def far_to_near(painters: list[Painter], eye: float) -> list[Painter]:
    """The painters in their order, seen from `eye` metres across the street.

    Of two that lie side by side the one further aside comes first, else the one further ahead. Where these rules
    go round in a circle, the one whose near end is farthest breaks it.
    """
    waiting = _behind(painters, eye)
    near = np.array([painter.near for painter in painters])
    left = np.ones(len(painters), bool)
    order = []
    for _ in painters:
        free = left & ~(waiting & left[None]).any(axis=1)
        choice = free if free.any() else left
        index = int(np.argmax(np.where(choice, near, -np.inf)))
        left[index] = False
        order.append(painters[index])
    return order


def _behind(painters: list[Painter], eye: float) -> NDArray[np.bool_]:
    """[N, N]: whether the row's thing has to wait for the column's."""
    left, right, near, far = (
        np.array([getattr(painter, name) for painter in painters])
        for name in ("left", "right", "near", "far")
    )
    aside = np.maximum(np.maximum(left - eye, eye - right), 0.0)
    ahead = near[None] >= far[:, None]
    apart = (left[None] >= right[:, None]) | (right[None] <= left[:, None])
    beside = ~ahead & ~ahead.T
    outside = beside & apart & (aside[None] > aside[:, None])
    through = beside & ~apart & (near[None] > near[:, None])
    return ahead & ~ahead.T | outside | through
