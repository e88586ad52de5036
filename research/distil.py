"""Train a network to compute what another one of the same heads computes.

Labels are read with --labels alone.

    python -m research.distil jobs/train/dashcam-lite-6.yaml DENSE.safetensors [--labels SHARE [--no-masks]]

The settings are those of `seg-video train`, whose checkpoints and result come out; their `start` is the network that
learns. Where it has the teacher's trunk, freeze that: nothing can come nearer.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, SegVideoError
from pipeline.model.config import MaskRCNNConfig
from pipeline.networks.checkpoint import load_checkpoint
from pipeline.run.stopping import StopSignal
from pipeline.training.progress import Bar
from pipeline.training.settings import TrainSettings, read_settings
from pipeline.training.trainer import instance_lesson, teach
from research.distillation import distillation_losses, taught_losses
from research.trunks.presets import register_trunks


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", type=Path, metavar="CONFIG.yaml")
    parser.add_argument("teacher", type=Path, metavar="TEACHER.safetensors")
    parser.add_argument(
        "--labels",
        type=float,
        metavar="SHARE",
        help="learn labels, and what the teacher says weighed by SHARE",
    )
    parser.add_argument(
        "--no-masks", action="store_true", help="leave the mask head to research.train_masks; with --labels"
    )
    arguments = parser.parse_args()
    register_trunks()
    if arguments.no_masks and arguments.labels is None:
        parser.error("--no-masks goes with --labels")
    taught = Taught(arguments.labels, not arguments.no_masks)
    bar = Bar()
    try:
        with StopSignal().listening() as signal:
            distil(arguments.config, arguments.teacher, taught, bar, stop=lambda: signal.asked)
    except SegVideoError as error:
        sys.exit(str(error))
    finally:
        bar.close()


@dataclass(frozen=True)
class Taught:
    """What is learnt: labels, and what the teacher says weighed by `share`, with masks or without.

    share : None: no label is read, and all that the teacher computes is learnt.
    """

    share: float | None
    masks: bool = True


def distil(config: Path, teacher: Path, taught: Taught, report: Any, stop: Any) -> Path:
    """The weights file of a finished run. Raises as `train` does, and ConfigError where the two cannot be compared."""
    settings = read_settings(config)
    if not isinstance(settings, TrainSettings):
        raise ConfigError(f"{config} is not of a network that finds objects.", found=f"task: {settings.task}")
    settings.output.mkdir(parents=True, exist_ok=True)
    wise = load_checkpoint(teacher)
    lesson = instance_lesson(settings, report, stop)
    check_comparable(lesson.model.config, wise.config, config)

    def objective(model: Any, images: Any, targets: Any, seed: Any) -> dict[str, Any]:
        if taught.share is not None:
            return taught_losses(model, wise, images, targets, seed, taught.share, taught.masks)
        del targets, seed  # no label is read, and nothing is drawn
        return distillation_losses(model, wise, images)

    return teach(settings, replace(lesson, objective=objective), report, stop)


def check_comparable(learner: MaskRCNNConfig, teacher: MaskRCNNConfig, config: Path) -> None:
    """Raise ConfigError unless both have the same classes and are given the same numbers for a picture."""
    if learner.classes != teacher.classes:
        raise ConfigError(
            f"{config} is of other classes than the teacher.",
            found=f"{', '.join(learner.classes[1:])} and {', '.join(teacher.classes[1:])}",
        )
    # Both are given the crops that are learnt from; how large a whole picture is to each is another matter.
    if replace(learner.input, canvas=teacher.input.canvas) != teacher.input:
        raise ConfigError(
            f"{config} is of a network that sees pictures otherwise than the teacher does.",
            found=f"{learner.input} and {teacher.input}",
        )


if __name__ == "__main__":
    main()
