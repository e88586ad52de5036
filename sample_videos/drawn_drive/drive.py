"""The sample's drive: who takes part, by name, place and speed."""

from __future__ import annotations

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
    Shape,
)
from sample_videos.drawn_drive.heavy import bus, truck
from sample_videos.drawn_drive.people import Looks, walker
from sample_videos.drawn_drive.signals import stop_sign, traffic_light
from sample_videos.drawn_drive.solid import Colour
from sample_videos.drawn_drive.two_wheelers import bicycle, motorcycle
from sample_videos.drawn_drive.vehicles import BODIES, car

_TOWARDS = np.pi

#: (body, paint, x, start, speed, sway): cars of our direction.
_AHEAD: tuple[tuple[str, Colour, float, float, float, float], ...] = (
    ("hatchback", (38, 34, 150), 0.35, 19.0, 9.1, 2.0),
    ("suv", (208, 212, 214), 3.45, 13.0, 6.9, 0.0),
    ("saloon", (128, 84, 42), 3.35, 31.0, 7.5, 0.0),
)

#: (body, paint, start, speed): cars that come towards us in the near lane.
_ONCOMING: tuple[tuple[str, Colour, float, float], ...] = (
    ("saloon", (62, 58, 56), 30.0, -7.5),
    ("hatchback", (205, 208, 210), 62.0, -8.0),
    ("van", (212, 214, 216), 104.0, -7.5),
    ("suv", (44, 40, 128), 140.0, -8.5),
    ("saloon", (150, 152, 154), 172.0, -8.0),
)

#: (body, paint, start): cars parked along the right kerb.
_PARKED: tuple[tuple[str, Colour, float], ...] = (
    ("saloon", (150, 152, 154), 11.0),
    ("suv", (70, 64, 60), 17.5),
    ("hatchback", (46, 150, 190), 25.5),
    ("hatchback", (60, 112, 62), 106.0),
    ("saloon", (204, 206, 208), 112.5),
)

#: (x, start, speed): people on the pavements; those with a negative speed come towards us.
_WALKERS: tuple[tuple[float, float, float], ...] = (
    (8.6, 13.0, 1.4),
    (9.6, 24.0, -1.3),
    (8.5, 37.0, 1.2),
    (9.4, 38.2, 1.2),
    (8.9, 56.0, -1.4),
    (8.4, 68.0, 1.3),
    (9.6, 83.0, -1.2),
    (8.5, 93.0, 1.1),
    (9.2, 112.0, -1.2),
    (-10.2, 27.0, -1.3),
    (-9.8, 46.0, 1.3),
    (-10.6, 72.0, -1.2),
    (-9.7, 97.0, 1.2),
    (-10.3, 116.0, -1.3),
)

#: What heavy traffic has beside that: (body, paint, x, start, speed) of cars in any lane, none through another.
_HEAVY: tuple[tuple[str, Colour, float, float, float], ...] = (
    ("suv", (60, 58, 62), 0.3, 27.0, 9.2),
    ("saloon", (206, 208, 210), 0.4, 35.5, 9.2),
    ("van", (40, 120, 170), 0.3, 45.0, 9.3),
    ("hatchback", (150, 60, 44), 0.35, 55.0, 9.3),
    ("hatchback", (196, 200, 202), 3.4, 22.5, 7.2),
    ("van", (208, 212, 214), 3.45, 60.5, 8.0),
    ("suv", (46, 40, 130), 3.4, 69.0, 8.0),
    ("saloon", (52, 50, 48), -3.4, 46.0, -7.7),
    ("hatchback", (64, 130, 60), -3.4, 83.0, -7.8),
    ("suv", (210, 212, 214), -3.4, 122.0, -8.0),
    ("saloon", (46, 44, 160), -3.4, 156.0, -8.2),
    ("hatchback", (90, 88, 86), -6.7, 36.0, -4.4),
    ("saloon", (170, 172, 174), -6.7, 76.0, -5.2),
    ("van", (60, 60, 64), -6.7, 124.0, -5.4),
    ("saloon", (120, 84, 46), 6.35, 34.0, 0.0),
    ("suv", (48, 46, 44), 6.35, 92.0, 0.0),
    ("hatchback", (200, 204, 206), 6.35, 119.0, 0.0),
)

#: The same of people on foot, two of whom step off the kerb's edge.
_CROWD: tuple[tuple[float, float, float], ...] = (
    (8.3, 18.0, 1.3),
    (8.9, 30.5, -1.2),
    (9.1, 44.0, 1.2),
    (8.2, 50.0, -1.3),
    (9.5, 61.0, 1.4),
    (8.4, 75.0, -1.1),
    (9.0, 87.0, 1.2),
    (7.2, 41.0, 0.0),
    (-9.5, 35.0, 1.2),
    (-10.0, 60.0, -1.4),
    (-9.6, 84.0, 1.1),
    (-8.3, 53.0, 0.0),
)

