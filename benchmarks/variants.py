"""CPU milliseconds of each stage under OpenVINO, of variants of `dashcam-lite`'s network that nobody has trained.

    python benchmarks/variants.py [--rounds 30] [--int8 PICTURES] [--only NAME,NAME] [--markdown]

What a layer costs does not depend on what it has learnt, so fresh weights tell which architecture is worth training
(docs/models/backbones.md). One thread computes, as for each caller of the product; the variants take turns, a frame
each, and what is told is CPU time, so that what else the machine does meets all of them alike. The box head is timed
with as many regions as there are proposals, the mask head with eight objects. With --int8 the dense stage is also
quantised as `research/quantise.py` does it, on that many pictures of noise: right for time, useless for anything else.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pipeline  # noqa: F401 - first, as it turns OpenVINO's telemetry off

# isort: split
import keras
import numpy as np
import openvino

from pipeline.model.config import MaskRCNNConfig
from pipeline.model.mask_rcnn import make_model
from pipeline.model.presets import compact_esnet, compact_shufflenet
from pipeline.model.staged.convert import convert
from pipeline.model.staged.program_file import Graphs

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from research.quantise import quantised

_SETTINGS = {"NUM_STREAMS": 1, "INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
_STAGES = ("dense", "boxes", "masks")

#: Objects that the mask head is timed with.
_MASKS = 8


def variants() -> dict[str, MaskRCNNConfig]:
    """The variants by the name they have in the table; the first is what ships."""
    ships = compact_shufflenet()

    def filters(multiplier: int, config: MaskRCNNConfig = ships) -> MaskRCNNConfig:
        return replace(config, fpn=replace(config.fpn, depth_multiplier=multiplier))

    from_p2 = replace(
        ships,
        fpn=replace(ships.fpn, min_level=2),
        anchors=replace(ships.anchors, sizes=(12.0, *ships.anchors.sizes)),
    )
    return {
        "what ships": ships,
        "ESNet": compact_esnet(),
        "ESNet at 576x1024": compact_esnet(canvas=(576, 1024)),
        "canvas 448x768": compact_shufflenet(canvas=(448, 768)),
        "canvas 384x640": compact_shufflenet(canvas=(384, 640)),
        "dense pyramid and RPN": filters(0),
        "one filter a channel": filters(1),
        "one filter a channel, canvas 448x768": filters(1, compact_shufflenet(canvas=(448, 768))),
        "pyramid of 64": replace(ships, fpn=replace(ships.fpn, channels=64)),
        "P2 too": from_p2,
        "P2 too, dense": filters(0, from_p2),
        "masks of 56x56": replace(ships, mask_head=replace(ships.mask_head, pool=28)),
    }


def graphs_of(config: MaskRCNNConfig) -> Graphs:
    """The graphs of the variant's stages."""
    keras.utils.set_random_seed(0)
    return convert(make_model(config), config.input.canvas)


def runs_of(config: MaskRCNNConfig, int8_pictures: int) -> dict[str, Callable[[], Any]]:
    """What runs each stage once for a frame, by its name."""
    core, random = openvino.Core(), np.random.default_rng(0)
    graphs, regions = dict(graphs_of(config)), {"boxes": config.rpn.post_nms, "masks": _MASKS}
    if int8_pictures:
        shape = (1, *config.input.canvas, 3)
        seen = [random.normal(size=shape).astype(np.float32) for _ in range(int8_pictures)]
        graphs["dense int8"] = quantised(graphs, seen, len(config.anchors.aspect_ratios))
    runs: dict[str, Callable[[], Any]] = {}
    for name, (graph, weights) in graphs.items():
        model = core.read_model(graph, openvino.Tensor(np.frombuffer(weights, np.uint8)))
        request = core.compile_model(model, "CPU", _SETTINGS).create_infer_request()
        inputs = [_input(one, random) for one in model.inputs]
        times = -(-regions[name] // inputs[1].shape[0]) if name in regions else 1
        runs[name] = lambda request=request, inputs=inputs, times=times: [
            request.infer(inputs) for _ in range(times)
        ]
    return runs


def _input(port: Any, random: np.random.Generator) -> Any:
    shape = tuple(port.shape)
    if port.element_type == openvino.Type.f32:
        return random.normal(size=shape).astype(np.float32)
    return np.zeros(shape, port.element_type.to_dtype())


def main() -> None:
    """Time the variants and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=30, help="frames that each variant is timed on")
    parser.add_argument(
        "--int8", type=int, default=0, metavar="PICTURES", help="time the dense stage in int8 too"
    )
    parser.add_argument("--only", help="of the variants, beside what ships")
    parser.add_argument("--markdown", action="store_true", help="the table as Markdown")
    arguments = parser.parse_args()
    chosen = variants()
    if arguments.only:
        names = ("what ships", *arguments.only.split(","))
        chosen = {name: chosen[name] for name in names}
    runs = {name: runs_of(config, arguments.int8) for name, config in chosen.items()}
    spent: dict[tuple[str, str], list[float]] = {}
    for _ in range(arguments.rounds + 2):
        for name, stages in runs.items():
            for stage, run in stages.items():
                start = time.process_time()
                run()
                spent.setdefault((name, stage), []).append((time.process_time() - start) * 1e3)
    columns = [*_STAGES, *(["dense int8"] if arguments.int8 else [])]
    lines = [("variant", *columns, "a frame")]
    for name in chosen:
        medians = {stage: statistics.median(spent[name, stage][2:]) for stage in columns}
        whole = sum(medians[stage] for stage in _STAGES)
        lines.append((name, *(f"{medians[stage]:.1f}" for stage in columns), f"{whole:.1f}"))
    if arguments.markdown:
        lines.insert(1, ("---",) * len(lines[0]))
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    for line in lines:
        padded = [cell.ljust(width) for cell, width in zip(line, widths, strict=True)]
        print(f"| {' | '.join(padded)} |" if arguments.markdown else "  ".join(padded).rstrip())


if __name__ == "__main__":
    main()
