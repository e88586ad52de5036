"""Traffic at random: streets full of other people's cars, for training pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sample_videos.drawn_drive.actor import (
    BICYCLE,
    BUS,
    CAR,
    MOTORCYCLE,
    PERSON,
    STOP_SIGN,
    TRAFFIC_LIGHT,
    TRUCK,
    Actor,
    Cast,
)
from sample_videos.drawn_drive.heavy import bus, truck
from sample_videos.drawn_drive.people import Looks, walker
from sample_videos.drawn_drive.signals import stop_sign, traffic_light
from sample_videos.drawn_drive.solid import Colour, Solid
from sample_videos.drawn_drive.two_wheelers import bicycle, motorcycle
from sample_videos.drawn_drive.vehicles import BODIES, car

_HAIR: tuple[Colour, ...] = ((26, 32, 44), (40, 64, 96), (70, 70, 74), (90, 140, 176))
_SKIN: tuple[Colour, ...] = ((135, 165, 205), (150, 180, 220), (80, 110, 150), (52, 72, 104))


def traffic(rng: np.random.Generator) -> list[Actor]:
    """Everybody on a street at a moment."""
    cast = Cast()
    for x, turn, first in ((0.0, 0.0, 6.0), (3.4, 0.0, 1.0), (-3.4, np.pi, 4.0), (-6.8, np.pi, 4.0)):
        _lane(cast, rng, x, turn, first)
    if rng.random() < 0.7:
        _kerbside(cast, rng)
    for side in (-1, 1):
        for z in np.cumsum(rng.uniform(0.8, 16, int(rng.integers(1, 9)))) + rng.uniform(3, 10):
            x = side * rng.uniform(8.0, 10.4) - (1.2 if side < 0 else 0.0)
            _on_foot(cast, rng, x, z, rng.choice([0.0, np.pi]))
    for _ in range(int(rng.integers(0, 3))):  # crossing the street
        _on_foot(cast, rng, rng.uniform(-8, 7), rng.uniform(8, 30), rng.choice([-0.5, 0.5]) * np.pi)
    _signals(cast, rng)
    return cast.actors


def _lane(cast: Cast, rng: np.random.Generator, x: float, turn: float, first: float) -> None:
    """Vehicles one behind the other; coming towards the camera they are placed by their rear as well."""
    z = first + rng.exponential(10.0)
    while z < 95.0:
        categories, thing, length = _vehicle(rng)
        start = z + length if turn else z
        cast.add(categories, thing, x + rng.uniform(-0.4, 0.4), start, turn=turn + rng.normal(0, 0.03))
        z += length + 2.5 + rng.exponential(13.0)


def _kerbside(cast: Cast, rng: np.random.Generator) -> None:
    """Parked cars, or people on bicycles, along the right kerb."""
    z = rng.uniform(2, 14)
    while z < 70.0:
        if rng.random() < 0.6:
            cast.add((CAR,), _any_car(rng), rng.uniform(6.25, 6.45), z, turn=rng.normal(0, 0.02))
            z += 6.2
        else:
            cast.add((BICYCLE, PERSON), _any_bicycle(rng), rng.uniform(5.7, 6.4), z, turn=rng.normal(0, 0.1))
            z += 4.0
        z += rng.exponential(6.0)


def _vehicle(rng: np.random.Generator) -> tuple[tuple[int, ...], Solid, float]:
    """Any vehicle: its categories, its shape and its length in m; the rare ones come more often than in life."""
    kind = rng.random()
    if kind < 0.46:
        return (CAR,), _any_car(rng), 5.0
    if kind < 0.60:
        return (TRUCK,), truck(paint(rng), paint(rng)), 7.8
    if kind < 0.73:
        return (BUS,), bus(paint(rng), paint(rng)), 10.8
    if kind < 0.87:
        return (MOTORCYCLE, PERSON), motorcycle(paint(rng), paint(rng), anybody(rng)), 2.2
    return (BICYCLE, PERSON), _any_bicycle(rng), 1.9


def _any_car(rng: np.random.Generator) -> Solid:
    return car(BODIES[str(rng.choice(list(BODIES)))], paint(rng))


def _any_bicycle(rng: np.random.Generator) -> Solid:
    return bicycle(rng.uniform(0, 6.3), paint(rng), anybody(rng))


def _on_foot(cast: Cast, rng: np.random.Generator, x: float, z: float, turn: float) -> None:
    cast.add((PERSON,), walker(rng.uniform(0, 6.3), anybody(rng)), x, z, turn=turn + rng.normal(0, 0.3))


def _signals(cast: Cast, rng: np.random.Generator) -> None:
    """Crossings with lights, and stop signs; some crossings are near, where they are seen well."""
    for z in rng.uniform(9, 50, int(rng.integers(0, 3))):
        shows, board = str(rng.choice(["red", "yellow", "green"])), bool(rng.random() < 0.7)
        places: list[tuple[float, float]] = [
            (8.1, 0.0),
            (8.2, -rng.uniform(3.5, 6.5)),
            (-9.4, 0.0),
            (-9.5, rng.uniform(4, 8)),
        ]
        for index in rng.permutation(4)[: int(rng.integers(1, 4))]:
            x, arm = places[index]
            light = traffic_light(shows, arm, board=board)
            cast.add((TRAFFIC_LIGHT,), light, x, z + rng.uniform(-1, 1), turn=rng.normal(0, 0.12))
    for z in rng.uniform(6, 38, int(rng.integers(0, 3))):
        x = rng.choice([-1, 1]) * rng.uniform(8.0, 10.0) - 0.5
        cast.add((STOP_SIGN,), stop_sign(), x, z, turn=rng.normal(0, 0.3))


def paint(rng: np.random.Generator) -> Colour:
    """A colour that cars come in: mostly greys, some lively."""
    if rng.random() < 0.55:
        grey = rng.choice([38, 60, 100, 150, 190, 214]) + rng.uniform(-10, 10)
        return _colour(grey + rng.uniform(-6, 6, 3))
    lively: list[Callable[[], list[float]]] = [
        lambda: [rng.uniform(28, 60), rng.uniform(24, 60), rng.uniform(110, 190)],
        lambda: [rng.uniform(90, 170), rng.uniform(50, 110), rng.uniform(24, 60)],
        lambda: [rng.uniform(40, 90), rng.uniform(80, 140), rng.uniform(40, 90)],
        lambda: [rng.uniform(30, 80), rng.uniform(130, 190), rng.uniform(170, 220)],
        lambda: list(0.5 * rng.uniform(40, 210, 3) + 0.5 * rng.uniform(40, 210)),
    ]
    return _colour(np.array(lively[int(rng.integers(len(lively)))]()))


def anybody(rng: np.random.Generator) -> Looks:
    """Somebody, as clothes and people come."""
    trousers = _colour(rng.uniform(30, 70) + rng.uniform(0, 60) * np.array([1.0, 0.7, 0.55]))
    return Looks(
        paint(rng),
        trousers,
        _HAIR[int(rng.integers(len(_HAIR)))],
        _SKIN[int(rng.integers(len(_SKIN)))],
        rng.uniform(1.45, 1.9),
        paint(rng) if rng.random() < 0.25 else None,
    )


def _colour(levels: np.ndarray) -> Colour:
    blue, green, red = np.clip(levels, 5, 235).astype(int).tolist()
    return blue, green, red
