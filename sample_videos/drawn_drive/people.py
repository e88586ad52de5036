"""People on foot, feet at the origin, facing +z; and the limbs that riders have too."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sample_videos.drawn_drive.solid import Array, Colour, Point, Solid, block, join, limb

SHOES: Colour = (30, 32, 36)


@dataclass(frozen=True)
class Looks:
    """How somebody looks; the colours are blue, green, red.

    coat, trousers, hair, skin : colours. tall : in m. bag : the colour of a rucksack, or None.
    """

    coat: Colour
    trousers: Colour
    hair: Colour = (26, 32, 44)
    skin: Colour = (135, 165, 205)
    tall: float = 1.74
    bag: Colour | None = None


def walker(phase: float, looks: Looks) -> Solid:
    """A person in mid-stride; `phase` in rad goes round once in two steps."""
    swing = 0.42 * np.sin(phase)
    body = [(0, 0.82, 0), (0, 1.05, 0), (0, 1.35, 0.01), (0, 1.47, 0)]
    parts = [
        limb(body, (0.17, 0.175, 0.215, 0.09), looks.coat, flat=0.66),
        *head((0, 1.50, 0.02), looks, looks.hair),
    ]
    for side in (-1, 1):
        parts += _leg(side, side * swing, looks)
        parts += _arm(side, -side * swing, looks)
    if looks.bag is not None:
        parts.append(block((-0.15, 1.0, -0.26), (0.15, 1.42, -0.1), looks.bag, cuts=4))
    return join(parts).scaled(looks.tall / 1.74)


def head(chin: Point, looks: Looks, top: Colour, *, gloss: float = 0.0) -> list[Solid]:
    """Neck, face and what is on it: hair, or a helmet where `top` is one's colour."""
    x, y, z = chin
    neck = limb([(x, y - 0.06, z - 0.02), (x, y + 0.04, z - 0.01)], (0.06, 0.055), looks.skin)
    face = limb(
        [(x, y, z), (x, y + 0.05, z), (x, y + 0.16, z), (x, y + 0.23, z - 0.01)],
        (0.04, 0.085, 0.095, 0.03),
        looks.skin,
    )
    crown = [
        (x, y + 0.09, z - 0.05),
        (x, y + 0.17, z - 0.03),
        (x, y + 0.22, z - 0.03),
        (x, y + 0.26, z - 0.03),
    ]
    radii = np.array([0.09, 0.105, 0.085, 0.03])
    if gloss:  # a helmet is wider than hair, and reaches lower
        crown[0] = (x, y + 0.04, z - 0.04)
        radii = radii + 0.03
    return [neck, face, limb(crown, radii.tolist(), top, gloss=gloss)]


def bent(start: Point, end: Point, upper: float, lower: float, towards: Point) -> Array:
    """Joints [3, 3] of a limb of two bones that reaches from `start` to `end`, its middle bent `towards`."""
    a, b = np.array(start, float), np.array(end, float)
    along = b - a
    reach = min(float(np.linalg.norm(along)), 0.999 * (upper + lower))
    along /= np.linalg.norm(along)
    share = (upper**2 - lower**2 + reach**2) / (2 * reach)
    aside = np.array(towards, float) - np.dot(towards, along) * along
    aside /= np.linalg.norm(aside) + 1e-9
    middle = a + share * along + np.sqrt(max(upper**2 - share**2, 0.0)) * aside
    return np.stack([a, middle, a + reach * along])


def _leg(side: int, swing: float, looks: Looks) -> list[Solid]:
    x, hip = side * 0.095, 0.88
    knee = (x, hip - 0.43 * np.cos(swing), 0.43 * np.sin(swing) + 0.03)
    bend = swing - 0.35 * max(0.0, -swing) - 0.05
    ankle = (x, knee[1] - 0.40 * np.cos(bend), knee[2] + 0.40 * np.sin(bend))
    toe = (x, max(ankle[1] - 0.04, 0.03), ankle[2] + 0.17)
    return [
        limb([(x, hip + 0.03, 0), knee, ankle], (0.10, 0.075, 0.055), looks.trousers),
        limb([(x, toe[1] + 0.02, ankle[2] - 0.06), toe], (0.05, 0.04), SHOES),
    ]


def _arm(side: int, swing: float, looks: Looks) -> list[Solid]:
    shoulder = (side * 0.20, 1.41, 0.0)
    elbow = (side * 0.25, 1.41 - 0.29 * np.cos(swing), 0.29 * np.sin(swing) * 0.9)
    hand = (side * 0.24, elbow[1] - 0.25 * np.cos(swing + 0.35), elbow[2] + 0.25 * np.sin(swing + 0.35))
    return [
        limb([shoulder, elbow, hand], (0.065, 0.055, 0.045), looks.coat),
        limb([hand, (hand[0], hand[1] - 0.08, hand[2] + 0.02)], (0.04, 0.03), looks.skin),
    ]
