"""Weather: the light of the sun, the sky and the lamps, and the air between."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Tint = tuple[float, float, float]  # blue, green, red

#: Street lamps stand this far apart along the street, in m, on either side in turn.
LAMP_SPACING = 26.0

_LAMP_TINT = np.array([0.66, 0.86, 1.0])


@dataclass(frozen=True)
class Weather:
    """How the street is lit. Colours are blue, green, red; 255 is white.

    name : what the command line calls it. sun : unit vector towards the sun; y is up, z ahead.
    sunlight, skylight : strength of each, 1 on a sunny day. ambient : what flat scenery is multiplied by.
    zenith, rim : the sky overhead and at the horizon. cloud : how much of the sky is cloudy, 0..1. white : its colour.
    haze : colour of the far air. reach : distance at which 63 % of a colour is haze, in m.
    wet : how much the road mirrors, 0..1. lamps : strength of headlights, street lamps and windows, 0..1.
    grain : the sensor's noise, in grey levels.
    """

    name: str
    sun: tuple[float, float, float]
    sunlight: float
    skylight: float
    ambient: Tint
    zenith: Tint
    rim: Tint
    cloud: float
    white: Tint
    haze: Tint
    reach: float
    wet: float = 0.0
    lamps: float = 0.0
    grain: float = 2.0

    def light(self, points: Array, normals: Array) -> Array:
        """What a surface [N, 3] at those points receives of the sun and the sky, [N, 3]."""
        sun = self.sunlight * np.maximum(normals @ np.array(self.sun), 0.0)
        sky = self.skylight * (0.48 + 0.18 * normals[:, 1])
        return np.outer(sun, [0.62, 0.70, 0.76]) + np.outer(sky, [1.06, 1.0, 0.95])

    def lamplight(self, x: Array, y: Array, z: Array, travelled: float) -> Array:
        """What the car's own headlights and the street lamps add at points of those coordinates, [..., 3]."""
        beam = np.exp(-z / 26.0 - (x / (1.8 + 0.30 * z)) ** 2)
        beam = 1.3 * beam * (0.2 + 0.8 / (1 + np.exp((y - 1.0) / 0.25)))
        beside = (z + travelled) % LAMP_SPACING - LAMP_SPACING / 2
        pool = 0.62 * np.exp(-((beside / 8.0) ** 2) - ((np.abs(x + 0.6) - 7.0) / 6.5) ** 2)
        return self.lamps * (beam + pool)[..., None] * _LAMP_TINT

    def hazed(self, colours: Array, distance: Array) -> NDArray[np.float32]:
        """Colours as the air between makes them paler; `distance` in m, it stretches to the colours."""
        share = (1 - np.exp(-distance / self.reach)).astype(np.float32)
        far = np.array(self.haze, np.float32)
        return (colours + (far - colours) * share).astype(np.float32)

    def varied(self, rng: np.random.Generator) -> Weather:
        """The same kind of weather on another day and at another hour."""
        azimuth, height = rng.uniform(0, 2 * np.pi), rng.uniform(0.45, 0.92)
        flat = np.sqrt(1 - height**2)
        gain = rng.uniform(0.82, 1.12)
        ambient = tuple(gain * level * rng.uniform(0.96, 1.04) for level in self.ambient)
        return replace(
            self,
            sun=(flat * np.sin(azimuth), height, flat * np.cos(azimuth)),
            sunlight=self.sunlight * gain,
            skylight=self.skylight * gain,
            ambient=ambient,  # type: ignore[arg-type]
            cloud=float(np.clip(self.cloud + rng.uniform(-0.3, 0.3), 0, 1)),
            reach=self.reach * rng.uniform(0.5, 1.3),
            grain=self.grain * rng.uniform(0.5, 2.0),
        )


_OVERHEAD = (-0.45, 0.72, -0.53)

WEATHERS = {
    weather.name: weather
    for weather in (
        Weather(
            "sun", _OVERHEAD, 1.0, 1.0, (1, 1, 1), (214, 166, 118), (232, 222, 210), 0.5, (244, 240, 236),
            (226, 216, 206), 420.0,
        ),
        Weather(
            "overcast", _OVERHEAD, 0.08, 1.34, (0.84, 0.82, 0.80), (196, 192, 188), (222, 220, 217), 0.9,
            (206, 203, 200), (210, 207, 204), 300.0, grain=2.4,
        ),
        Weather(
            "wet", _OVERHEAD, 0.05, 1.26, (0.78, 0.76, 0.74), (170, 166, 162), (206, 203, 200), 0.95,
            (188, 185, 182), (192, 189, 186), 200.0, wet=1.0, lamps=0.3, grain=2.8,
        ),
        Weather(
            "night", _OVERHEAD, 0.0, 0.14, (0.13, 0.105, 0.095), (18, 11, 8), (42, 32, 27), 0.6, (40, 33, 30),
            (34, 27, 24), 300.0, wet=0.25, lamps=1.0, grain=3.4,
        ),
    )
}  # fmt: skip
