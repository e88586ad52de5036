"""Four pictures of coloured shapes on a road-grey ground, written as a COCO folder."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
from pycocotools import mask as coco

#: Category ids and names; the gap in the ids is on purpose.
CATEGORIES = {1: "disc", 3: "box", 7: "wedge"}
HEIGHT, WIDTH = 128, 192

#: Category, centre and half side in px of each shape, a row a picture.
_SHAPES = (
    ((1, (46, 50), 24), (3, (138, 74), 30)),
    ((7, (60, 70), 32), (1, (150, 44), 18)),
    ((3, (40, 84), 22), (7, (128, 60), 34)),
    ((1, (96, 64), 34), (3, (30, 30), 16), (7, (164, 96), 20)),
)
_COLOURS = {1: (210, 60, 50), 3: (60, 90, 220), 7: (70, 190, 90)}


def outline(category: int, centre: tuple[int, int], half: int) -> np.ndarray:
    """Mask uint8 [HEIGHT, WIDTH] of one shape."""
    mask, (x, y) = np.zeros((HEIGHT, WIDTH), np.uint8), centre
    if category == 1:
        cv2.circle(mask, centre, half, 1, -1)
    elif category == 3:
        cv2.rectangle(mask, (x - half, y - half // 2), (x + half, y + half // 2), 1, -1)
    else:
        corners = np.array([(x, y - half), (x + half, y + half), (x - half, y + half)])
        cv2.fillPoly(mask, [corners], 1)
    return mask


def write_shapes(folder: Path) -> Path:
    """Write the pictures and their annotations into `folder`, and return it."""
    random = np.random.default_rng(0)
    (folder / "images").mkdir(parents=True)
    images, annotations = [], []
    for picture, shapes in enumerate(_SHAPES, start=1):
        pixels = random.integers(95, 125, (HEIGHT, WIDTH, 3)).astype(np.uint8)
        for category, centre, half in shapes:
            mask = outline(category, centre, half)
            pixels[mask > 0] = _COLOURS[category]
            runs = coco.encode(np.asfortranarray(mask))
            annotations.append(
                {
                    "id": len(annotations) + 1, "image_id": picture, "category_id": category, "iscrowd": 0,
                    "bbox": coco.toBbox(runs).tolist(), "area": float(coco.area(runs)),
                    "segmentation": {"size": runs["size"], "counts": runs["counts"].decode()},
                }
            )  # fmt: skip
        cv2.imwrite(str(folder / "images" / f"{picture}.png"), pixels[..., ::-1])
        images.append({"id": picture, "file_name": f"{picture}.png", "height": HEIGHT, "width": WIDTH})
    categories = [{"id": one, "name": name} for one, name in CATEGORIES.items()]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "annotations.json").write_text(json.dumps(content))
    return folder
