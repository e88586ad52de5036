"""Speed of a network alone, frames in and detections out, on the runtimes of this machine.

    python benchmarks/network.py [NETWORK ...] [--runtimes openvino,tensorflow] [--batch 1,8] [--device cpu]
                                 [--precision auto] [--size 720x1280] [--repeats 3] [--seconds 3]
                                 [--torch-python PYTHON]

NETWORK is a network's name or file, or one with fresh weights, whose every slot of proposals and detections is filled,
so that no frame of a real drive costs more: compact, compact-shufflenet, r50-quick, r50, r50-v2, r101-matterport. A
runtime is openvino or a backend of Keras (tensorflow, jax, torch); each has a process of its own, they take turns, and
the table has medians. `frames/s` is with every core busy: one caller a core on OpenVINO, the others' own threads. CPU
milliseconds hardly move on a machine that others use too; the rest does. --torch-python, a Python that has torch and
torchvision: its Mask R-CNN is timed after r50 or r50-quick in each turn.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
from machine import RESULTS, ROOT, machine, write
from numpy.typing import NDArray

from pipeline.model import presets
from pipeline.model.config import MaskRCNNConfig
from pipeline.networks.registry import load
from pipeline.networks.settings import LoadSettings
from pipeline.structures.frame_segmenter import FrameSegmenter

PEER = Path(__file__).parent / "torchvision_peer.py"
PICTURE = ROOT / "sample_videos" / "drive.mp4"

FRESH = {
    "compact": presets.compact(),
    "compact-shufflenet": presets.compact_shufflenet(),
    "r50-quick": LoadSettings(proposals=300, detections=20).adapt(
        presets.torchvision_v1(presets.numbered(91))
    ),
    "r50": presets.torchvision_v1(presets.numbered(91)),
    "r50-v2": presets.torchvision_v2(presets.numbered(91)),
    "r101-matterport": presets.matterport(presets.numbered(81)),
}


@dataclass(frozen=True)
class Row:
    """One network on one runtime.

    first_seconds, first_cpu : until the first frame is through, imports included. ms, cpu_ms : a frame, one caller.
    rate : frames a second with every core busy. gflop : of a frame, 0 where it was not counted. mb : of the process.
    """

    network: str
    runtime: str
    size: str
    batch: int
    first_seconds: float
    first_cpu: float
    ms: float
    cpu_ms: float
    rate: float
    gflop: float
    mb: float


@dataclass(frozen=True)
class Asked:
    """How a network is to run. batches : of frames. size : (height, width) px. seconds : of a measurement."""

    device: str = "cpu"
    precision: str = "auto"
    batches: tuple[int, ...] = (1,)
    size: tuple[int, int] = (720, 1280)
    seconds: float = 3.0


def main() -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("networks", nargs="*", default=["dashcam-lite"])
    parser.add_argument("--runtimes", default="openvino,tensorflow")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--batch", default="1", help="frames at a time, several with commas")
    parser.add_argument("--size", default="720x1280", help="HEIGHTxWIDTH px of the frame")
    parser.add_argument("--seconds", type=float, default=3.0, help="of each measurement in a turn")
    parser.add_argument("--repeats", type=int, default=3, help="turns")
    parser.add_argument("--torch-python", help="a Python with torch and torchvision")
    arguments = parser.parse_args()
    height, width = map(int, arguments.size.split("x"))
    batches = tuple(map(int, arguments.batch.split(",")))
    asked = Asked(arguments.device, arguments.precision, batches, (height, width), arguments.seconds)
    turns: dict[tuple[str, str, int], list[Row]] = {}
    peers: dict[str, list[float]] = {}
    for _ in range(arguments.repeats):
        for network in arguments.networks:
            for runtime in arguments.runtimes.split(","):
                for row in in_a_process(network, runtime, asked):
                    turns.setdefault((network, row.runtime, row.batch), []).append(row)
            if arguments.torch_python and network in ("r50", "r50-quick"):
                peers.setdefault(network, []).append(torchvision_ms(arguments.torch_python, network, asked))
    rows = [middle(of_one) for of_one in turns.values()]
    show(rows)
    for network, times in peers.items():
        print(f"torchvision's {network}: {statistics.median(times):.1f} ms a frame")
    content = {"machine": machine(), "rows": [asdict(row) for row in rows], "torchvision_ms": peers}
    write(RESULTS / "network.json", content)
    return 0


def in_a_process(network: str, runtime: str, asked: Asked) -> list[Row]:
    """The rows of one turn."""
    script = (
        "import json, sys\n"
        f"sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from dataclasses import asdict\n"
        "from network import Asked, measured\n"
        f"print(json.dumps([asdict(row) for row in measured({network!r}, {runtime!r}, {asked!r})]))\n"
    )
    backend = {} if runtime == "openvino" else {"KERAS_BACKEND": runtime}
    done = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, check=True, env={**os.environ, **backend}
    )
    return [Row(**row) for row in json.loads(done.stdout.splitlines()[-1])]


def measured(name: str, runtime: str, asked: Asked) -> Iterator[Row]:
    """A row for each batch, in this process, whose Keras has the backend that is meant."""
    for batch in asked.batches:
        began, cpu = time.perf_counter(), time.process_time()
        network = load_network(name, runtime, asked, batch)
        width, height = network.input_size(asked.size[1], asked.size[0], None)
        run = partial(network.segment, np.repeat(picture_of((height, width))[None], batch, axis=0))
        run()
        first, first_cpu = time.perf_counter() - began, time.process_time() - cpu
        alone = busy = turn(run, asked.seconds, 1)
        if network.callers > 1:
            busy = turn(run, asked.seconds, network.callers)
        yield Row(
            name, network.runtime, f"{width}x{height}", batch, first, first_cpu,
            1e3 * alone.seconds / (alone.count * batch), 1e3 * alone.cpu / (alone.count * batch),
            busy.count * batch / busy.seconds, gflop_of(network, (height, width)),
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        )  # fmt: skip


def load_network(name: str, runtime: str, asked: Asked, batch: int) -> FrameSegmenter:
    """The network, which computes so many frames at a time."""
    own = "openvino" if runtime == "openvino" else "tensorflow"
    settings = LoadSettings(asked.device, own, asked.precision, batch=batch, film=True)
    if name not in FRESH:
        return load(name, settings)
    import keras

    from pipeline.model.mask_rcnn import make_model
    from pipeline.model.predictor import MaskRCNNPredictor

    config = filled(at_size(FRESH[name], asked.size))
    keras.utils.set_random_seed(0)
    if runtime == "openvino":
        return staged(make_model(config))
    from pipeline.model.precision import resolve_precision

    precision = resolve_precision(asked.precision)
    return MaskRCNNPredictor(make_model(config, precision), batch, runtime=f"{runtime} {precision}")


def staged(model: Any) -> FrameSegmenter:
    """The model on OpenVINO, in float32."""
    from pipeline.model.staged.compiled import CompiledStages
    from pipeline.model.staged.convert import convert
    from pipeline.model.staged.predictor import StagedPredictor
    from pipeline.model.staged.shapes import StageShapes

    cores = len(os.sched_getaffinity(0))

    def compiled(canvas: tuple[int, int]) -> CompiledStages:
        return CompiledStages(convert(model, canvas), StageShapes.of(model.config, canvas), "float32", cores)

    return StagedPredictor(model.config, compiled, "openvino float32", cores)


def at_size(config: MaskRCNNConfig, size: tuple[int, int]) -> MaskRCNNConfig:
    """The config that takes frames of this size as they are, where its resize rule allows that."""
    if config.input.resize != "shortest_edge":
        return config
    return replace(config, input=replace(config.input, min_size=min(size), max_size=max(size)))


def filled(config: MaskRCNNConfig) -> MaskRCNNConfig:
    """The config with a threshold that lets every detection slot fill up, and no more candidates for it."""
    # Fresh weights give every class about the same probability, so that this passes a handful of classes a region.
    score = 0.5 / config.num_classes
    return replace(config, detection=replace(config.detection, score=max(score, 0.02)))


def picture_of(size: tuple[int, int]) -> NDArray[np.uint8]:
    """A frame of the sample clip in (height, width) px."""
    with av.open(str(PICTURE)) as source:
        frame = next(source.decode(video=0))
        return frame.to_ndarray(format="rgb24", width=size[1], height=size[0])


def gflop_of(network: FrameSegmenter, size: tuple[int, int]) -> float:
    """GFLOP of a frame, where Keras holds the network."""
    if not hasattr(network, "model"):
        return 0.0
    from flops import frame_gflop

    return frame_gflop(network.model, *size)


@dataclass(frozen=True)
class Turn:
    """Calls, and seconds of wall and CPU."""

    count: int
    seconds: float
    cpu: float


def turn(run: Callable[[], object], seconds: float, callers: int) -> Turn:
    """So many callers for so long."""
    start, cpu = time.perf_counter(), time.process_time()

    def work(_: int) -> int:
        count = 0
        while not count or time.perf_counter() - start < seconds:
            run()
            count += 1
        return count

    with ThreadPoolExecutor(callers) as threads:
        count = sum(threads.map(work, range(callers)))
    return Turn(count, time.perf_counter() - start, time.process_time() - cpu)


def torchvision_ms(python: str, network: str, asked: Asked) -> float:
    """Milliseconds a frame of torchvision's network of the same size."""
    config = FRESH[network]
    numbers = [*asked.size, config.rpn.post_nms, config.detection.count, 1, 5]
    words = [python, str(PEER), *map(str, numbers)]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["median"])


def middle(rows: Sequence[Row]) -> Row:
    """The row of medians."""
    numbers = [field.name for field in fields(Row) if field.type == "float"]
    return replace(
        rows[0], **{name: statistics.median(getattr(row, name) for row in rows) for name in numbers}
    )


def show(rows: Sequence[Row]) -> None:
    """The rows as a table."""
    print(
        "| network | runtime | frame | batch | first frame s (CPU) | ms a frame | CPU ms | frames/s | GFLOP/s | MB |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        speed = f"{row.gflop * row.rate:.0f}" if row.gflop else "-"
        print(
            f"| {row.network} | {row.runtime} | {row.size} | {row.batch} | {row.first_seconds:.1f} "
            f"({row.first_cpu:.1f}) | {row.ms:.1f} | {row.cpu_ms:.1f} | {row.rate:.1f} | {speed} | {row.mb:.0f} |"
        )


if __name__ == "__main__":
    sys.exit(main())
