"""Actor: a road user or a sign that is labelled, and where it is at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sample_videos.drawn_drive.solid import Solid

#: COCO's ids of what is labelled.
CATEGORIES = {
    1: "person",
    2: "bicycle",
    3: "car",
    4: "motorcycle",
    6: "bus",
    8: "truck",
    10: "traffic light",
    13: "stop sign",
}

PERSON, BICYCLE, CAR, MOTORCYCLE, BUS, TRUCK, TRAFFIC_LIGHT, STOP_SIGN = CATEGORIES

#: A thing at a time in s, standing at the origin.
Shape = Callable[[float], Solid]


@dataclass(frozen=True)
class Actor:
    """Something labelled; part k of its shape has the identity `identity` + k - 1.

    identity : 1 and up. categories : a COCO id for each part. shape : how it looks at a time.
    x : in m from the middle of the camera's lane. start : z in m at time 0, of a vehicle's rear. speed : along the
    street, in m/s. turn : in rad; pi comes towards the camera. sway : how far it drifts to and fro, in m.
    """

    identity: int
    categories: tuple[int, ...]
    shape: Shape
    x: float
    start: float
    speed: float
    turn: float = 0.0
    sway: float = 0.0

    def distance(self, seconds: float, travelled: float) -> float:
        """z at a time, in m from a camera that has gone so far."""
        return float(self.start + self.speed * seconds - travelled + self.sway * np.sin(seconds * 0.75))

    def at(self, seconds: float, travelled: float) -> Solid:
        """The thing in its place."""
        return self.shape(seconds).placed(self.x, self.distance(seconds, travelled), self.turn)


class Cast:
    """Actors with identities in the order in which they were added."""

    def __init__(self) -> None:
        self.actors: list[Actor] = []
        self._next = 1

    def add(
        self,
        categories: tuple[int, ...],
        shape: Shape | Solid,
        x: float,
        start: float,
        speed: float = 0.0,
        *,
        turn: float = 0.0,
        sway: float = 0.0,
    ) -> None:
        """One more actor; a shape that is a Solid never changes."""
        looks: Shape = (lambda seconds: shape) if isinstance(shape, Solid) else shape
        self.actors.append(Actor(self._next, categories, looks, x, start, speed, turn, sway))
        self._next += len(categories)
