"""The lens and the sensor: what a dashcam makes of the light that reaches it."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.drawn_drive.weather import Weather

Picture = NDArray[np.float32]


@lru_cache(maxsize=4)
def bonnet(width: int, height: int, low: float, tone: float) -> tuple[Picture, Picture]:
    """The car's own bonnet along the lower edge, its rows alone: colour [rows, w, 3] and cover [rows, w, 1].

    low : its rim in the middle, as a share of the height. tone : its grey level.
    """
    x = (np.arange(width, dtype=np.float32)[None] - width * 0.48) / (width * 0.56)
    y = np.arange(int(height * low) - 2, height, dtype=np.float32)[:, None]
    rim = height * (low + 0.055 * x**2 + 0.05 * np.abs(x) ** 6)
    depth = (y - rim) / height
    cover = np.clip((y - rim) / 3.0 + 0.5, 0, 1)[..., None]
    shine = tone * (1 + 1.5 * np.exp(-((depth / 0.012) ** 2)) - 4.0 * np.clip(depth, 0, 0.15))
    shine += 26 * np.exp(-(((np.abs(x) - 0.45) / 0.03) ** 2))
    return (shine[..., None] * np.array([1.1, 1.0, 0.94])).astype(np.float32), cover.astype(np.float32)


def develop(
    picture: Picture, weather: Weather, horizon: float, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """A photograph of it [h, w, 3]: blur away from the vanishing point, glare, a darker rim, contrast, grain.

    horizon : its row as a share of the height.
    """
    height, width = picture.shape[:2]
    centre = (width / 2, horizon * height)
    zoomed = [
        cv2.warpAffine(
            picture,
            cv2.getRotationMatrix2D(centre, 0, zoom),
            (width, height),
            borderMode=cv2.BORDER_REPLICATE,
        )
        for zoom in (1.004, 0.996)
    ]
    blurred = (2 * picture + zoomed[0] + zoomed[1]) / 4
    glare = 0.25 * cv2.GaussianBlur(np.maximum(blurred - 190, 0), (0, 0), width / 80)
    if weather.lamps:
        glare += weather.lamps * cv2.GaussianBlur(np.maximum(blurred - 150, 0), (0, 0), width / 160)
    x = (np.arange(width, dtype=np.float32)[None] / width - 0.5) * 2
    y = (np.arange(height, dtype=np.float32)[:, None] / height - 0.5) * 2
    rim = 1 - 0.20 * np.clip((x**2 + 0.8 * y**2) / 1.8, 0, 1) ** 1.5
    tone = (blurred + glare) * rim[..., None] / 255
    tone = tone + 0.10 * (tone - 0.45) * (1 - np.abs(2 * np.clip(tone, 0, 1) - 1))
    grain = rng.standard_normal((height, width, 1), np.float32) * np.float32(weather.grain)
    grain = grain + rng.standard_normal(picture.shape, np.float32) * np.float32(0.3 * weather.grain)
    return np.clip(cv2.GaussianBlur(tone * 255, (0, 0), 0.55) + grain, 0, 255).astype(np.uint8)
