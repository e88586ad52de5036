"""Speed of the network on this machine.

    python benchmarks/model.py [--networks compact,r50-quick] [--size 480x864] [--batch 1]
                               [--precision float32,bfloat16] [--repeats 15] [--json FILE] [--torch-python PYTHON]

Times whole frames, uint8 in and boxes, classes and RoI masks out, on the Keras backend that KERAS_BACKEND names, and
prints a table: ms a frame (median, and the fastest), the GFLOP of its convolutions and dense products, GFLOP/s, and
the share of this machine's peak as its own best large product reaches it. Weights are fresh and the score threshold
is next to nothing, so that every proposal and detection slot is filled: no frame of a real drive costs more. With
--torch-python, a Python that has torch and torchvision, torchvision's network is timed in turn with the same one of
ours, ours first and last.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import keras
import numpy as np
from flops import frame_gflop
from keras import ops

from pipeline.model import presets
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.mask_rcnn import make_model
from pipeline.model.precision import gpu_capability, resolve_precision
from pipeline.model.predictor import MaskRCNNPredictor

RESULTS = Path(__file__).parent / "results"
PEER = Path(__file__).parent / "torchvision_peer.py"


@dataclass(frozen=True)
class Network:
    """A config to time, and the frame size it is timed at by default, height and width in px."""

    config: MaskRCNNConfig
    size: tuple[int, int]


NETWORKS = {
    "compact": Network(presets.compact(), (360, 640)),
    "compact-shufflenet": Network(presets.compact_shufflenet(), (360, 640)),
    "r50-quick": Network(presets.quick(presets.torchvision_v1(presets.numbered(91))), (480, 864)),
    "r50": Network(presets.torchvision_v1(presets.numbered(91)), (480, 864)),
    "r50-v2": Network(presets.torchvision_v2(presets.numbered(91)), (480, 864)),
    "r101-matterport": Network(presets.matterport(presets.numbered(81)), (576, 1024)),
}


@dataclass(frozen=True)
class Row:
    """One timing; times are in ms a frame, shares of this machine's measured peak."""

    network: str
    size: str
    proposals: int
    detections: int
    batch: int
    precision: str
    backend: str
    median_ms: float
    fastest_ms: float
    gflop: float
    gflop_per_second: float
    share_of_peak: float
    first_call_s: float


