"""Training pictures: moments of many streets, each with its own traffic, weather and camera."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from sample_videos.drawn_drive.actor import CATEGORIES
from sample_videos.drawn_drive.film import Film, View
from sample_videos.drawn_drive.place import Place
from sample_videos.drawn_drive.traffic import traffic
from sample_videos.drawn_drive.truth import categories, labelled
from sample_videos.drawn_drive.weather import WEATHERS

#: A street takes a second to build, so it is used for some pictures.
_A_STREET = 8

#: How often each weather comes.
_SHARES = {"sun": 0.45, "overcast": 0.25, "wet": 0.15, "night": 0.15}


def draw_pictures(count: int, folder: Path, seed: int, size: tuple[int, int]) -> None:
    """Write `count` pictures and their annotations to a folder that `pipeline.training` can read.

    images/drawn_SEED_NUMBER.jpg and annotations.json.gz; `scene` names the street, so that a split can go by it.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    images: list[dict[str, Any]] = []
    labels: list[dict[str, Any]] = []
    place = None
    for number in tqdm(range(count), unit="picture"):
        street = number // _A_STREET
        if place is None or number % _A_STREET == 0:
            place = Place(np.random.default_rng([seed, street]))
        rng = np.random.default_rng([seed, street, number])
        weather = WEATHERS[str(rng.choice(list(_SHARES), p=list(_SHARES.values())))].varied(rng)
        frame = Film(place, weather, _any_view(rng, size), traffic(rng)).frame(0.0, seed=number)
        name = f"drawn_{seed}_{number:05d}.jpg"
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 96))]
        if not cv2.imwrite(str(folder / "images" / name), frame.picture, quality):
            raise OSError(f"{folder / 'images' / name} could not be written")
        images.append(_record(number + 1, name, size, f"drawn_{seed}_{street}", weather.name))
        labels += labelled(frame, number + 1, len(labels) + 1)
    content = {"images": images, "annotations": labels, "categories": categories()}
    packed = gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0)
    (folder / "annotations.json.gz").write_bytes(packed)


def _record(key: int, name: str, size: tuple[int, int], scene: str, weather: str) -> dict[str, Any]:
    return {
        "id": key,
        "file_name": name,
        "width": size[0],
        "height": size[1],
        "source": "drawn",
        "view": "driver",
        "scene": scene,
        "weather": weather,
        "label_scope": list(CATEGORIES),
    }


def _any_view(rng: np.random.Generator, size: tuple[int, int]) -> View:
    """A dashcam somewhere behind a windscreen, in one of the two lanes that go its way."""
    return View(
        *size,
        focal=rng.uniform(0.6, 1.15),
        horizon=rng.uniform(0.36, 0.54),
        eye=rng.uniform(1.15, 2.1),
        side=rng.choice([0.0, 0.0, 3.4]) + rng.uniform(-0.4, 0.4),
        bend=rng.normal(0, 0.0012),
        bonnet=rng.choice([rng.uniform(0.84, 0.98), 1.0]),
        tone=rng.uniform(20, 150),
        shake=rng.uniform(0, 10),
    )
