"""Cost of painting: `python benchmarks/render.py [--clip CLIP] [--json FILE]`, CPU milliseconds a frame, by part.

A frame of noise and objects that are drawn by rule: 19 of them at 720p, as many large as in traffic; each moves a
little in each frame. CPU time of all threads of this process, so that what others do counts little. Prints a
table; with --json, the same as a file. `--objects` and `--height` change what is painted. With --clip also the whole
render pass over that clip's first frames, and what decoding and encoding alone take of it: their ratio.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from machine import machine, write

from pipeline.render.blend import blend
from pipeline.render.label_planner import LabelPlanner
from pipeline.render.mask_edge import mask_edges
from pipeline.render.overlay import Overlay
from pipeline.render.settings import RenderSettings
from pipeline.render.yuv_colour import yuv_colour
from pipeline.structures.detections import Detections
from pipeline.structures.masks import paste_mask
from pipeline.structures.tracks import Tracks
from pipeline.structures.yuv_frame import YuvFrame
from pipeline.video.read.decode import decode_yuv
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe
from pipeline.video.settings import EncodeSettings
from pipeline.video.write.encode import encode_part
from pipeline.video.write.encoders import probe_encoder

NAMES = {1: "person", 3: "car", 8: "truck"}
#: Frames that are painted, and times they are; the fastest counts.
FRAMES, PASSES = 40, 5


def main() -> int:
    """0, when all is measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--height", type=int, default=720, help="of the frame in px, at 16:9")
    parser.add_argument("--objects", type=int, default=19)
    parser.add_argument("--clip", type=Path, help="a video: what its render pass takes")
    parser.add_argument("--json", type=Path, help="the figures as a file, too")
    wanted = parser.parse_args()
    height, width = wanted.height, wanted.height * 16 // 9
    frame, film = noise(height, width), drawn_tracks(wanted.objects, height, width)
    found = measure(frame, film)
    pixels = np.mean([boxed(tracks) for tracks in film]) / (height * width)
    print(f"{width}x{height}, {wanted.objects} objects, whose boxes are {100 * pixels:.0f} % of the picture")
    for name, spent in found.items():
        print(f"{name:52s} {spent:6.2f} CPU ms a frame")
    if wanted.clip:
        found |= (whole := passes(wanted.clip.absolute(), wanted.objects))
        for name, value in whole.items():
            print(f"{name:52s} {value:6.2f}")
    if wanted.json:
        about = {"width": width, "height": height, "objects": wanted.objects, "machine": machine()}
        write(wanted.json, {**about, "cpu_ms_a_frame": found})
    return 0


def measure(frame: YuvFrame, film: list[Tracks]) -> dict[str, float]:
    """CPU ms a frame of each part and of whole frames."""

    def whole(**settings: object) -> float:
        asked = RenderSettings(**settings)  # type: ignore[arg-type]
        planner = LabelPlanner(asked, frame.width, frame.height, NAMES)
        labels = list(planner.film((n / 25, tracks) for n, tracks in enumerate(film)))
        overlay = Overlay(asked, NAMES)
        return spent(lambda number: overlay.paint(frame, film[number], labels[number]))

    def plan(number: int) -> None:
        nonlocal state
        state, _ = planner.follow(state, [(number / 25, film[number])])

    def edges(number: int) -> None:
        found = film[number].detections
        mask_edges(found.roi_masks, found.boxes, frame.height, frame.width)

    def export(number: int) -> None:
        found = film[number].detections
        for mask, box in zip(found.roi_masks, found.boxes, strict=True):
            paste_mask(mask, box, frame.height, frame.width)

    planner = LabelPlanner(RenderSettings(), frame.width, frame.height, NAMES)
    state = planner.start()
    canvas = copied(frame)
    return {
        "the copy of the frame": spent(lambda _: copied(frame)),
        "edges of masks": spent(edges),
        "(the same masks as they are exported)": spent(export),
        "blending as much": spent(lambda number: blend_boxes(canvas, film[number])),
        "painted: masks and outlines": whole(style=("masks", "outlines")),
        "painted: labels of all": whole(style=("labels",), labels="all"),
        "painted: labels of all with scores": whole(style=("labels",), labels="all", label_scores=True),
        "painted: the default": whole(),
        "painted: everything, all named": whole(style=("masks", "outlines", "boxes", "labels"), labels="all"),
        "planning the labels, before painting": spent(plan),
    }


