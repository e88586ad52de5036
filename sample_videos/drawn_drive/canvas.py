"""Canvas: the picture and, pixel by pixel, whose it is; painted from far to near."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from sample_videos.drawn_drive.camera import NEAR, Camera
from sample_videos.drawn_drive.solid import Array, Solid
from sample_videos.drawn_drive.weather import Weather

#: Pixels of nobody that is labelled.
NOBODY = 0

Picture = NDArray[np.float32]

#: What a pixel of nobody is of, by number: names as CamVid has them, and 0 for what has none of these.
SURFACES = ("", "sky", "building", "pole", "road", "pavement", "tree")
UNNAMED, SKY, BUILDING, POLE, ROAD, PAVEMENT, TREE = range(len(SURFACES))

_SHIFT = 4  # fractional bits of OpenCV's fixed-point corners


class Canvas:
    """What is painted: `picture` float32 [height, width, 3], `owners` and `surfaces` uint8 [height, width].

    camera : through which it is seen. weather : how it is lit. travelled : way of the camera so far, in m.
    surfaces : number of SURFACES of each pixel of the picture; None: nobody asks.
    """

    def __init__(
        self,
        picture: Picture,
        camera: Camera,
        weather: Weather,
        travelled: float,
        surfaces: NDArray[np.uint8] | None = None,
    ) -> None:
        self.picture = picture
        self.camera = camera
        self.weather = weather
        self.travelled = travelled
        self.owners = np.full(picture.shape[:2], NOBODY, np.uint8)
        self.surfaces = np.zeros(picture.shape[:2], np.uint8) if surfaces is None else surfaces

    def solid(self, thing: Solid, first: int) -> None:
        """Paint a thing's patches that face the camera; its part k belongs to the identity `first` + k - 1."""
        thing, centre = self._facing(thing)
        distance = np.linalg.norm(centre - self.camera.place, axis=1)
        order = np.lexsort((-distance, thing.layers))
        colours = self.weather.hazed(self._lit(thing, centre), distance[:, None])
        corners = self._fixed(thing)
        owners = np.where(thing.parts > 0, first + thing.parts - 1, NOBODY).astype(int)
        for index in order:
            cv2.fillConvexPoly(self.picture, corners[index], colours[index].tolist(), cv2.LINE_8, _SHIFT)
            cv2.fillConvexPoly(self.owners, corners[index], int(owners[index]), cv2.LINE_8, _SHIFT)
            cv2.fillConvexPoly(self.surfaces, corners[index], POLE, cv2.LINE_8, _SHIFT)

    def extent(self, thing: Solid, part: int) -> int:
        """Pixels of the frame that a part would cover if nothing stood before it."""
        thing, _ = self._facing(thing)
        corners = self._fixed(thing)[thing.parts == part]
        if not len(corners):
            return 0
        low = np.maximum(corners.min(axis=(0, 1)) >> _SHIFT, 0)
        high = np.minimum((corners.max(axis=(0, 1)) >> _SHIFT) + 2, [self.camera.width, self.camera.height])
        if (high <= low).any():
            return 0
        cover = np.zeros((high - low)[::-1], np.uint8)
        for patch in corners - (low << _SHIFT).astype(np.int32):
            cv2.fillConvexPoly(cover, patch, 1, cv2.LINE_8, _SHIFT)
        return int(np.count_nonzero(cover))

    def _facing(self, thing: Solid) -> tuple[Solid, Array]:
        """The patches that are seen from the camera and lie before it, and their middles."""
        centre = thing.corners.mean(axis=1)
        seen = np.sum(thing.normals * (self.camera.place - centre), axis=1) > 0
        seen &= thing.corners[:, :, 2].min(axis=1) > NEAR
        return thing.only(seen), centre[seen]

    def _fixed(self, thing: Solid) -> NDArray[np.int32]:
        return np.round(self.camera.project(thing.corners) * (1 << _SHIFT)).astype(np.int32)

    def _lit(self, thing: Solid, centre: Array) -> Array:
        """Colour of each patch: what it scatters, what it mirrors and what it shines."""
        weather, normals = self.weather, thing.normals
        view = centre - self.camera.place
        view = view / (np.linalg.norm(view, axis=1, keepdims=True) + 1e-9)
        facing = np.sum(view * normals, axis=1, keepdims=True)
        light = weather.light(centre, normals)
        if weather.lamps:
            lamps = weather.lamplight(*centre.T, self.travelled)
            light = light + lamps * (0.35 + 0.65 * np.abs(facing))
        bounced = view - 2 * facing * normals
        share = thing.gloss[:, None] * (1 + 2.5 * (1 - np.abs(facing)) ** 4)
        shine = np.maximum(bounced @ np.array(weather.sun), 0)[:, None] ** 60 * (thing.gloss[:, None] > 0.1)
        scattered = thing.colours * light * (1 - 0.5 * share) + 140 * weather.sunlight * shine
        glow = thing.glow[:, None] * max(weather.lamps, 0.12)
        mirrored = self._surroundings(bounced) * np.minimum(share, 0.9)
        return np.clip(scattered + mirrored + 1.25 * glow * thing.colours, 0, 300)

    def _surroundings(self, direction: Array) -> Array:
        """What is seen in a mirror in that direction: sky, a dark line of houses, road."""
        up = direction[:, 1:2]
        high = np.maximum(up, 0)
        sky = np.array(self.weather.rim) * (1 - high) + np.array(self.weather.zenith) * high
        above, below = np.clip((up - 0.04) / 0.16, 0, 1), np.clip((-up - 0.02) / 0.2, 0, 1)
        ambient = np.array(self.weather.ambient)
        return (
            np.array([78.0, 84.0, 84.0]) * ambient * (1 - above) * (1 - below)
            + sky * above
            + 92 * ambient * below
        )

    def shadow(self, thing: Solid, depth: float) -> None:
        """Darken the road where a thing keeps the sun and the sky away."""
        points = thing.corners.reshape(-1, 3)
        points = points[points[:, 2] > NEAR]
        if len(points) < 3:
            return
        sun = np.array(self.weather.sun)
        cast = points - sun / sun[1] * points[:, 1:2]
        cast = cast[cast[:, 2] > NEAR]
        under = points[points[:, 1] < 0.9] * [1.0, 0.0, 1.0]
        shares = (0.55 * depth * min(self.weather.sunlight, 1.0), depth * (0.75 if self.weather.wet else 1.0))
        for spots, share, blur in zip((cast, under), shares, (0.06, 0.16), strict=True):
            if share > 0.01 and len(spots) > 2:
                self._darken(
                    cv2.convexHull(self.camera.project(spots).astype(np.float32)), share, blur, points
                )

    def _darken(self, hull: Picture, share: float, blur: float, points: Array) -> None:
        """Multiply the picture inside a soft-edged outline; `blur` is its edge in m."""
        radius = min(blur * self.camera.focal / max(points[:, 2].mean(), 2.0), 60.0)
        x, y, w, h = cv2.boundingRect(hull)
        margin = int(3 * radius) + 2
        left, top = max(x - margin, 0), max(y - margin, 0)
        right, bottom = min(x + w + margin, self.camera.width), min(y + h + margin, self.camera.height)
        if right <= left or bottom <= top:
            return
        mask = np.zeros((bottom - top, right - left), np.float32)
        cv2.fillConvexPoly(mask, np.round(hull - [left, top]).astype(np.int32), 1.0)
        mask = cv2.GaussianBlur(mask, (0, 0), max(radius, 0.6))
        self.picture[top:bottom, left:right] *= 1 - share * mask[..., None]

    def sprite(self, image: Picture, x: float, z: float, width: float, height: float, surface: int) -> None:
        """Stand a flat picture [h, w, 5] (blue, green, red, glow, cover) on the road, facing the camera."""
        if z < NEAR:
            return
        points = np.array([[x - width / 2, height, z], [x + width / 2, height, z], [x + width / 2, 0, z]])
        self._hang(image, np.vstack([points, [[x - width / 2, 0, z]]]), surface)

    def wall(self, image: Picture, low: Array, high: Array) -> None:
        """Put a picture [h, w, 5] onto an upright rectangle between a bottom and a top corner, cut off near by."""
        low, high = low.copy(), high.copy()
        if high[2] <= 3.0:
            return
        if low[2] < 3.0:
            kept = (high[2] - 3.0) / (high[2] - low[2])
            image = image[:, int(image.shape[1] * (1 - kept)) :]
            low[0] += (high[0] - low[0]) * (1 - kept)
            low[2] = 3.0
        self._hang(image, np.array([[low[0], high[1], low[2]], high, [high[0], 0, high[2]], low]), BUILDING)

    def _hang(self, image: Picture, points: Array, surface: int) -> None:
        """Warp a picture onto an upright rectangle [4, 3] (clockwise from the top left), light it, blend it in."""
        target = self.camera.project(points)
        left, top = np.maximum(np.floor(target.min(axis=0)), 0).astype(int)
        right, bottom = np.minimum(
            np.ceil(target.max(axis=0)), [self.camera.width, self.camera.height]
        ).astype(int)
        if right - left < 1 or bottom - top < 1:
            return
        span = target.max(axis=0) - target.min(axis=0)
        while (
            image.shape[1] > 2 * span[0] + 2 and image.shape[0] > 2 * span[1] + 2 and min(image.shape[:2]) > 8
        ):
            image = cv2.resize(image, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
        colours = self.weather.hazed(self._flat_light(image, points), np.linalg.norm(points.mean(axis=0)))
        h, w = image.shape[:2]
        source = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float32)
        matrix = cv2.getPerspectiveTransform(source, (target - [left, top]).astype(np.float32))
        cover = image[..., 4:]
        ready = np.dstack([colours * cover, cover])  # premultiplied: no dark rims where the cover ends
        warped = cv2.warpPerspective(ready, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)
        patch, alpha = self.picture[top:bottom, left:right], warped[..., 3:]
        patch *= 1 - alpha
        patch += warped[..., :3]
        self.owners[top:bottom, left:right][alpha[..., 0] > 0.5] = NOBODY
        self.surfaces[top:bottom, left:right][alpha[..., 0] > 0.5] = surface

    def _flat_light(self, image: Picture, points: Array) -> Array:
        """The picture's colours under the weather's light; a coarse grid of lamplight is stretched over it."""
        light = np.array(self.weather.ambient, np.float32)
        if not self.weather.lamps:
            return image[..., :3] * light
        u, v = np.linspace(0, 1, 16)[None, :, None], np.linspace(0, 1, 8)[:, None, None]
        grid = (1 - v) * ((1 - u) * points[0] + u * points[1]) + v * ((1 - u) * points[3] + u * points[2])
        lamps = self.weather.lamplight(*np.moveaxis(grid, -1, 0), self.travelled).astype(np.float32)
        light = light + 0.55 * cv2.resize(lamps, image.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        return image[..., :3] * (light + self.weather.lamps * image[..., 3:4])
