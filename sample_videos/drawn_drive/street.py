"""What lies under everything else: sky, hills, road, kerbs, pavements and grass."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.drawn_drive.camera import Camera
from sample_videos.drawn_drive.canvas import PAVEMENT, ROAD, SKY, UNNAMED
from sample_videos.drawn_drive.weather import Weather

Picture = NDArray[np.float32]
Where = NDArray[np.bool_]

#: Lateral places in m, counted from the middle of the camera's lane; lanes are 3.4 m wide.
KERBS = (-8.7, 7.4)
PAVEMENTS = (-12.0, 10.8)
#: Where the grass begins behind them.
GRASS = (-14.8, 13.6)

#: Heights of the ridges of hills, far and near.
_TALL = (85, 46)

_SIZE = 1024  # px of the grain's square; a power of two, so that indices wrap by a mask
_ASPHALT = np.array([1.02, 1.0, 0.985], np.float32)


def cloud(rng: np.random.Generator, height: int, width: int, octaves: int) -> Picture:
    """Smooth noise in 0..1 that repeats sideways."""
    total = np.zeros((height, width), np.float32)
    for octave in range(octaves):
        cells = 4 << octave
        coarse = rng.random((max(cells * height // width, 2), cells)).astype(np.float32)
        wide = np.concatenate([coarse, coarse, coarse], axis=1)
        fine = cv2.resize(wide, (3 * width, height), interpolation=cv2.INTER_CUBIC)[:, width : 2 * width]
        total += fine * 0.55**octave
    low, high = total.min(), total.max()
    return (total - low) / (high - low)


class Street:
    """The ground and the sky, the same for every frame but for the way travelled.

    tone : grey level of the asphalt under the sun.
    """

    def __init__(self, rng: np.random.Generator, tone: float = 104.0) -> None:
        self._tone = tone
        self._grain = cloud(rng, _SIZE, _SIZE, 8)
        fine = cv2.GaussianBlur(rng.random((_SIZE, _SIZE)).astype(np.float32), (0, 0), 0.9)
        self._fine = (fine - fine.mean()) / fine.std() * 0.12
        self._sky = cloud(rng, 700, 2800, 6)
        self._ridge = [cloud(rng, 8, 4096, octaves)[4] for octaves in (4, 6)]

    def backdrop(self, camera: Camera, weather: Weather, heading: float) -> Picture:
        """Sky and hills over the whole picture; `heading` in px that the far view is shifted."""
        picture = np.empty((camera.height, camera.width, 3), np.float32)
        rows = int(camera.horizon) + 3
        up = np.clip(1 - np.arange(rows, dtype=np.float32)[:, None, None] / camera.horizon, 0, 1)
        base = _bgr(weather.rim) * (1 - up) + _bgr(weather.zenith) * up
        shift = np.array([[1, 0, -400 + heading * 0.3], [0, 1, 0]], np.float32)
        seen = (camera.width, rows)
        clouds = cv2.warpAffine(self._sky, shift, seen, borderMode=cv2.BORDER_REFLECT)[..., None]
        cover = np.clip((clouds - 0.82 + 0.8 * weather.cloud) * 2.4, 0, 1) * (0.35 + 0.65 * up)
        picture[:rows] = base + cover * ((0.86 + 0.14 * clouds) * _bgr(weather.white) - base)
        picture[rows:] = weather.haze
        self._paint_hills(picture[:rows], camera, weather, int(heading))
        return picture

    def _paint_hills(self, sky: Picture, camera: Camera, weather: Weather, heading: int) -> None:
        columns = np.arange(camera.width) - heading
        for ridge, tall, tint in zip(self._ridge, _TALL, ((186, 178, 158), (132, 150, 128)), strict=True):
            line = _line(ridge, tall, camera, heading)
            rows = np.arange(max(int(camera.horizon - line.max()) - 2, 0), len(sky))
            depth = rows[:, None].astype(np.float32) - camera.horizon + line
            shade = 0.9 + 0.2 * self._grain[rows[:, None] % _SIZE, columns[None] % _SIZE]
            hill = shade[..., None] * (_bgr(tint) * _bgr(weather.ambient))
            sky[rows[0] :] += np.clip(depth / 1.5, 0, 1)[..., None] * (hill - sky[rows[0] :])

    def surfaces(self, camera: Camera, heading: float) -> NDArray[np.uint8]:
        """Number of SURFACES of each pixel of backdrop and ground; hills and grass are UNNAMED."""
        found = np.full((camera.height, camera.width), UNNAMED, np.uint8)
        lines = [
            _line(ridge, tall, camera, int(heading)) for ridge, tall in zip(self._ridge, _TALL, strict=True)
        ]
        rows = np.arange(camera.height, dtype=np.float32)[:, None]
        found[rows < camera.horizon - np.maximum(*lines)] = SKY
        x, _, first = camera.ground()
        ground = found[first:]
        ground[(x > GRASS[0]) & (x < GRASS[1])] = PAVEMENT
        ground[(x > KERBS[0]) & (x < KERBS[1])] = ROAD
        return found

    def lay(
        self, picture: Picture, camera: Camera, weather: Weather, travelled: float, mirrored: Picture | None
    ) -> None:
        """Paint the ground into the picture; `mirrored` is what a wet road shows of the world above it."""
        x, z, first = camera.ground()
        along = z + np.float32(travelled)
        colours = self._ground(x, z, along, camera)
        light = np.array(weather.ambient, np.float32)
        if weather.lamps:
            light = light + weather.lamplight(x, np.zeros_like(x), z, travelled).astype(np.float32)
        colours = colours * light
        if mirrored is not None:
            puddles = 0.55 + 0.9 * (self._noise(x, along, 5.0) - 0.4)
            share = weather.wet * np.clip(0.10 + z / 45.0, 0.10, 0.62) * np.clip(puddles, 0.12, 1.0)
            colours *= 1 - 0.38 * weather.wet
            colours += share[..., None] * (mirrored[first:] - colours)
        picture[first:] = weather.hazed(colours, z[..., None])

    def _ground(self, x: Picture, z: Picture, along: Picture, camera: Camera) -> Picture:
        """Colours of the ground: each strip by its distance from the lane's middle."""
        rough, fine = self._noise(x, along, 14.0) - 0.5, self._speck(x, along) * np.clip(14.0 / z, 0.0, 1.0)
        tracks = np.exp(-(((np.abs((x + 1.7) % 3.4 - 1.7)) - 0.75) ** 2) / 0.06)
        asphalt = self._tone + 16 * rough + 40 * fine - 7 * tracks
        colours = asphalt[..., None] * _ASPHALT
        edge = 1.2 * z / camera.focal  # metres that a pixel spans sideways
        joints = np.minimum(np.abs((along % 0.8) - 0.4) * 2 / 0.8, 1) ** 0.1 + 0 * x

        def paving(where: Where) -> Picture:
            grey = (150 + 20 * rough[where] + 34 * fine[where]) * joints[where]
            return grey[:, None] * _bgr((0.95, 0.99, 1.0))

        def grass(where: Where) -> Picture:
            return (0.93 + 0.42 * rough[where] + 0.6 * fine[where])[:, None] * _bgr((62, 118, 96))

        for left, right, surface in ((*KERBS, paving), (*GRASS, grass)):
            _cover(colours, np.maximum(_beyond(x, right, edge), _beyond(-x, -left, edge)), surface)
        for kerb in KERBS:
            _cover(colours, _strip(x, kerb, 0.16, edge), lambda where: _bgr((178, 180, 180)))
            gutter = 0.5 * _strip(x, kerb - np.sign(kerb) * 0.2, 0.3, edge)
            _cover(colours, gutter, lambda where: _bgr((70, 70, 70)))
        self._mark(colours, x, along, rough, edge)
        return colours

    def _mark(self, colours: Picture, x: Picture, along: Picture, rough: Picture, edge: Picture) -> None:
        """White paint: dashes between lanes that go the same way, two lines between those that do not."""

        def white(where: Where) -> Picture:
            return _bgr((209, 213, 213)) - 26 * rough[where][:, None]

        blur = np.maximum(edge * edge * 300.0, 0.02)
        dash = np.clip((1.5 - np.abs(along % 9.0 - 4.5)) / blur + 0.5, 0, 1)
        share = np.clip(3 / blur, 0.33, 1)
        dash = dash * share + (1 - share) * 0.33
        for place in (1.7, -5.1):
            _cover(colours, _strip(x, place, 0.14, edge) * dash * 0.92, white)
        for place in (-1.60, -1.86, 5.3):
            _cover(colours, _strip(x, place, 0.13, edge) * 0.92, white)

    def _noise(self, x: Picture, along: Picture, scale: float) -> Picture:
        """The grain in 0..1, `scale` px a metre; its seams lie 36 m aside."""
        rows = np.floor((x + 36.0) * scale).astype(np.int32) & (_SIZE - 1)
        return self._grain[rows, np.floor(along * scale * 0.5).astype(np.int32) & (_SIZE - 1)]

    def _speck(self, x: Picture, along: Picture) -> Picture:
        """The stones of the asphalt, about 0."""
        rows = np.floor(x * 130).astype(np.int32) & (_SIZE - 1)
        return self._fine[rows, np.floor(along * 60).astype(np.int32) & (_SIZE - 1)]


def _line(ridge: Picture, tall: int, camera: Camera, heading: int) -> Picture:
    """Height of a ridge over the horizon in px, for each column."""
    columns = np.arange(camera.width) - heading
    return ridge[(columns + 1200) % len(ridge)] * np.float32(tall * camera.focal / 1600)


def _beyond(x: Picture, limit: float, edge: Picture) -> Picture:
    return np.clip((x - limit) / edge + 0.5, 0, 1)


def _strip(x: Picture, middle: float, width: float, edge: Picture) -> Picture:
    """Share of each pixel that a line of that width covers; thinner than a pixel, it grows pale, not ragged."""
    cover = np.clip((width / 2 - np.abs(x - middle)) / edge + 0.5, 0, 1)
    return cover * np.minimum(width / edge, 1)


def _cover(colours: Picture, share: Picture, surface: Callable[[Where], Picture]) -> None:
    """Paint over that share of each pixel; most strips are narrow, so their surface is made only where they are."""
    where = share > 0
    colours[where] += share[where][:, None] * (surface(where) - colours[where])


def _bgr(colour: tuple[float, float, float]) -> Picture:
    return np.array(colour, np.float32)