def main() -> None:
    """Time what the command line asks for, print the table and write the JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--networks", default="compact,r50-quick,r50", help=f"of {', '.join(NETWORKS)}")
    parser.add_argument("--size", help="HEIGHTxWIDTH px instead of each network's own")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--precision", default="auto", help="auto, float32, bfloat16, or several with commas")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", type=Path, default=RESULTS / "model.json")
    parser.add_argument(
        "--torch-python", help="a Python with torch and torchvision, to time theirs beside r50"
    )
    arguments = parser.parse_args()
    rows, peers = [], []
    precisions = list(dict.fromkeys(resolve_precision(name) for name in arguments.precision.split(",")))
    for precision in precisions:
        peak = peak_gflop_per_second(precision)
        print(f"peak in {precision}: {peak:.0f} GFLOP/s, by this machine's own best large product")
        for name in arguments.networks.split(","):
            size = (
                tuple(int(side) for side in arguments.size.split("x"))
                if arguments.size
                else NETWORKS[name].size
            )
            row, again = time_network(name, size, precision, arguments, peak)
            rows.append(row)
            if arguments.torch_python and name in ("r50", "r50-quick"):
                peers.append(time_peer(arguments, row, again))
    print_table(rows)
    for peer in peers:
        print(peer_line(peer))
    write(arguments.json, {"machine": machine(), "rows": [asdict(row) for row in rows], "peers": peers})


def time_network(
    name: str, size: tuple[int, int], precision: str, arguments: argparse.Namespace, peak: float
) -> tuple[Row, Callable[[], list[float]]]:
    """The timing of one network, and a function that times it again, in ms a frame."""
    config = filled(at_size(NETWORKS[name].config, size))
    keras.utils.set_random_seed(0)
    model = make_model(config, precision)
    predictor = MaskRCNNPredictor(model, arguments.batch)
    frames = np.random.default_rng(0).integers(0, 256, (arguments.batch, *size, 3), dtype=np.uint8)
    start = time.perf_counter()
    predictor.segment(frames)
    first = time.perf_counter() - start

    def again() -> list[float]:
        return [ms / arguments.batch for ms in timed(lambda: predictor.segment(frames), arguments.repeats)]

    times, gflop = again(), frame_gflop(model, *size)
    speed = gflop / statistics.median(times) * 1e3
    row = Row(
        network=name, size=f"{size[0]}x{size[1]}", proposals=config.rpn.post_nms, detections=config.detection.count,
        batch=arguments.batch, precision=precision, backend=keras.backend.backend(),
        median_ms=statistics.median(times), fastest_ms=min(times), gflop=gflop, gflop_per_second=speed,
        share_of_peak=speed / peak, first_call_s=first,
    )  # fmt: skip
    return row, again


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


def timed(run: Callable[[], object], repeats: int) -> list[float]:
    """Milliseconds of each of `repeats` runs, after two that are not counted."""
    times = []
    for _ in range(repeats + 2):
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1e3)
    return times[2:]


def peak_gflop_per_second(precision: str) -> float:
    """The best that a large matrix product or a large 3x3 convolution reaches here, through the same backend."""
    side = 2048 if gpu_capability() is None else 8192
    matrix = ops.cast(keras.random.normal((side, side)), precision)
    image = ops.cast(keras.random.normal((1, 128, 128, 256)), precision)
    kernel = ops.cast(keras.random.normal((3, 3, 256, 256)), precision)
    jobs = [
        (2 * side**3, lambda: ops.matmul(matrix, matrix)),
        (
            2 * 128 * 128 * 9 * 256 * 256,
            lambda: ops.conv(image, kernel, 1, "same", data_format="channels_last"),
        ),
    ]
    return max(
        operations / min(timed(lambda job=job: np.asarray(ops.cast(ops.sum(job()), "float32")), 8)) / 1e6
        for operations, job in jobs
    )


def time_peer(arguments: argparse.Namespace, row: Row, again: Callable[[], list[float]]) -> dict[str, object]:
    """torchvision's timing between two of ours."""
    height, width = row.size.split("x")
    numbers = [height, width, row.proposals, row.detections, row.batch, arguments.repeats]
    command = [arguments.torch_python, str(PEER), *(str(number) for number in numbers)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    peer = json.loads(done.stdout)
    after = statistics.median(again())
    ratio = 2 * peer["median"] / (row.median_ms + after)
    beside = f"{row.network} in {row.precision}"
    return {**peer, "beside": beside, "ours_before": row.median_ms, "ours_after": after, "ratio": ratio}


def print_table(rows: list[Row]) -> None:
    """The rows, one a line."""
    print(f"{'network':18}{'frame':>10}{'prop/det':>10}{'batch':>6}  {'precision':10}{'backend':12}"
          f"{'ms/frame':>9}{'fastest':>9}{'GFLOP':>8}{'GFLOP/s':>9}{'of peak':>8}{'first call':>11}")  # fmt: skip
    for row in rows:
        candidates = f"{row.proposals}/{row.detections}"
        print(f"{row.network:18}{row.size:>10}{candidates:>10}{row.batch:>6}  {row.precision:10}{row.backend:12}"
              f"{row.median_ms:>9.1f}{row.fastest_ms:>9.1f}{row.gflop:>8.1f}{row.gflop_per_second:>9.0f}"
              f"{row.share_of_peak:>8.0%}{row.first_call_s:>9.1f} s")  # fmt: skip


def peer_line(peer: dict[str, object]) -> str:
    """One sentence that holds our network against torchvision's."""
    return (
        f"torchvision {peer['torchvision']} on torch {peer['torch']} takes {peer['median']:.0f} ms a frame for the "
        f"same as {peer['beside']}, ours {peer['ours_before']:.0f} before it and {peer['ours_after']:.0f} after: "
        f"ours is {peer['ratio']:.2f} times as fast"
    )


def machine() -> dict[str, object]:
    """The machine that the figures were measured on."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.is_file() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return {
        "cpu": model or platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "gpu_capability": gpu_capability(),
        "python": sys.version.split()[0],
        "keras": keras.__version__,
    }


def write(path: Path, content: dict[str, object]) -> None:
    """The content as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n")
    print(f"written to {path}")


if __name__ == "__main__":
    main()
