"""Train the mask head alone, on labelled objects' own boxes: what is found, and where, stays as it is.

    python -m research.train_masks jobs/train/dashcam-lite-7b.yaml

The settings are those of `seg-video train`, whose checkpoints and result come out; everything but the mask head has
to be frozen. Each object's box is moved a little, as the network's own boxes are a little off.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
from keras import ops

from pipeline.errors import ConfigError, SegVideoError
from pipeline.model.learning.objective import network_inputs, region_mask_loss
from pipeline.model.learning.targets import Targets
from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.model.rows import best_rows, take_rows
from pipeline.run.stopping import StopSignal
from pipeline.training.progress import Bar
from pipeline.training.settings import TrainSettings, read_settings
from pipeline.training.trainer import instance_lesson, teach

_OTHERS = {"/backbone/", "/fpn/", "/rpn/", "/box_head/"}
#: Objects of a picture that are looked at, drawn anew each time.
_OBJECTS = 16
#: Standard deviation and limit of what a box's edge is moved by, as shares of the box's side.
_DEVIATION, _MOST = 0.08, 0.25


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path, metavar="CONFIG.yaml")
    arguments = parser.parse_args()
    bar = Bar()
    try:
        with StopSignal().listening() as signal:
            train_masks(arguments.config, bar, stop=lambda: signal.asked)
    except SegVideoError as error:
        sys.exit(str(error))
    finally:
        bar.close()


def train_masks(config: Path, report: Any, stop: Any) -> Path:
    """The weights file of a finished run. Raises as `train` does, and ConfigError where more than masks would move."""
    settings = read_settings(config)
    if not isinstance(settings, TrainSettings) or not set(settings.frozen) >= _OTHERS:
        raise ConfigError(
            f"{config} does not freeze all but the mask head.",
            do=f"set frozen: [{', '.join(sorted(_OTHERS))}]",
        )
    settings.output.mkdir(parents=True, exist_ok=True)
    lesson = instance_lesson(settings, report, stop)
    return teach(settings, replace(lesson, objective=mask_losses), report, stop)


def mask_losses(
    model: MaskRCNN, images: Any, targets: Targets, seed: keras.random.SeedGenerator
) -> dict[str, Any]:
    """The mask loss, as `loss`, of a batch as `training_losses` has it, with features as the network finds with."""
    images, _ = network_inputs(model, images)
    features = [ops.stop_gradient(level) for level in model.features(images)]
    index, positive = drawn_objects(targets, seed)
    regions = moved(take_rows(targets.boxes, index), seed)
    kinds = ops.maximum(take_rows(targets.class_index, index), 0)
    logits = model.masks(images, features, regions, kinds, training=True)
    return {"loss": region_mask_loss(logits, regions, index, positive, targets)}


def drawn_objects(targets: Targets, seed: keras.random.SeedGenerator) -> tuple[Any, Any]:
    """Rows int32 [B, S] of objects with a mask, of one class for certain, and whether there is one, bool [B, S]."""
    certain = ops.sum(ops.cast(targets.members, "int32"), axis=-1) == 1
    there = ops.logical_and(
        ops.logical_and(targets.class_index > 0, ops.convert_to_tensor(targets.has_mask)), certain
    )
    luck = keras.random.uniform(there.shape, seed=seed)
    _, index, positive = best_rows(luck, there, min(_OBJECTS, int(there.shape[1])))
    return index, positive


def moved(boxes: Any, seed: keras.random.SeedGenerator) -> Any:
    """The boxes [B, S, 4] with each edge moved by some of the box's side."""
    sides = ops.tile(boxes[..., 2:] - boxes[..., :2], (1, 1, 2))
    by = keras.random.normal(boxes.shape, stddev=_DEVIATION, seed=seed)
    return boxes + ops.clip(by, -_MOST, _MOST) * sides


if __name__ == "__main__":
    main()
