"""Photometry: the same scene by another camera, hour and compression."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray


def random_photometry(
    pixels: NDArray[np.uint8], strength: float, random: np.random.Generator
) -> NDArray[np.uint8]:
    """The picture uint8 RGB [H, W, 3] under other light, colours, focus and compression.

    strength : 0 changes nothing; 1 is meant for training a network that should not learn the camera.
    """
    if strength <= 0.0:
        return pixels
    pixels = _tone(pixels, strength, random)
    if random.random() < 0.5 * strength:
        pixels = _colour(pixels, strength, random)
    if random.random() < 0.08 * strength:
        pixels = _fog(pixels, random)
    if random.random() < 0.25 * strength:
        pixels = _blur(pixels, random)
    if random.random() < 0.25 * strength:
        pixels = _noise(pixels, random)
    if random.random() < 0.3 * strength:
        pixels = _compress(pixels, random)
    return pixels


def _tone(pixels: NDArray[np.uint8], strength: float, random: np.random.Generator) -> NDArray[np.uint8]:
    """Another exposure, contrast, gamma and white balance, as one table a channel."""
    gamma = np.exp(random.uniform(-0.5, 0.5) * strength)
    if random.random() < 0.1 * strength:
        gamma *= random.uniform(1.3, 2.2)  # dusk
    contrast = np.exp(random.uniform(-0.35, 0.35) * strength)
    brightness = random.uniform(-0.12, 0.12) * strength
    balance = np.exp(random.normal(0.0, 0.06 * strength, 3))
    values = (np.arange(256) / 255.0) ** gamma
    table = ((values - 0.5) * contrast + 0.5 + brightness)[:, None] * balance
    table = np.clip(np.round(table * 255.0), 0, 255).astype(np.uint8)
    return cv2.LUT(pixels, table.reshape(1, 256, 3)).astype(np.uint8)


def _colour(pixels: NDArray[np.uint8], strength: float, random: np.random.Generator) -> NDArray[np.uint8]:
    """Another saturation, from grey to gaudy, and a slight turn of the hues."""
    saturation = 0.0 if random.random() < 0.15 else float(np.exp(random.uniform(-0.7, 0.5) * strength))
    if random.random() < 0.5:
        hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
        hsv[..., 0] = (hsv[..., 0].astype(np.int16) + int(random.integers(-9, 10))) % 180
        pixels = cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB).astype(np.uint8)
    grey = cv2.cvtColor(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    return cv2.addWeighted(pixels, saturation, grey, 1.0 - saturation, 0.0).astype(np.uint8)


def _fog(pixels: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """A veil, denser towards the top of the picture."""
    height = pixels.shape[0]
    dense = random.uniform(0.2, 0.65)
    veil = np.interp(np.arange(height), [0, 0.45 * height, height], [dense, dense, 0.3 * dense])
    veil = veil[:, None, None].astype(np.float32)
    grey = np.float32(random.uniform(150, 225))
    return (pixels * (1.0 - veil) + grey * veil).astype(np.uint8)


def _blur(pixels: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """Motion along a line, or a lens out of focus."""
    if random.random() < 0.5:
        sigma = random.uniform(0.4, 1.4)
        return cv2.GaussianBlur(pixels, (0, 0), sigma).astype(np.uint8)
    length = int(random.integers(3, 10))
    kernel = np.zeros((length, length), np.float32)
    angle = random.normal(0.0, 0.35)
    offset = np.array([np.cos(angle), np.sin(angle)]) * (length - 1) / 2
    middle = (length - 1) / 2
    start, end = np.round(middle - offset).astype(int), np.round(middle + offset).astype(int)
    cv2.line(kernel, start.tolist(), end.tolist(), 1.0)
    return cv2.filter2D(pixels, -1, kernel / kernel.sum()).astype(np.uint8)


def _noise(pixels: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """A sensor's noise; drawn once for a quarter of the height and rolled, as drawing is the dear part."""
    height, width = pixels.shape[:2]
    rows = -(-height // 4)
    noise = random.normal(0.0, random.uniform(2.0, 12.0), (rows, width, 3)).astype(np.float32)
    tiles = [np.roll(noise, int(random.integers(width)), axis=1) for _ in range(4)]
    return np.clip(pixels + np.concatenate(tiles)[:height], 0, 255).astype(np.uint8)


def _compress(pixels: NDArray[np.uint8], random: np.random.Generator) -> NDArray[np.uint8]:
    """JPEG's blocks and ringing, at times of a picture that was smaller before."""
    height, width = pixels.shape[:2]
    if random.random() < 0.4:
        share = random.uniform(0.5, 0.9)
        smaller = (int(width * share), int(height * share))
        pixels = cv2.resize(pixels, smaller, interpolation=cv2.INTER_AREA).astype(np.uint8)
    quality = int(random.integers(25, 80))
    _, data = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    decoded = cv2.imdecode(data, cv2.IMREAD_COLOR)
    assert decoded is not None  # it was encoded a line ago
    return cv2.resize(decoded, (width, height), interpolation=cv2.INTER_LINEAR).astype(np.uint8)
