"""What lies under everything else: sky, hills, road, kerbs, pavements and grass."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.drawn_drive.camera import Camera
from sample_videos.drawn_drive.weather import Weather

Picture = NDArray[np.float32]

#: Lateral places in m, counted from the middle of the camera's lane; lanes are 3.4 m wide.
LANES = (-6.8, -3.4, 0.0, 3.4)
KERBS = (-8.7, 7.4)
PAVEMENTS = (-12.0, 10.8)

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
        base = np.array(weather.rim) * (1 - up) + np.array(weather.zenith) * up
        shift = np.array([[1, 0, -400 + heading * 0.3], [0, 1, 0]], np.float32)
        clouds = cv2.warpAffine(self._sky, shift, (camera.width, rows), borderMode=cv2.BORDER_REFLECT)[
            ..., None
        ]
        cover = np.clip((clouds - 0.82 + 0.8 * weather.cloud) * 2.4, 0, 1) * (0.35 + 0.65 * up)
        picture[:rows] = base * (1 - cover) + np.array(weather.white) * cover * (0.86 + 0.14 * clouds)
        picture[rows:] = weather.haze
        columns = np.arange(camera.width)
        ambient = np.array(weather.ambient)
        for ridge, tall, tint in zip(self._ridge, (85, 46), ((186, 178, 158), (132, 150, 128)), strict=True):
            line = ridge[(columns - int(heading) + 1200) % len(ridge)] * tall * camera.focal / 1600
            depth = np.arange(rows)[:, None] - (camera.horizon - line[None])
            cover = np.clip(depth / 1.5, 0, 1)[..., None]
            shade = (
                0.9
                + 0.2 * self._grain[np.arange(rows)[:, None] % _SIZE, (columns[None] - int(heading)) % _SIZE]
            )
            picture[:rows] += cover * (np.array(tint) * ambient * shade[..., None] - picture[:rows])
        return picture

    def lay(
        self, picture: Picture, camera: Camera, weather: Weather, travelled: float, mirrored: Picture | None
    ) -> None:
        """Paint the ground into the picture; `mirrored` is what a wet road shows of the world above it."""
        x, z, first = camera.ground()
        along = z + np.float32(travelled)
        colours = self._ground(x, z, along, camera)
        light = np.array(weather.ambient, np.float32)
        if weather.lamps:
            light = light + weather.lamplight(x, np.zeros_like(x), z + 0 * x, travelled).astype(np.float32)
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
        joints = np.minimum(np.abs((along % 0.8) - 0.4) * 2 / 0.8, 1) ** 0.1
        paving = ((150 + 20 * rough + 34 * fine) * joints)[..., None] * np.array([0.95, 0.99, 1.0])
        grass = np.array([62, 118, 96]) * (0.93 + 0.42 * rough + 0.6 * fine)[..., None]
        for left, right, paint in ((KERBS[0], KERBS[1], paving), (-14.8, 13.6, grass)):
            colours = _cover(colours, np.maximum(_beyond(x, right, edge), _beyond(-x, -left, edge)), paint)
        for kerb in KERBS:
            colours = _cover(colours, _strip(x, kerb, 0.16, edge), np.array([178, 180, 180]))
            colours = _cover(
                colours, 0.5 * _strip(x, kerb - np.sign(kerb) * 0.2, 0.3, edge), np.array([70, 70, 70])
            )
        return self._marks(colours, x, along, rough, edge)

    def _marks(self, colours: Picture, x: Picture, along: Picture, rough: Picture, edge: Picture) -> Picture:
        """White paint: dashes between lanes that go the same way, two lines between those that do not."""
        white = np.array([209, 213, 213]) - 26 * rough[..., None]
        blur = np.maximum(edge * edge * 300.0, 0.02)
        dash = np.clip((1.5 - np.abs(along % 9.0 - 4.5)) / blur + 0.5, 0, 1)
        share = np.clip(3 / blur, 0.33, 1)
        dash = dash * share + (1 - share) * 0.33
        for place in (1.7, -5.1):
            colours = _cover(colours, _strip(x, place, 0.14, edge) * dash * 0.92, white)
        for place in (-1.60, -1.86, 5.3):
            colours = _cover(colours, _strip(x, place, 0.13, edge) * 0.92, white)
        return colours

    def _noise(self, x: Picture, along: Picture, scale: float) -> Picture:
        """The grain in 0..1, `scale` px a metre; its seams lie 36 m aside."""
        rows = np.floor((x + 36.0) * scale).astype(np.int32) & (_SIZE - 1)
        return self._grain[rows, np.floor(along * scale * 0.5).astype(np.int32) & (_SIZE - 1)]

    def _speck(self, x: Picture, along: Picture) -> Picture:
        """The stones of the asphalt, about 0."""
        rows = np.floor(x * 130).astype(np.int32) & (_SIZE - 1)
        return self._fine[rows, np.floor(along * 60).astype(np.int32) & (_SIZE - 1)]


def _beyond(x: Picture, limit: float, edge: Picture) -> Picture:
    return np.clip((x - limit) / edge + 0.5, 0, 1)


def _strip(x: Picture, middle: float, width: float, edge: Picture) -> Picture:
    """Share of each pixel that a line of that width covers; thinner than a pixel, it grows pale, not ragged."""
    cover = np.clip((width / 2 - np.abs(x - middle)) / edge + 0.5, 0, 1)
    return cover * np.minimum(width / edge, 1)


def _cover(colours: Picture, share: Picture, paint: NDArray[np.float64] | Picture) -> Picture:
    """The colours with that share of each painted over; most strips are narrow, so only they are touched."""
    touched = share > 0
    over = (paint if paint.ndim == 1 else paint[touched]).astype(np.float32)
    colours[touched] += share[touched][:, None].astype(np.float32) * (over - colours[touched])
    return colours
