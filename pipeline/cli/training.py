"""The train command."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pipeline.cli.command import Command
from pipeline.cli.required import require_extra
from pipeline.cli.say import say


def _add_train_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "config", type=Path, metavar="CONFIG.yaml", help="settings, described in docs/training.md"
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="show no progress")


def _train(arguments: argparse.Namespace) -> int:
    from pipeline.run.stopping import StopSignal
    from pipeline.training.progress import Bar
    from pipeline.training.quiet import quiet_tensorflow
    from pipeline.training.settings import read_settings

    settings = read_settings(arguments.config)
    # Now rather than at the first checkpoint, where the losses are drawn.
    require_extra("training")
    with quiet_tensorflow():  # only now, as it takes seconds to load
        from pipeline.training.trainer import train

    bar = Bar()
    try:
        with StopSignal().listening() as signal:
            weights = train(settings, (lambda _: None) if arguments.quiet else bar, stop=lambda: signal.asked)
    finally:
        bar.close()
    say(f"weights: {_from_here(weights)} ({weights.stat().st_size / 1e6:.1f} MB)")
    say(f"use them: seg-video in.mp4 out.mp4 --model {_from_here(weights)}")
    return 0


def _from_here(path: Path) -> str:
    """The path as one would type it here."""
    relative = os.path.relpath(path)
    return str(path.resolve()) if relative.startswith("..") else relative


TRAINING_COMMANDS = (
    Command(
        "train",
        "train weights on labelled pictures, or continue a training",
        _add_train_arguments,
        _train,
        examples=("seg-video train jobs/train/own-data.yaml",),
    ),
)
