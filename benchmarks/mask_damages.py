"""Damage to what was painted, for verify_damage.py: masks and labels, told from the source by the difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
from damage_scene import TIMEOUT_SECONDS, Damage, Scene
from numpy.typing import NDArray

from tests.made_by_ffmpeg import from_file, run_ffmpeg, to_file

Plane = NDArray[np.uint8]
Planes = tuple[Plane, ...]
#: From the planes of the source, those of the output and the frame's number to other planes.
Change = Callable[[Planes, Planes, int], Planes]

#: Levels that paint differs by, and pixels of the smallest thing that counts as painted.
_PAINT, _LEAST_AREA = 6, 20


def frames_of(path: Path) -> Iterator[tuple[int, Fraction, Planes]]:
    """pts, time base, and the planes of each frame in 4:2:0 with 8 bit."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            whole = frame.reformat(format="yuv420p").to_ndarray()
            height, half = frame.height, (frame.height // 2, frame.width // 2)
            rest = whole[height:].reshape(2, *half)
            assert frame.pts is not None
            assert frame.time_base is not None
            yield frame.pts, frame.time_base, (whole[:height].copy(), rest[0].copy(), rest[1].copy())


def repainted(change: Change) -> Damage:
    """The pictures changed, encoded anew and finely; everything else copied."""

    def do(scene: Scene, path: Path) -> None:
        pictures = path.with_name("pictures.mp4")
        before = [planes for *_, planes in frames_of(scene.source)]
        with (
            av.open(str(scene.made)) as made,
            av.open(str(pictures), "w", options={"video_track_timescale": str(scene.ticks)}) as container,
        ):
            old = made.streams.video[0]
            fine = {"crf": "16", "preset": "veryfast", "bf": "2"}
            stream: Any = container.add_stream("libx264", rate=old.average_rate, options=fine)
            stream.width, stream.height, stream.pix_fmt = scene.width, scene.height, "yuv420p"
            for name in ("colorspace", "color_primaries", "color_trc", "color_range"):
                setattr(stream.codec_context, name, getattr(old.codec_context, name))
            stream.codec_context.time_base = stream.time_base = Fraction(1, scene.ticks)
            for number, (pts, time_base, planes) in enumerate(frames_of(scene.made)):
                y, u, v = change(before[number], planes, number)
                whole = np.concatenate([y, u.reshape(-1, scene.width), v.reshape(-1, scene.width)])
                frame = av.VideoFrame.from_ndarray(whole, format="yuv420p")
                frame.pts, frame.time_base = pts, time_base
                container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
            name = old.metadata.get("handler_name", "")
        first, rest = from_file(pictures), from_file(scene.made)
        tags = {**scene.kept, "metadata:s:v:0": f"handler_name={name}"}
        output = to_file(
            path, first["v"], *(rest[kind] for kind in scene.streams if kind != "v"), c="copy",
            map_metadata=1, map_chapters=1, video_track_timescale=scene.ticks, **tags,
        )  # fmt: skip
        run_ffmpeg(output, timeout_seconds=TIMEOUT_SECONDS)
        pictures.unlink()

    return do


def as_painted(source: Planes, planes: Planes, number: int) -> Planes:
    """No change."""
    del source, number
    return planes


def _paint(source: Planes, planes: Planes) -> Plane:
    """1 where something was painted."""
    size = source[0].shape[::-1]
    apart = [cv2.absdiff(one, other) for one, other in zip(source, planes, strict=True)]
    whole = np.max([cv2.resize(each, size, interpolation=cv2.INTER_NEAREST) for each in apart], axis=0)
    return cv2.morphologyEx((whole > _PAINT).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3)))