def passes(clip: Path, objects: int) -> dict[str, float]:
    """CPU ms a frame of rendering the clip's first frames, of decoding and encoding them alone, and their ratio."""
    info = probe(clip)
    chunk, encoder = plan(info, FRAMES)[0], probe_encoder(info, EncodeSettings())
    film, asked = drawn_tracks(objects, info.height, info.width), RenderSettings()
    planner = LabelPlanner(asked, info.width, info.height, NAMES)
    labels = list(planner.film((n / 25, tracks) for n, tracks in enumerate(film)))

    def render(painted: bool) -> float:
        overlay = Overlay(asked, NAMES)
        began = time.process_time()
        with tempfile.TemporaryDirectory() as folder:
            pictures = (
                overlay.paint_over(one.picture, film[n], labels[n]) if painted else one.picture
                for n, one in enumerate(decode_yuv(info, chunk))
            )  # fmt: skip
            encode_part(Path(folder) / "part.mp4", pictures, info, chunk, encoder)
        return 1000 * (time.process_time() - began) / len(chunk)

    turns = [(render(False), render(True)) for _ in range(PASSES)]
    alone, painted = (min(times) for times in zip(*turns, strict=True))
    return {
        "decoding and encoding alone, CPU ms a frame": alone,
        "the whole render pass, CPU ms a frame": painted,
        "ratio": painted / alone,
    }


def spent(work: Callable[[int], object]) -> float:
    """CPU ms a frame of the fastest pass."""
    passes = []
    for _ in range(PASSES):
        began = time.process_time()
        for number in range(FRAMES):
            work(number)
        passes.append(time.process_time() - began)
    return 1000 * min(passes) / FRAMES


def copied(frame: YuvFrame) -> YuvFrame:
    """A frame with planes of its own."""
    return replace(frame, y=frame.y.copy(), u=frame.u.copy(), v=frame.v.copy())


def blend_boxes(frame: YuvFrame, tracks: Tracks) -> None:
    """As many pixels blended as the objects' boxes have."""
    colour = yuv_colour((200, 90, 30), "bt709", 8, full_range=False)
    for x1, y1, x2, y2 in tracks.detections.boxes.astype(int).tolist():
        blend(frame, x1 & ~1, y1 & ~1, np.full(((y2 - y1) & ~1, (x2 - x1) & ~1), 115, np.uint8), colour)


def noise(height: int, width: int) -> YuvFrame:
    """An 8-bit 4:2:0 frame."""
    random = np.random.default_rng(1)
    shapes = ((height, width), (height // 2, width // 2), (height // 2, width // 2))
    planes = [random.integers(16, 236, shape).astype(np.uint8) for shape in shapes]
    return YuvFrame(planes[0], planes[1], planes[2], 8, False, "bt709")


def drawn_tracks(objects: int, height: int, width: int) -> list[Tracks]:
    """FRAMES frames of objects from 1/40 to a third of the picture's height, each with a mask of round corners."""
    random = np.random.default_rng(2)
    sides = np.geomspace(height / 40, height / 3, objects)
    starts = random.uniform(0, [width, height], (objects, 2)) * 0.98 - sides[:, None] * [0.5, 0.5]
    down, across = np.abs(np.mgrid[:28, :28] - 13.5)
    mask = np.rint(255 / (1 + np.exp((np.hypot(down, across) - 13) * 2))).astype(np.uint8)
    film = []
    for number in range(FRAMES):
        low = np.clip(starts + number * 0.7, 0, [width - 20, height - 20])
        high = np.minimum(low + sides[:, None] * [1.25, 1.0], [width, height])
        found = Detections(
            np.concatenate([low, high], axis=1).astype(np.float32),
            random.uniform(0.6, 1, objects).astype(np.float32),
            np.array([(1, 3, 8)[row % 3] for row in range(objects)], np.int32),
            np.repeat(mask[None], objects, axis=0),
        )
        film.append(Tracks(found, np.arange(1, objects + 1), found.class_ids, np.ones(objects, np.float32)))
    return film


def boxed(tracks: Tracks) -> float:
    """Pixels of all boxes."""
    boxes = tracks.detections.boxes
    return float(np.prod(boxes[:, 2:] - boxes[:, :2], axis=1).sum())


if __name__ == "__main__":
    cv2.setNumThreads(1)
    sys.exit(main())
