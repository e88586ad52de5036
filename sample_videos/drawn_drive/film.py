"""Film: what the dashcam sees of a place and its cast at a time, with the truth beside it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import find_objects

from sample_videos.drawn_drive.actor import BICYCLE, MOTORCYCLE, PERSON, STOP_SIGN, TRAFFIC_LIGHT, Actor
from sample_videos.drawn_drive.camera import Camera
from sample_videos.drawn_drive.canvas import NOBODY, UNNAMED, Canvas, Picture
from sample_videos.drawn_drive.depth import around, far_to_near
from sample_videos.drawn_drive.lens import bonnet, develop
from sample_videos.drawn_drive.outline import without_holes
from sample_videos.drawn_drive.place import FARTHEST, Place
from sample_videos.drawn_drive.solid import Solid
from sample_videos.drawn_drive.weather import Weather

Span = tuple[slice, slice]

#: Who may be seen, each as it stands in its place.
Present = list[tuple[Actor, Solid]]

#: Everything is painted this many times larger, then averaged down: that smooths the edges.
_FINER = 2


@dataclass(frozen=True)
class View:
    """Where the dashcam sits and how it moves; shares are of the picture's width or height.

    width, height : of the picture in px, even. focal : share of the width. horizon : share of the height.
    eye : metres above the road. side : metres right of the lane's middle. bend : how the street turns, in 1/m.
    speed : of the own car, in m/s. bonnet : share of the height at which it begins; 1 shows none. tone : its grey.
    shake : strength of the camera's movements, 1 for an ordinary road.
    """

    width: int = 960
    height: int = 540
    focal: float = 0.823
    horizon: float = 0.455
    eye: float = 1.38
    side: float = 0.0
    bend: float = 0.0006
    speed: float = 9.0
    bonnet: float = 0.915
    tone: float = 58.0
    shake: float = 1.0

    def camera(self, seconds: float) -> tuple[Camera, float]:
        """The camera at a time, and how far the distant view is shifted sideways, in px."""
        width, height = self.width * _FINER, self.height * _FINER
        shake = 1.1 * np.sin(seconds * 7.3) + 0.7 * np.sin(seconds * 12.1 + 1.0) + 1.6 * np.sin(seconds * 2.2)
        turning = np.sin(seconds * 0.5 + 0.6)
        yaw = width / 192 * np.sin(seconds * 0.55)
        heading = -width / 10.7 * np.cos(seconds * 0.5 + 0.6) * np.sign(self.bend) + yaw
        horizon = self.horizon * height + self.shake * shake * height / 900
        side = self.side + 0.12 * np.sin(seconds * 0.8)
        place = (float(width / 2 + yaw), float(horizon), float(side), self.eye)
        return Camera(width, height, self.focal * width, *place, float(self.bend * turning)), float(heading)


@dataclass(frozen=True)
class Seen:
    """A labelled thing in a frame: `mask` bool [height, width] of what is seen, `hidden` the share that is not."""

    identity: int
    category: int
    mask: NDArray[np.bool_]
    hidden: float


@dataclass(frozen=True)
class Frame:
    """One frame: `picture` uint8 [height, width, 3], blue first, who is seen in it, and what of the pixels is nobody's.

    surfaces : uint8 [height, width], numbers of canvas.SURFACES.
    """

    picture: NDArray[np.uint8]
    seen: list[Seen]
    surfaces: NDArray[np.uint8]


@dataclass(frozen=True)
class Film:
    """A drive through a place: the same values give the same frames.

    place : the street. weather : its light. view : the camera. cast : who takes part, identities below 256.
    """

    place: Place
    weather: Weather
    view: View
    cast: list[Actor]

    def frame(self, seconds: float, seed: int) -> Frame:
        """What is seen at a time; the seed is that of the sensor's noise."""
        camera, heading = self.view.camera(seconds)
        travelled = self.view.speed * seconds
        present = [
            (actor, actor.at(seconds, travelled))
            for actor in self.cast
            if -8.0 < actor.distance(seconds, travelled) < FARTHEST
        ]
        backdrop = self.place.street.backdrop(camera, self.weather, heading)
        mirrored = None
        if self.weather.wet:
            mirrored = self._mirrored(backdrop, camera, travelled, present)
        self.place.street.lay(backdrop, camera, self.weather, travelled, mirrored)
        surfaces = self.place.street.surfaces(camera, heading)
        canvas = Canvas(backdrop, camera, self.weather, travelled, surfaces)
        self._paint(canvas, present, shadows=True)
        return self._exposed(canvas, present, seed)

    def _mirrored(self, backdrop: Picture, camera: Camera, travelled: float, present: Present) -> Picture:
        """What a wet road would show if it were a rough mirror."""
        rows = np.clip(2 * int(camera.horizon) - np.arange(camera.height), 0, int(camera.horizon))
        canvas = Canvas(backdrop[rows], camera.mirrored(), self.weather, travelled)
        self._paint(canvas, present, shadows=False)
        return cv2.GaussianBlur(canvas.picture, (0, 0), camera.width / 500, sigmaY=camera.height / 60)

    def _paint(self, canvas: Canvas, present: Present, *, shadows: bool) -> None:
        """Everything that stands on the road or beside it, from far to near."""

        def act(actor: Actor, thing: Solid) -> None:
            if shadows:
                small = actor.categories[0] in (PERSON, TRAFFIC_LIGHT, STOP_SIGN)
                canvas.shadow(thing, 0.45 if small else 0.72)
            canvas.solid(thing, actor.identity)

        painters = list(self.place.painters(canvas))
        for actor, thing in present:
            painters.append(around(thing, partial(act, actor, thing)))
        for painter in far_to_near(painters, canvas.camera.side):
            painter.paint()

    def _exposed(self, canvas: Canvas, present: Present, seed: int) -> Frame:
        """The frame as a camera would give it, and who is seen in it."""
        size = (self.view.width, self.view.height)
        if self.view.bonnet < 1:
            colour, cover = bonnet(*canvas.picture.shape[1::-1], self.view.bonnet, self.view.tone)
            low = canvas.picture[-len(cover) :]
            low += cover * (colour * np.array(self.weather.ambient, np.float32) - low)
            canvas.owners[-len(cover) :][cover[..., 0] > 0.5] = NOBODY
            canvas.surfaces[-len(cover) :][cover[..., 0] > 0.5] = UNNAMED
        small = cv2.resize(canvas.picture, size, interpolation=cv2.INTER_AREA)
        picture = develop(small, self.weather, self.view.horizon, np.random.default_rng(seed))
        places = find_objects(canvas.owners)
        seen = [part for actor, thing in present for part in self._seen(canvas, actor, thing, places)]
        return Frame(picture, _outlined(seen), canvas.surfaces[::_FINER, ::_FINER].copy())

    def _seen(self, canvas: Canvas, actor: Actor, thing: Solid, places: list[Span | None]) -> list[Seen]:
        """The parts of an actor that cover a pixel or more; `places` has the box of each identity's pixels."""
        parts = []
        for identity, category in enumerate(actor.categories, start=actor.identity):
            place = places[identity - 1] if identity <= len(places) else None
            if place is None:
                continue
            rows, columns = (slice(one.start // _FINER, -(-one.stop // _FINER)) for one in place)
            fine = tuple(slice(one.start * _FINER, one.stop * _FINER) for one in (rows, columns))
            whole = canvas.owners[fine] == identity
            mask = np.zeros((self.view.height, self.view.width), bool)
            mask[rows, columns] = _coarser(whole)
            if mask.any():
                extent = canvas.extent(thing, identity - actor.identity + 1)
                hidden = float(max(1 - np.count_nonzero(whole) / max(extent, 1), 0.0))
                parts.append(Seen(identity, category, mask, hidden))
        return parts


def _outlined(seen: list[Seen]) -> list[Seen]:
    """The same, two-wheelers without the holes in them; no two masks overlap."""
    if not seen:
        return seen
    free = ~np.logical_or.reduce([one.mask for one in seen])
    outlined = []
    for one in seen:
        if one.category in (BICYCLE, MOTORCYCLE):
            one = replace(one, mask=without_holes(one.mask, free))
            free &= ~one.mask
        outlined.append(one)
    return outlined


def _coarser(fine: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels that are covered by more than half; of two things with a half each the one in the first corner has it."""
    height, width = fine.shape
    corners = fine.reshape(height // _FINER, _FINER, width // _FINER, _FINER)
    count = corners.sum(axis=(1, 3)) * 2
    return (count > _FINER**2) | ((count == _FINER**2) & corners[:, 0, :, 0])