def _things(paint: Plane) -> list[Plane]:
    """Each connected place of paint, the largest first."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(paint)
    numbers = sorted(range(1, count), key=lambda number: -stats[number][4])
    found = [(labels == number).astype(np.uint8) for number in numbers if stats[number][4] > _LEAST_AREA]
    return found or [np.zeros_like(paint)]


def _laid(below: Planes, above: Planes, where: Plane) -> Planes:
    """One picture where `where` says so, else the other."""
    masks = (where.astype(bool), *[where[::2, ::2].astype(bool)] * 2)
    return tuple(np.where(mask, top, low) for mask, low, top in zip(masks, below, above, strict=True))


def _wide(where: Plane, px: int) -> Plane:
    return cv2.dilate(where, np.ones((2 * px + 1,) * 2))


def away(which: int) -> Change:
    """The nth largest thing that is painted is not, or the last."""

    def do(source: Planes, planes: Planes, number: int) -> Planes:
        things = _things(_paint(source, planes))
        return _laid(planes, source, _wide(things[min(which, len(things) - 1)], 2))

    return do


def moved(right: int, down: int) -> Change:
    """All paint is so many px aside."""

    def do(source: Planes, planes: Planes, number: int) -> Planes:
        paint = _wide(_paint(source, planes), 1)
        steps = ((down, right), *[(down // 2, right // 2)] * 2)
        aside = tuple(np.roll(plane, step, (0, 1)) for plane, step in zip(planes, steps, strict=True))
        return _laid(_laid(planes, source, paint), aside, np.roll(paint, (down, right), (0, 1)))

    return do


def recoloured(blue: int, red: int) -> Change:
    """The largest thing has another colour."""

    def do(source: Planes, planes: Planes, number: int) -> Planes:
        y, u, v = planes
        other = (y, cv2.add(u, float(blue)), cv2.add(v, float(red)))  # type: ignore[call-overload]
        return _laid(planes, other, _things(_paint(source, planes))[0])

    return do


def stronger(factor: float) -> Change:
    """Paint covers more or less of what is below."""

    def do(source: Planes, planes: Planes, number: int) -> Planes:
        mixed = [
            np.clip(low + factor * (top.astype(np.float64) - low), 0, 255).astype(np.uint8)
            for low, top in zip(source, planes, strict=True)
        ]
        return _laid(planes, tuple(mixed), _paint(source, planes))

    return do


def smaller(px: int) -> Change:
    """The largest thing ends so many px before its edge."""

    def do(source: Planes, planes: Planes, number: int) -> Planes:
        thing = _things(_paint(source, planes))[0]
        return _laid(planes, source, _wide(thing, 2) - cv2.erode(thing, np.ones((2 * px + 1,) * 2)))

    return do


def without_outlines(source: Planes, planes: Planes, number: int) -> Planes:
    """The edge of all paint is the source's."""
    paint = _paint(source, planes)
    return _laid(planes, source, paint - cv2.erode(paint, np.ones((5, 5))))


def on_label(what: str) -> Change:
    """The first dark plate with a text on it: mirrored, its first half twice, empty, or gone."""

    def do(source: Planes, planes: Planes, number: int) -> Planes:
        dark = cv2.morphologyEx((planes[0] < 45).astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 7)))
        changed = cv2.absdiff(source[0], planes[0]) > 25
        for plate in _things(dark):
            left, top, wide, high = cv2.boundingRect(plate)
            if not (wide > 1.5 * high and 4 < high < 20 and changed[plate > 0].mean() > 0.3):
                continue
            if what == "gone":
                return _laid(planes, source, _wide(plate, 1))
            rows, text = slice(top, top + high), planes[0][top : top + high, left : left + wide]
            luma = planes[0].copy()
            half = np.concatenate([text[:, : wide // 2], text[:, : wide - wide // 2]], axis=1)
            luma[rows, left : left + wide] = {"mirrored": text[:, ::-1], "half": half, "empty": 30}[what]
            return (luma, *planes[1:])
        return planes

    return do


def in_one_frame(change: Change, at: int = 9) -> Change:
    """The change in a single frame."""
    return lambda source, planes, number: change(source, planes, number) if number == at else planes


FAMILIES: dict[str, dict[str, Damage]] = {
    "masks and labels": {
        "the largest mask away": repainted(away(0)),
        "the second mask away": repainted(away(1)),
        "the largest mask away in one frame": repainted(in_one_frame(away(0))),
        "masks 2 px to the right": repainted(moved(2, 0)),
        "masks 8 px to the right": repainted(moved(8, 0)),
        "masks 2 px lower in one frame": repainted(in_one_frame(moved(0, 2))),
        "a mask of another colour": repainted(recoloured(20, -20)),
        "a mask of a slightly other colour": repainted(recoloured(6, -6)),
        "a mask of another colour in one frame": repainted(in_one_frame(recoloured(20, -20))),
        "masks half as strong": repainted(stronger(0.5)),
        "masks a fifth weaker": repainted(stronger(0.8)),
        "masks stronger": repainted(stronger(1.3)),
        "a mask 2 px smaller": repainted(smaller(2)),
        "a mask 4 px smaller": repainted(smaller(4)),
        "outlines away": repainted(without_outlines),
        "a label mirrored": repainted(on_label("mirrored")),
        "another text on a label": repainted(on_label("half")),
        "an empty label": repainted(on_label("empty")),
        "a label away": repainted(on_label("gone")),
    }
}

#: No damage: the pictures encoded anew.
CONTROLS: dict[str, Damage] = {"none: pictures encoded anew": repainted(as_painted)}
