"""The lesson of a semantic network: its folder of pictures, its loss, and its figures on held-out pictures."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import keras
import numpy as np

from pipeline.errors import ConfigError, InputError
from pipeline.labels.confusion import Confusion
from pipeline.labels.pixel_folder import PixelEntry, load_pixels, read_pixel_classes, read_pixel_entries
from pipeline.model.config import InputConfig
from pipeline.model.semantic.config import SemanticConfig
from pipeline.model.semantic.objective import PixelTargets, pixel_losses
from pipeline.model.semantic.semantic_network import SemanticNetwork, make_semantic
from pipeline.networks.checkpoint_config import KIND, SEMANTIC
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.training.batches import Variety
from pipeline.training.lesson import Lesson
from pipeline.training.placement import centred_placement, placed_labels, placed_pixels
from pipeline.training.progress import Progress, Report
from pipeline.training.semantic.batches import PixelBatchMaker, class_weights
from pipeline.training.semantic.settings import SemanticSettings
from pipeline.training.semantic.start import pyramid_of, take_over


def semantic_lesson(settings: SemanticSettings, report: Report) -> Lesson:
    """The network of these settings, and what it is to learn. Raises InputError, ConfigError."""
    classes = _classes(settings)
    held_out = [] if settings.validation is None else read_pixel_entries(settings.data, settings.validation)
    names = {entry.name for entry in held_out}
    shown = [one for one in read_pixel_entries(settings.data, settings.train) if one.name not in names]
    if not shown:
        raise InputError(f"No picture of {settings.data} is left to train on.", do="hold out fewer of them")
    pyramid = {}
    if settings.network == "panoptic_fpn" and settings.start is not None:
        pyramid = pyramid_of(settings.start)
    config = SemanticConfig(
        classes, settings.network, settings.width, InputConfig(canvas=settings.full_canvas), **pyramid
    )
    variety = Variety(
        settings.canvas or settings.full_canvas, settings.full_canvas, settings.scales, settings.flip,
        settings.photometry,
    )  # fmt: skip
    weights = class_weights(shown, classes, settings.balance, dict(settings.class_weights))
    keras.utils.set_random_seed(settings.seed)
    model = make_semantic(config, settings.precision)
    if settings.start is not None:
        report(Progress(message=f"start: {take_over(model, settings.start)}"))

    def objective(network: Any, images: Any, targets: PixelTargets, seed: Any) -> dict[str, Any]:
        del seed  # nothing in it is drawn
        return pixel_losses(network, images, targets, weights)

    measured = held_out[:: max(-(-len(held_out) // settings.measured), 1)]
    return Lesson(
        model,
        objective,
        PixelBatchMaker(shown, classes, variety, settings.batch, settings.seed),
        {KIND: SEMANTIC},
        partial(_figures, model, measured, settings.batch) if measured else None,
    )


def _classes(settings: SemanticSettings) -> PixelClasses:
    own = read_pixel_classes(settings.data)
    try:
        classes = PixelClasses.of(settings.classes, settings.ignored) if settings.classes else own
    except ValueError as fault:
        raise ConfigError("classes and ignored do not go together.", found=str(fault)) from fault
    if classes is None:
        raise ConfigError(
            f"{settings.data} does not say which classes its labels are of.",
            do="name them under `classes`, each with its colour: `road: [128, 64, 128]`",
        )
    unknown = sorted(settings.class_weights.keys() - set(classes.names))
    if unknown:
        raise ConfigError(
            f"class_weights names {unknown[0]}, which is no class.",
            do=f"choose from {', '.join(classes.names)}",
        )
    return classes


def _figures(model: SemanticNetwork, entries: Sequence[PixelEntry], batch: int) -> dict[str, float]:
    """Mean IoU and pixel accuracy on whole pictures, at the size in which the network sees them."""
    canvas, classes = model.config.input.canvas, model.config.classes
    total = Confusion.none(len(classes))
    for start in range(0, len(entries), batch):
        pairs = [load_pixels(one, len(classes), classes.ignored) for one in entries[start : start + batch]]
        frames = [centred_placement((pixels.shape[0], pixels.shape[1]), canvas) for pixels, _ in pairs]
        images = [placed_pixels(pixels, frame) for (pixels, _), frame in zip(pairs, frames, strict=True)]
        images += [images[-1]] * (batch - len(images))  # one shape, one program
        found = keras.ops.convert_to_numpy(model(np.stack(images))["probabilities"]).argmax(axis=-1)
        for (_, labels), frame, ours in zip(pairs, frames, found, strict=False):
            total += Confusion.of(placed_labels(labels, frame), ours.astype(np.uint8), len(classes))
    return {"mean_iou": total.mean_iou or 0.0, "pixel_accuracy": total.accuracy or 0.0}
