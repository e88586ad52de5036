"""Four pictures of a blue sky over a grey road with a green tree, a class for every pixel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np

CLASSES = {"sky": [70, 130, 180], "road": [128, 64, 128], "tree": [0, 99, 0]}
COLOURS = np.array([[90, 150, 230], [120, 118, 121], [30, 140, 40]], np.uint8)


def write_halves(folder: Path) -> Path:
    """Write the data set into `folder`, and return it: pictures 0 to 3 of 64x96 px, and a class file."""
    for name in ("images", "labels"):
        (folder / name).mkdir(parents=True)
    for number in range(4):
        labels = np.zeros((64, 96), np.uint8)
        labels[20 + 7 * number :] = 1
        labels[14:40, 10 + 18 * number : 26 + 18 * number] = 2
        labels[-2:] = 11
        pixels = COLOURS[np.minimum(labels, 1 + (labels == 2))]
        cv2.imwrite(str(folder / "images" / f"{number}.png"), pixels[..., ::-1])
        cv2.imwrite(str(folder / "labels" / f"{number}.png"), labels)
    (folder / "classes.json").write_text(json.dumps({"classes": CLASSES, "ignored": [11]}))
    (folder / "val.txt").write_text("3\n")
    return folder


def write_network(path: Path, classes: Any = CLASSES) -> Path:
    """Write a U-Net of those classes with fresh weights, which says the same for the same picture."""
    import keras

    from pipeline.model.config import InputConfig
    from pipeline.model.semantic.config import SemanticConfig
    from pipeline.model.semantic.semantic_network import make_semantic
    from pipeline.networks.checkpoint import save_checkpoint
    from pipeline.networks.checkpoint_config import KIND, SEMANTIC
    from pipeline.structures.pixel_classes import PixelClasses

    keras.utils.set_random_seed(3)
    config = SemanticConfig(PixelClasses.of(classes), "unet", 2, InputConfig(canvas=(32, 32)))
    save_checkpoint(make_semantic(config), path, {KIND: SEMANTIC})
    return path