_COATS: tuple[Colour, ...] = (
    (60, 52, 48),
    (48, 60, 150),
    (120, 82, 46),
    (70, 130, 160),
    (90, 90, 94),
    (52, 46, 112),
    (150, 146, 140),
)
_TROUSERS: tuple[Colour, ...] = ((96, 66, 48), (52, 46, 44), (128, 108, 88))
_HAIR: tuple[Colour, ...] = ((26, 32, 44), (40, 64, 96), (70, 70, 74))


#: How much traffic there can be.
TRAFFIC = ("usual", "heavy")


def drive(traffic: str = "usual") -> list[Actor]:
    """Everybody, in the order of their identities; who is there in usual traffic is there in heavy traffic too."""
    cast = Cast()
    for body, paint, x, start, speed, sway in _AHEAD:
        cast.add((CAR,), car(BODIES[body], paint), x, start, speed, sway=sway)
    for body, paint, start, speed in _ONCOMING:
        cast.add((CAR,), car(BODIES[body], paint), -3.4, start, speed, turn=_TOWARDS)
    for body, paint, start in _PARKED:
        cast.add((CAR,), car(BODIES[body], paint), 6.35, start)
    cast.add((TRUCK,), truck((214, 216, 216), (150, 92, 36)), 3.45, 47.0, 7.9)
    cast.add((TRUCK,), truck((190, 196, 200), (40, 44, 160)), -6.7, 96.0, -6.0, turn=_TOWARDS)
    cast.add((BUS,), bus((206, 214, 216), (60, 60, 190)), -6.75, 52.0, -4.6, turn=_TOWARDS)
    cast.add((BUS,), bus((60, 150, 196), (206, 214, 216)), -6.8, 152.0, -5.0, turn=_TOWARDS)
    _two_wheelers(cast)
    _signs(cast)
    for number, (x, start, speed) in enumerate(_WALKERS):
        cast.add((PERSON,), _walk(number), x, start, speed, turn=0.0 if speed > 0 else _TOWARDS)
    if traffic == "heavy":
        _more(cast)
    return cast.actors


def _more(cast: Cast) -> None:
    """The cars and people on foot that make traffic heavy."""
    for body, paint, x, start, speed in _HEAVY:
        cast.add((CAR,), car(BODIES[body], paint), x, start, speed, turn=_TOWARDS if x < 0 else 0.0)
    for number, (x, start, speed) in enumerate(_CROWD, start=len(_WALKERS)):
        cast.add((PERSON,), _walk(number), x, start, speed, turn=0.0 if speed > 0 else _TOWARDS)


def _two_wheelers(cast: Cast) -> None:
    dark, light = Looks((50, 50, 54), (70, 60, 50)), Looks((150, 146, 140), (96, 66, 48), (40, 64, 96))
    red = Looks((52, 46, 150), (60, 52, 48))
    cast.add((MOTORCYCLE, PERSON), motorcycle((150, 60, 30), (40, 40, 200), dark), -0.75, 10.0, 9.0, sway=1.2)
    cast.add(
        (MOTORCYCLE, PERSON), motorcycle((40, 40, 44), (214, 214, 214), red), -3.0, 84.0, -8.0, turn=_TOWARDS
    )
    cast.add((BICYCLE, PERSON), _ride((40, 40, 160), light, 5.2), 5.9, 38.0, 4.8)
    cast.add((BICYCLE, PERSON), _ride((140, 140, 60), red, 5.0), 5.7, 62.0, 5.6)


def _signs(cast: Cast) -> None:
    for start in (48.0, 102.0):
        green = traffic_light("green", 0.0)
        cast.add((TRAFFIC_LIGHT,), traffic_light("green", -5.4), 8.2, start)
        cast.add((TRAFFIC_LIGHT,), green, 8.1, start - 1.5)
        cast.add((TRAFFIC_LIGHT,), green, -9.3, start - 1.5)
    for x, start, turn in ((8.9, 29.0, 0.25), (-9.6, 66.0, -0.2), (8.7, 76.0, 0.2)):
        cast.add((STOP_SIGN,), stop_sign(), x, start, turn=turn)


def _walk(number: int) -> Shape:
    """Somebody who takes a step of 0.7 m in half a second."""
    tall, bag = 1.62 + 0.05 * (number % 4), (40, 70, 50) if number % 4 == 1 else None
    coat, trousers = _COATS[number % len(_COATS)], _TROUSERS[number % len(_TROUSERS)]
    looks = Looks(coat, trousers, _HAIR[number % len(_HAIR)], tall=tall, bag=bag)
    return lambda seconds: walker(1.7 * number + 6.0 * seconds, looks)


def _ride(frame: Colour, looks: Looks, cadence: float) -> Shape:
    """Somebody on a bicycle; `cadence` in rad/s."""
    return lambda seconds: bicycle(-cadence * seconds, frame, looks)
