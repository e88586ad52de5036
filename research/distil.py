"""Train a network to compute what another one of the same trunk computes, on pictures whose labels are not read.

    python -m research.distil jobs/train/dashcam-lite-6.yaml DENSE.safetensors

The settings are those of `seg-video train`, whose checkpoints and result come out; their `start` is the network that
learns. Its trunk has to be frozen: both read the teacher's.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pipeline.errors import ConfigError, SegVideoError
from pipeline.model.mask_rcnn import MaskRCNN
from pipeline.networks.checkpoint import load_checkpoint
from pipeline.run.stopping import StopSignal
from pipeline.training.progress import Bar
from pipeline.training.settings import TrainSettings, read_settings
from pipeline.training.trainer import instance_lesson, teach
from research.distillation import distillation_losses

_TRUNK = "/backbone/"


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path, metavar="CONFIG.yaml")
    parser.add_argument("teacher", type=Path, metavar="TEACHER.safetensors")
    arguments = parser.parse_args()
    bar = Bar()
    try:
        with StopSignal().listening() as signal:
            distil(arguments.config, arguments.teacher, bar, stop=lambda: signal.asked)
    except SegVideoError as error:
        sys.exit(str(error))
    finally:
        bar.close()


def distil(config: Path, teacher: Path, report: Any, stop: Any) -> Path:
    """The weights file of a finished run. Raises as `train` does, and ConfigError where the two cannot be compared."""
    settings = read_settings(config)
    if not isinstance(settings, TrainSettings) or _TRUNK not in settings.frozen:
        raise ConfigError(f"{config} does not freeze the trunk.", do=f"set frozen: [{_TRUNK}]")
    settings.output.mkdir(parents=True, exist_ok=True)
    wise = load_checkpoint(teacher)
    lesson = instance_lesson(settings, report, stop)
    _same_trunk_and_classes(lesson.model, wise, config)

    def objective(model: Any, images: Any, targets: Any, seed: Any) -> dict[str, Any]:
        del targets, seed  # no label is read, and nothing is drawn
        return distillation_losses(model, wise, images)

    return teach(settings, replace(lesson, objective=objective), report, stop)


def _same_trunk_and_classes(learner: MaskRCNN, teacher: MaskRCNN, config: Path) -> None:
    if learner.config.classes != teacher.config.classes:
        raise ConfigError(
            f"{config} is of other classes than the teacher.",
            found=f"{', '.join(learner.config.classes[1:])} and {', '.join(teacher.config.classes[1:])}",
        )
    pairs = zip(learner.backbone.weights, teacher.backbone.weights, strict=True)
    if not all(np.array_equal(one, other) for one, other in pairs):
        raise ConfigError(f"{config} starts with another trunk than the teacher's.", do="set `start`")


if __name__ == "__main__":
    main()
