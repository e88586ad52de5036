"""One network on both runtimes of a CPU, in turn: what a frame costs.

    python benchmarks/runtimes.py [MODEL] [--size 1280x720] [--precision auto] [--repeats 5] [--seconds 4]

Each runtime has a process of its own. It tells the seconds of wall and CPU to the first frame, the CPU milliseconds of
a frame on one core, the frames a second with every core busy (on TensorFlow its own threads, on OpenVINO one caller a
core), and the memory. Milliseconds of CPU time hardly move on a machine that others use too; frames a second do.
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
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

RUNTIMES = ("tensorflow", "openvino")


def main() -> int:
    """Exit code 0."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", nargs="?", default="dashcam-lite")
    parser.add_argument("--size", default="1280x720", help="px of the video")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--repeats", type=int, default=5, help="turns of each runtime")
    parser.add_argument("--seconds", type=float, default=4.0, help="a turn")
    parser.add_argument("--one", choices=RUNTIMES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(arguments)))
        return 0
    found: dict[str, list[dict[str, Any]]] = {runtime: [] for runtime in RUNTIMES}
    for _ in range(arguments.repeats):
        for runtime in RUNTIMES:
            done = subprocess.run(
                [sys.executable, __file__, *sys.argv[1:], "--one", runtime], capture_output=True, check=True,
                env={**os.environ, "PYTHONPATH": str(Path.cwd())},
            )  # fmt: skip
            found[runtime].append(json.loads(done.stdout.splitlines()[-1]))
    for turns in found.values():
        medians = {
            key: statistics.median(turn[key] for turn in turns) for key in turns[0] if key != "runtime"
        }
        print(turns[0]["runtime"], "  ".join(f"{key} {value:.1f}" for key, value in medians.items()))
    return 0


def measure(arguments: argparse.Namespace) -> dict[str, Any]:
    """The figures of one turn of one runtime."""
    began, cores = time.perf_counter(), len(os.sched_getaffinity(0))
    import numpy as np

    from pipeline.networks.registry import load
    from pipeline.networks.settings import LoadSettings

    settings = LoadSettings(device="cpu", runtime=arguments.one, precision=arguments.precision)
    network = load(arguments.model, settings)
    width, height = network.input_size(*map(int, arguments.size.split("x")), None)
    # Blurred noise: something to find, and the same on every machine.
    coarse = np.random.default_rng(0).integers(0, 256, (1, height // 16 + 1, width // 16 + 1, 3), np.uint8)
    frame = coarse.repeat(16, axis=1).repeat(16, axis=2)[:, :height, :width]
    network.segment(frame)
    first, first_cpu = time.perf_counter() - began, time.process_time()
    alone = _turn(lambda: network.segment(frame), arguments.seconds, 1)
    busy = _turn(
        lambda: network.segment(frame), arguments.seconds, cores if arguments.one == "openvino" else 1
    )
    return {
        "runtime": network.runtime,
        "first frame s": first,
        "first frame CPU s": first_cpu,
        "CPU ms a frame": alone["cpu"] / alone["frames"] * 1e3,
        "frames/s": busy["frames"] / busy["wall"],
        "MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _turn(run: Any, seconds: float, callers: int) -> dict[str, float]:
    """Frames, and seconds of wall and CPU, of so many callers for so long."""
    start, cpu = time.perf_counter(), time.process_time()

    def work(_: int) -> int:
        count = 0
        while time.perf_counter() - start < seconds:
            run()
            count += 1
        return count

    with ThreadPoolExecutor(callers) as threads:
        frames = sum(threads.map(work, range(callers)))
    return {"frames": frames, "wall": time.perf_counter() - start, "cpu": time.process_time() - cpu}


if __name__ == "__main__":
    sys.exit(main())
