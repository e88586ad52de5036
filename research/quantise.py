"""Make the program of 8-bit numbers that the package brings for a network that it brings.

    pip install nncf
    python research/quantise.py DATA [NAME] [--held-out erfurt,cologne] [--pictures 150]

Post-training quantisation: NNCF looks at what flows through the dense stage of NAME (dashcam-lite) while it sees driver
views of the labelled folder DATA, those of held-out sequences left out, and gives each channel of a kernel and each
activation a range of 8-bit numbers. The convolutions that give the RPN's logits and offsets stay in float32, and so do
both heads. The result is written beside the weights; `seg-video eval --precision int8` tells what it costs. Run it
again when the weights or the graphs change; a test compares what is there with the weights.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pipeline  # noqa: F401 - first, as it turns OpenVINO's telemetry off

# isort: split
import cv2
import numpy as np
import openvino
from numpy.typing import NDArray

from pipeline.labels.choose import Choice, choose
from pipeline.labels.coco_folder import PictureEntry, read_entries
from pipeline.model.config import InputConfig
from pipeline.model.geometry import fit
from pipeline.model.preprocess import preprocess_into
from pipeline.model.staged.program_file import Graphs, write_program
from pipeline.networks.checkpoint_config import checkpoint_config
from pipeline.networks.programs import find_program, program_facts, shipped_path
from pipeline.networks.registry import find_source

_STAGE = "dense"


def main() -> None:
    """Write the file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("name", nargs="?", default="dashcam-lite")
    parser.add_argument("--held-out", default="erfurt,cologne", help="sequences that are not looked at")
    parser.add_argument("--pictures", type=int, default=150)
    arguments = parser.parse_args()
    source = find_source(arguments.name)
    assert source.entry is not None, f"{arguments.name} is not in the catalog"
    canvas = source.entry.input_size
    assert canvas is not None, f"{arguments.name} has no canvas of its own"
    path = shipped_path(source, canvas, "int8")
    assert path is not None, f"{arguments.name} is not part of the package"
    entries = calibration(
        read_entries(arguments.data)[0], frozenset(arguments.held_out.split(",")), arguments.pictures
    )
    config = checkpoint_config(source.path(), source.kind, None)
    graphs = dict(find_program(source, canvas))
    graphs[_STAGE] = quantised(graphs, list(inputs(entries, config.input)), len(config.anchors.aspect_ratios))
    write_program(path, graphs, program_facts(source, canvas, "int8"))


def calibration(
    entries: Sequence[PictureEntry], held_out: frozenset[str], count: int
) -> Sequence[PictureEntry]:
    """So many driver views without the held-out sequences, two fifths of them of rarer sources than the most common."""
    own = [entry for entry in entries if entry.record.get("sequence") not in held_out]
    sources = [entry.source for entry in own if entry.record.get("view") == "driver"]
    common = max(set(sources), key=sources.count)
    rare = frozenset(sources) - {common}
    most = choose(own, Choice(sources=frozenset({common}), view="driver", limit=count - 2 * count // 5))
    return [*most, *choose(own, Choice(sources=rare, view="driver", limit=2 * count // 5))] if rare else most


def inputs(entries: Sequence[PictureEntry], config: InputConfig) -> Iterator[NDArray[np.float32]]:
    """The network's input float32 [1, H, W, 3] for each picture."""
    for entry in entries:
        pixels = cv2.imread(str(entry.file), cv2.IMREAD_COLOR)
        assert pixels is not None, f"{entry.file} cannot be read"
        geometry = fit(pixels.shape[0], pixels.shape[1], config)
        canvas = np.zeros((*geometry.canvas, 3), np.float32)
        preprocess_into(canvas, cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), geometry, config)
        yield canvas[None]


def quantised(graphs: Graphs, seen: list[NDArray[np.float32]], anchors: int) -> tuple[bytes, bytes]:
    """Graph and weights of the dense stage in 8-bit numbers. anchors : of a cell."""
    nncf = importlib.import_module("nncf")  # an environment of its own may have it; the product needs none
    graph, weights = graphs[_STAGE]
    model = openvino.Core().read_model(graph, openvino.Tensor(np.frombuffer(weights, np.uint8)))
    narrow = nncf.quantize(
        model,
        nncf.Dataset(seen),
        subset_size=len(seen),
        ignored_scope=nncf.IgnoredScope(names=rpn_outputs(model, anchors)),
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{_STAGE}.xml"
        openvino.save_model(narrow, file, compress_to_fp16=False)
        return file.read_bytes(), file.with_suffix(".bin").read_bytes()


def rpn_outputs(model: Any, anchors: int) -> list[str]:
    """Names of the convolutions that give a logit or four offsets for each anchor of a cell."""
    return [
        node.get_friendly_name()
        for node in model.get_ordered_ops()
        if node.get_type_name() == "Convolution" and node.output(0).get_shape()[1] in (anchors, 4 * anchors)
    ]


if __name__ == "__main__":
    main()
