"""The backbones that were compared: what each finds after the same short training, and what a frame of it costs.

    python benchmarks/backbones.py [--folder research/compare] [--sequences erfurt,cologne] [--rounds 40]
                                   [--json FILE] [--markdown]

Takes the runs that the settings in --folder made (docs/models/backbones.md has the commands), measures each one's
weights with `seg-video eval` on pictures held out, and times all of them in bfloat16 and float32 through Keras, as
benchmarks/network.py does: fresh weights, every slot filled, a frame of 720x1280. The networks take turns, a frame
each, so that what else the machine does meets all of them alike. Training time is what the run's own log adds up to.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from flops import frame_gflop
from machine import RESULTS, ROOT, machine, write
from network import filled

from pipeline.formats.own_file import load_weights
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.mask_rcnn import make_model
from pipeline.model.predictor import MaskRCNNPredictor
from pipeline.training.settings import TrainSettings, read_settings
from pipeline.training.trainer import HISTORY, RESULT
from research.trunks.presets import register_trunks  # installed nowhere, found as this checkout's

FRAME = (720, 1280)
PRECISIONS = ("bfloat16", "float32")


@dataclass(frozen=True)
class Timing:
    """Milliseconds a frame: the median of all rounds, and what a tenth of them stays below."""

    median: float
    tenth: float


@dataclass(frozen=True)
class Row:
    """One backbone; APs are from 0 to 1, over the classes that the pictures have.

    vehicle_ap50, person_ap50 : of masks; vehicles are car, bus and truck as one.
    megabytes : of the weights in float16, as they ship.
    """

    name: str
    canvas: str
    pyramid: int
    mask_ap: float
    vehicle_ap50: float
    person_ap50: float
    box_ap50: float
    times: dict[str, Timing]
    gflop: float
    megabytes: float
    training_minutes: float
    pictures: int
    pictures_per_second: float


def main() -> None:
    """Measure every run of the folder, print the table and write the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--folder", type=Path, default=ROOT / "research" / "compare")
    parser.add_argument("--sequences", default="erfurt,cologne")
    parser.add_argument("--rounds", type=int, default=40, help="frames that each network is timed on")
    parser.add_argument("--json", type=Path, default=RESULTS / "backbones.json")
    parser.add_argument("--markdown", action="store_true", help="the table as Markdown")
    arguments = parser.parse_args()
    register_trunks()
    runs = {path.stem: read_settings(path) for path in sorted(arguments.folder.glob("*.yaml"))}
    lacking = [name for name, settings in runs.items() if not (settings.output / RESULT).is_file()]
    if lacking or not runs:
        sys.exit(
            f"not trained yet: {', '.join(lacking) or 'anything'}; docs/models/backbones.md has the commands"
        )
    configs = {name: config_of(settings) for name, settings in runs.items()}
    times = {precision: time_in_turn(configs, precision, arguments.rounds) for precision in PRECISIONS}
    rows = []
    for name, settings in runs.items():
        figures = evaluated(settings, arguments.sequences)
        rows.append(row_of(name, settings, configs[name], figures, {p: times[p][name] for p in PRECISIONS}))
    rows.sort(key=lambda row: -row.mask_ap)
    print_table(rows, arguments.markdown)
    write(arguments.json, {"machine": machine(), "rows": [asdict(row) for row in rows]})


def config_of(settings: TrainSettings) -> MaskRCNNConfig:
    """The network that the run trained."""
    return MaskRCNNConfig.from_json(load_weights(settings.output / RESULT)[1]["config"])


def time_in_turn(configs: dict[str, MaskRCNNConfig], precision: str, rounds: int) -> dict[str, Timing]:
    """The timing of each network, a frame of each in every round, after two rounds that are not counted."""
    frames = np.random.default_rng(0).integers(0, 256, (1, *FRAME, 3), dtype=np.uint8)
    predictors = {}
    for name, config in configs.items():
        keras.utils.set_random_seed(0)
        predictors[name] = MaskRCNNPredictor(make_model(filled(config), precision), 1)
    spent: dict[str, list[float]] = {name: [] for name in configs}
    for _ in range(rounds + 2):
        for name, predictor in predictors.items():
            start = time.perf_counter()
            predictor.segment(frames)
            spent[name].append((time.perf_counter() - start) * 1e3)
    return {
        name: Timing(statistics.median(values[2:]), float(np.quantile(values[2:], 0.1)))
        for name, values in spent.items()
    }


def evaluated(settings: TrainSettings, sequences: str) -> dict[str, Any]:
    """Figures that `seg-video eval` gives for the run's weights on those drives of its pictures."""
    command = [
        sys.executable, "-m", "research.seg_video", "eval", str(settings.data), "--sequences", sequences,
        "--detections", "100", "--json", "--model", str(settings.output / RESULT),
    ]  # fmt: skip
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ, "PYTHONPATH": paths}
    )
    return dict(json.loads(done.stdout))


def row_of(
    name: str,
    settings: TrainSettings,
    config: MaskRCNNConfig,
    figures: dict[str, Any],
    times: dict[str, Timing],
) -> Row:
    """One line of the table."""
    with (settings.output / HISTORY).open() as file:
        speeds = [float(line["pictures_per_second"]) for line in csv.DictReader(file)]
    seconds = sum(settings.log_every * settings.batch / speed for speed in speeds)
    height, width = config.input.canvas
    mean = figures["mean"]
    return Row(
        name=name, canvas=f"{height}x{width}", pyramid=config.fpn.channels,
        mask_ap=mean["mask"]["ap"], vehicle_ap50=figures["groups"]["vehicle"]["mask"]["ap50"],
        person_ap50=figures["classes"]["person"]["mask"]["ap50"], box_ap50=mean["box"]["ap50"],
        times=times, gflop=frame_gflop(make_model(config, "float32"), *FRAME),
        megabytes=(settings.output / RESULT).stat().st_size / 1e6,
        training_minutes=seconds / 60, pictures=settings.steps * settings.batch,
        pictures_per_second=settings.steps * settings.batch / seconds,
    )  # fmt: skip


def print_table(rows: list[Row], markdown: bool) -> None:
    """The rows, one a line; times as median (a tenth is faster than)."""
    titles = ("backbone", "canvas", "FPN", "mask AP", "vehicle AP50", "person AP50", "box AP50", "ms bfloat16",
              "ms float32", "GFLOP", "MB", "training min", "pictures/s")  # fmt: skip
    lines = [titles, *(("---",) * len(titles) for _ in range(markdown)), *map(cells, rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(titles))]
    for line in lines:
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        print(f"| {' | '.join(line)} |" if markdown else "  ".join(padded).rstrip())


def cells(row: Row) -> tuple[str, ...]:
    """The texts of one line."""
    measured = (row.mask_ap, row.vehicle_ap50, row.person_ap50, row.box_ap50)
    times = [f"{row.times[p].median:.1f} ({row.times[p].tenth:.1f})" for p in PRECISIONS]
    return (
        row.name, row.canvas, str(row.pyramid), *(f"{value:.3f}" for value in measured), *times,
        f"{row.gflop:.1f}", f"{row.megabytes:.1f}", f"{row.training_minutes:.1f}", f"{row.pictures_per_second:.1f}",
    )  # fmt: skip


if __name__ == "__main__":
    main()
