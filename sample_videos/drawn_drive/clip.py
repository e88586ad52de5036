"""Clip: the drive as a video with sound, and its truth beside it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from sample_videos.drawn_drive.actor import CATEGORIES, STOP_SIGN, TRAFFIC_LIGHT
from sample_videos.drawn_drive.clip_file import ClipFile
from sample_videos.drawn_drive.drive import drive
from sample_videos.drawn_drive.film import Film, View
from sample_videos.drawn_drive.panoptic import EVERY, PanopticFile
from sample_videos.drawn_drive.place import Place
from sample_videos.drawn_drive.sound import drive_sound
from sample_videos.drawn_drive.truth import categories, labelled
from sample_videos.drawn_drive.weather import WEATHERS

FRAMES_A_SECOND = 25


def sample_film(seed: int, weather: str, size: tuple[int, int] = (960, 540), traffic: str = "usual") -> Film:
    """The sample's drive, in that weather and traffic, on the seed's street."""
    return Film(Place(np.random.default_rng(seed)), WEATHERS[weather], View(*size), drive(traffic))


def draw_clip(
    folder: Path, seed: int, weather: str, seconds: float, size: tuple[int, int], traffic: str = "usual"
) -> tuple[Path, Path]:
    """Write drive.mp4 and drive.json.gz to a folder, and panoptic truth beside them; the first two paths come back.

    The truth is COCO's: an image a frame with its `frame_index`, an annotation an object with its `track_id`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    video, truth = folder / "drive.mp4", folder / "drive.json.gz"
    film, count = sample_film(seed, weather, size, traffic), round(seconds * FRAMES_A_SECOND)
    sound = drive_sound(count / FRAMES_A_SECOND, _passing(film), seed)
    images: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    panoptic = PanopticFile(folder)
    part = video.with_suffix(".part.mp4")
    with ClipFile(part, FRAMES_A_SECOND, size, sound) as file:
        for number in tqdm(range(count), unit="frame"):
            frame = film.frame(number / FRAMES_A_SECOND, seed * 100_000 + number)
            file.add(frame.picture)
            images.append(_record(number, size))
            labels += labelled(frame, number + 1, len(labels) + 1)
            if number % EVERY == 0:
                panoptic.add(frame, number)
    panoptic.close()
    info = {"video": video.name, "frames": count, "frame_rate": f"{FRAMES_A_SECOND}/1", "seed": seed}
    content = {"info": info | {"weather": weather}, "images": images, "annotations": labels}
    packed = json.dumps(content | {"categories": categories()}, separators=(",", ":")).encode()
    truth.write_bytes(gzip.compress(packed, mtime=0))
    part.replace(video)
    return video, truth


def _record(number: int, size: tuple[int, int]) -> dict[str, Any]:
    return {
        "id": number + 1,
        "file_name": f"drive_{number:05d}.png",
        "frame_index": number,
        "seconds": number / FRAMES_A_SECOND,
        "width": size[0],
        "height": size[1],
        "label_scope": list(CATEGORIES),
    }


def _passing(film: Film) -> list[tuple[float, float]]:
    """When each vehicle passes the camera, and on which side."""
    moments = []
    for actor in film.cast:
        nearing = film.view.speed - actor.speed
        if nearing > 0.5 and actor.categories[0] not in (TRAFFIC_LIGHT, STOP_SIGN):
            moments.append((actor.start / nearing, float(np.clip(actor.x / 4, -1, 1))))
    return moments
