"""Speed of the whole command against the bare network: `python benchmarks/endtoend.py CLIP --model WEIGHTS`.

The clip is repeated to the length asked for, without decoding it. Bare network and command take turns, and the figures
are medians. Prints one JSON object, and writes it to benchmarks/results/endtoend.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import av
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "endtoend.json"
_SAMPLE_SECONDS = 0.5
_BARE_FRAMES = 64


def main() -> int:
    """0 if the run has succeeded."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--model", default="dashcam-lite")
    parser.add_argument("--seconds", type=float, default=60.0, help="length of the video (60)")
    parser.add_argument("--workers", default="auto")
    parser.add_argument("--repeats", type=int, default=3, help="turns (3)")
    arguments = parser.parse_args()
    load = os.getloadavg()[0]
    bare, wholes = [], []
    with tempfile.TemporaryDirectory() as folder:
        looped = loop(arguments.clip, Path(folder) / "looped.mp4", arguments.seconds)
        for turn in range(arguments.repeats):
            bare.append(bare_network(arguments.clip, arguments.model))
            out = Path(folder) / f"out{turn}.mp4"
            wholes.append(whole_command(looped, out, arguments.model, arguments.workers))
    rates = [whole["frames_per_second_after_start"] for whole in wholes]
    ratios = [alone / rate for alone, rate in zip(bare, rates, strict=True)]
    found = {
        "machine": {"cores": os.cpu_count(), "load_before": load, "python": platform.python_version()},
        "bare_network_frames_per_second": [round(rate, 2) for rate in bare],
        "frames_per_second_after_start": rates,
        "times_the_bare_network": round(median(ratios), 2),
        "start_seconds": median(whole["start_seconds"] for whole in wholes),
        "peak_memory_mb": max(whole["peak_memory_mb"] for whole in wholes),
        "share_of_busy_time": wholes[-1]["share_of_busy_time"],
        "frames": wholes[-1]["frames"],
    }
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    return 0


def loop(clip: Path, path: Path, seconds: float) -> Path:
    """The clip's video track repeated, packets untouched, until it is `seconds` long."""
    with av.open(str(clip)) as source, av.open(str(path), "w") as out:
        stream = source.streams.video[0]
        target = out.add_stream_from_template(stream)
        packets = [
            (bytes(packet), packet.pts, packet.dts, packet.is_keyframe)
            for packet in source.demux(stream)
            if packet.size
        ]
        ticks = [pts for _, pts, _, _ in packets]
        step = Fraction(max(ticks) - min(ticks), len(ticks) - 1)
        length = round(step * len(ticks))
        for turn in range(max(round(seconds / (length * stream.time_base)), 1)):
            for data, pts, dts, key in packets:
                packet = av.Packet(data)
                packet.pts, packet.dts = pts + turn * length, dts + turn * length
                packet.time_base, packet.stream, packet.is_keyframe = stream.time_base, target, key
                out.mux(packet)
    return path


def bare_network(clip: Path, model: str) -> float:
    """Frames a second of the network alone, with all cores, on frames that lie in memory already."""
    script = (
        "import sys, time, numpy as np\n"
        "from pipeline.segment.segmenter import Segmenter\n"
        "from pipeline.segment.settings import SegmentSettings\n"
        "frames = np.load(sys.argv[1])\n"
        "segmenter = Segmenter(SegmentSettings(model=sys.argv[2]))\n"
        "segmenter.setup()\n"
        "[segmenter.segment(frame[None]) for frame in frames[:3]]\n"
        "began = time.perf_counter()\n"
        "[segmenter.segment(frame[None]) for frame in frames]\n"
        "print(len(frames) / (time.perf_counter() - began))\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "frames.npy", _frames(clip))
        command = [sys.executable, "-c", script, str(Path(folder) / "frames.npy"), model]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def _frames(clip: Path) -> np.ndarray:
    """Frames as the segment pass decodes them for dashcam-lite: fitted into 768x448."""
    with av.open(str(clip)) as source:
        stream = source.streams.video[0]
        scale = min(768 / stream.width, 448 / stream.height, 1.0)
        size = {"width": round(stream.width * scale), "height": round(stream.height * scale)}
        frames = [
            frame.to_ndarray(format="rgb24", **size)
            for frame, _ in zip(source.decode(stream), range(_BARE_FRAMES), strict=False)
        ]
    return np.stack(frames)


def whole_command(clip: Path, out: Path, model: str, workers: str) -> dict[str, Any]:
    """Seconds of the command, from its own events, and the memory of its processes."""
    words = [str(clip), str(out), "--model", model, "--workers", workers, "--progress", "json"]
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", *words], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    peaks = [0]
    watcher = threading.Thread(target=_watch, args=(process, peaks), daemon=True)
    watcher.start()
    times: dict[str, float] = {}
    events: dict[str, dict[str, Any]] = {}
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("{"):
            event = json.loads(line)
            times.setdefault(event["event"], time.perf_counter() - began)
            events[event["event"]] = event
    if process.wait() != 0:
        raise SystemExit(f"the command failed with exit code {process.returncode}")
    made = events["made"]
    busy = made["busy_seconds"]
    total = sum(busy[name] for name in ("segment", "track", "render", "mux"))
    return {
        "frames": made["frames"],
        "start_seconds": round(times["ready"], 2),
        "whole_seconds": round(time.perf_counter() - began, 2),
        "frames_per_second_after_start": round(made["frames"] / (times["made"] - times["ready"]), 2),
        "share_of_busy_time": {
            name: round(busy[name] / total, 3) for name in ("segment", "track", "render", "mux")
        },
        "peak_memory_mb": round(peaks[0] / 1e6),
    }


def _watch(process: subprocess.Popen[str], peaks: list[int]) -> None:
    """Keep the greatest memory of the process and all it has started; pages they share count once."""
    while process.poll() is None:
        peaks[0] = max(peaks[0], sum(_memory(pid) for pid in _family(process.pid)))
        time.sleep(_SAMPLE_SECONDS)


def _family(root: int) -> set[int]:
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has just ended
    family = {root}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return family


def _memory(pid: int) -> int:
    """Proportional set size, in bytes."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0  # it has just ended
    return 0


if __name__ == "__main__":
    sys.exit(main())
