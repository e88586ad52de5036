"""Whole commands, video to video, beside other people's: `python benchmarks/peers.py CLIP --peer-python PATH`.

PATH is the Python of an environment of its own with ultralytics (and openvino, onnxruntime): an optional download. Its
network is yolo11n-seg with random weights, which cost what trained ones cost. All take turns. Prints a table of
medians, and writes it with the CPU's features to benchmarks/results/peers.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

import psutil

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pipeline.video.read.probe import probe

RESULTS = Path(__file__).parent / "results" / "peers.json"

OURS = {
    "seg-video": [],
    "seg-video --every 3": ["--every", "3"],
    "seg-video --fast": ["--fast"],
    "seg-video --precision int8": ["--precision", "int8"],
    "seg-video --fast --precision int8": ["--fast", "--precision", "int8"],
}
PEERS = {
    "yolo11n-seg, PyTorch": "torch",
    "yolo11n-seg, ONNX Runtime": "onnx",
    "yolo11n-seg, OpenVINO": "openvino",
}

#: Exports the peer's network once, and runs it over a video as its users do.
PEER = """
import sys, types, pathlib
kind, clip, out, cache = sys.argv[1:5]
from ultralytics import YOLO
made = pathlib.Path(cache, {"torch": "yolo11n-seg.pt", "onnx": "yolo11n-seg.onnx",
                            "openvino": "yolo11n-seg_openvino_model"}[kind])
if not made.exists():
    start = pathlib.Path(cache, "yolo11n-seg.pt")
    network = YOLO("yolo11n-seg.yaml", task="segment") if not start.exists() else YOLO(start)
    network.save(start)
    if kind != "torch":
        YOLO(start).export(format=kind, imgsz=640)
for _ in YOLO(made, task="segment").predict(clip, stream=True, save=True, project=out, name="run", imgsz=640,
                                            device="cpu", verbose=False):
    pass
"""


@dataclass(frozen=True)
class Row:
    """Medians of one command. peak_mb : of the whole tree of processes. sound, times : what became of them."""

    name: str
    seconds: float
    frames_per_second: float
    peak_mb: float
    output_mb: float
    sound: bool
    times: bool


def main() -> int:
    """0 if every command ended well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path)
    parser.add_argument("--peer-python", type=Path, help="Python of an environment with ultralytics")
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()
    rows: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        names = [*OURS, *(PEERS if arguments.peer_python else ())]
        for turn in range(arguments.repeats + 1):  # the first warms caches and makes exports
            for name in names:
                row = run(name, arguments.clip.absolute(), Path(folder), arguments.peer_python)
                if turn:
                    rows.setdefault(name, []).append(row)
    table = [middle(all_of) for all_of in rows.values()]
    for row in table:
        print(
            f"{row.name:34} {row.seconds:7.1f} s  {row.frames_per_second:6.1f} frames/s  {row.peak_mb:6.0f} MB  "
            f"{row.output_mb:5.1f} MB  sound {'kept' if row.sound else 'lost'}  "
            f"times {'kept' if row.times else 'lost'}"
        )
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine(), "rows": [asdict(row) for row in table]}, indent=1))
    print(f"machine: {machine()}")
    return 0


def run(name: str, clip: Path, folder: Path, peer: Path | None) -> Row:
    """One turn of one command."""
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    if name in OURS:
        made = out / "out.mp4"
        words = [sys.executable, "-m", "pipeline", str(clip), str(made), "--quiet", *OURS[name]]
        where = Path(__file__).resolve().parents[1]
    else:
        cache = folder / "cache"
        cache.mkdir(exist_ok=True)
        words, where = [str(peer), "-c", PEER, PEERS[name], str(clip), str(out), str(cache)], cache
    began = time.perf_counter()
    with (out / "log").open("wb") as log:
        process = subprocess.Popen(words, cwd=where, stdout=log, stderr=log)
        peak = watch(process)
    seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{name} failed:\n{(out / 'log').read_text()[-2000:]}")
    made = next(path for path in out.rglob("*") if path.suffix in (".mp4", ".avi"))
    before, after = probe(clip), probe(made)
    sound = any(stream.kind == "audio" for stream in after.streams)
    times = [float(before.seconds(n)) for n in range(before.frame_count)] == [
        float(after.seconds(n)) for n in range(after.frame_count)
    ]
    return Row(name, seconds, before.frame_count / seconds, peak, made.stat().st_size / 1e6, sound, times)


def watch(process: subprocess.Popen[bytes]) -> float:
    """The most memory, in MB, that the process and its children had together (PSS: shared pages are shared out)."""
    peak, root = 0.0, psutil.Process(process.pid)
    while process.poll() is None:
        total = 0
        try:
            for one in (root, *root.children(recursive=True)):
                total += one.memory_full_info().pss
        except psutil.Error:
            continue
        peak = max(peak, total / 1e6)
        time.sleep(0.1)
    return peak


def middle(rows: list[Row]) -> Row:
    """The row of medians."""
    values = {
        key: median(getattr(row, key) for row in rows)
        for key in ("seconds", "frames_per_second", "peak_mb", "output_mb")
    }
    return Row(rows[0].name, **values, sound=rows[0].sound, times=rows[0].times)


def machine() -> dict[str, object]:
    """The CPU, its cores and the features that decide the speed."""
    text = Path("/proc/cpuinfo").read_text()
    flags = next((line.split(":")[1].split() for line in text.splitlines() if line.startswith("flags")), [])
    wanted = ("avx2", "avx512f", "avx512_bf16", "avx512_vnni", "avx_vnni", "amx_bf16")
    return {
        "cpu": next((line.split(":")[1].strip() for line in text.splitlines() if "model name" in line), ""),
        "cores": len(os.sched_getaffinity(0)),
        "features": [flag for flag in wanted if flag in flags],
        "python": platform.python_version(),
    }


if __name__ == "__main__":
    sys.exit(main())
