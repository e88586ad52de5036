"""Sound: the engine, the tyres and whoever passes, as the dashcam's two microphones hear them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Wave = NDArray[np.float32]

RATE = 48_000


def drive_sound(seconds: float, passing: Sequence[tuple[float, float]], seed: int) -> Wave:
    """The drive's sound [2, samples], left and right, -1..1 at 48 kHz.

    passing : when somebody passes, in s, and on which side, -1 left to 1 right.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    both = 0.10 * _engine(time) + 0.06 * _noise(rng, len(time), 40, 600, 1.0)
    left, right = both.copy(), both.copy()
    for moment, side in passing:
        loud = 0.10 * np.exp(-(((time - moment) / 0.45) ** 2)) * _noise(rng, len(time), 150, 2500, 0.5)
        left += loud * (1 - side) / 2
        right += loud * (1 + side) / 2
    return np.clip(np.stack([left, right]), -1, 1).astype(np.float32)


def _engine(time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Four cylinders at about 1900 revolutions a minute: harmonics of half the firing rate, peak near 1."""
    rate = 31.7 * (1 + 0.02 * np.sin(0.9 * time) + 0.004 * np.sin(11.0 * time))
    phase = 2 * np.pi * np.cumsum(rate) / RATE
    strengths = {1: 0.25, 2: 1.0, 3: 0.18, 4: 0.55, 6: 0.3, 8: 0.16, 12: 0.06}
    tone = sum(strength * np.sin(order * phase + order) for order, strength in strengths.items())
    return np.asarray(tone / sum(strengths.values()))


def _noise(rng: np.random.Generator, count: int, low: float, high: float, fall: float) -> NDArray[np.float64]:
    """Noise between two frequencies in Hz, falling as 1 / f**fall in amplitude; root mean square 1."""
    spectrum = rng.normal(size=count // 2 + 1) + 1j * rng.normal(size=count // 2 + 1)
    frequency = np.fft.rfftfreq(count, 1 / RATE)
    inside = (frequency >= low) & (frequency <= high)
    spectrum *= np.where(inside, np.maximum(frequency, low) ** -fall, 0.0)
    wave = np.fft.irfft(spectrum, count)
    return np.asarray(wave / wave.std())
