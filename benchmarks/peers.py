"""Whole commands, video to video, beside other people's: `python benchmarks/peers.py CLIP --peer-python PATH`.

PATH is the Python of an environment of its own with ultralytics (and openvino, onnxruntime): an optional download. Its
network is yolo11n-seg with random weights, which cost what trained ones cost. All take turns; each row is printed when
it is there, then a table of medians, which is written with the CPU's features to benchmarks/results/peers.json.

`start` ends with the first frame of a peer, and of ours when the network is loaded; `frames/s` are those behind it.
--isa AVX2 keeps OpenVINO, ours and the peer's, and PyTorch from wider instructions; ONNX Runtime cannot be kept.
OpenVINO takes bfloat16 by itself on a CPU that has it: slower on Intel's without AMX, and under --isa AVX2 an error. So
the peer has a row in float32 too.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from statistics import median

from machine import RESULTS, machine, write
from whole_command import Memory, Whole, whole_command

from pipeline.video.read.probe import probe

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
    "yolo11n-seg, OpenVINO float32": "openvino float32",
}

#: Exports the peer's network once, and runs it over a video as its users do; says when the first frame is through.
PEER = """
import sys, pathlib
kind, clip, out, cache = sys.argv[1:5]
kind, _, precision = kind.partition(" ")
from ultralytics import YOLO
if precision:
    from openvino import Core
    compiled = Core.compile_model
    Core.compile_model = lambda core, model, device_name=None, config=None: compiled(
        core, model, device_name, {**(config or {}), "INFERENCE_PRECISION_HINT": "f32"})
made = pathlib.Path(cache, {"torch": "yolo11n-seg.pt", "onnx": "yolo11n-seg.onnx",
                            "openvino": "yolo11n-seg_openvino_model"}[kind])
if not made.exists():
    start = pathlib.Path(cache, "yolo11n-seg.pt")
    network = YOLO("yolo11n-seg.yaml", task="segment") if not start.exists() else YOLO(start)
    network.save(start)
    if kind != "torch":
        YOLO(start).export(format=kind, imgsz=640)
first = pathlib.Path(out, "first")
for _ in YOLO(made, task="segment").predict(clip, stream=True, save=True, project=out, name="run", imgsz=640,
                                            device="cpu", verbose=False):
    first.exists() or first.touch()
"""

#: By --isa, what limits each library's own kernels; ATen's are PyTorch's.
ISA = {"AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2", "DNNL_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}}


@dataclass(frozen=True)
class Row:
    """Medians of one command.

    peak_mb : of the whole tree of processes. sound, times : are they the source's? None where the source has no sound.
    """

    name: str
    seconds: float
    start: float
    rate: float
    peak_mb: float
    output_mb: float
    sound: bool | None
    times: bool


def main() -> int:
    """0 if every command ended well."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", type=Path)
    parser.add_argument("--peer-python", type=Path, help="Python of an environment with ultralytics")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--isa", choices=ISA, help="the widest instructions that libraries may use")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="some of the commands")
    arguments = parser.parse_args()
    os.environ.update(ISA.get(arguments.isa, {}))
    rows: dict[str, list[Row]] = {}
    with tempfile.TemporaryDirectory(prefix="peers-") as folder:
        there = [*OURS, *(PEERS if arguments.peer_python else ())]
        names = [name for name in there if name in (arguments.only or there)]
        for turn in range(arguments.repeats + 1):  # the first warms caches and makes exports
            for name in names:
                row = run(name, arguments.clip.absolute(), Path(folder), arguments.peer_python)
                if turn:
                    rows.setdefault(name, []).append(row)
                    print(line(row), flush=True)
    table = [middle(all_of) for all_of in rows.values()]
    print("\n| | seconds | start s | frames/s after it | peak MB | output MB | sound | times |")
    print("|---|---|---|---|---|---|---|---|")
    for row in table:
        print(line(row))
    found = {"machine": machine(), "isa": arguments.isa, "rows": [asdict(row) for row in table]}
    write(RESULTS / "peers.json", found)
    print(f"machine: {found['machine']}")
    return 0


def run(name: str, clip: Path, folder: Path, peer: Path | None) -> Row:
    """One turn of one command."""
    out = folder / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    if name in OURS:
        whole = whole_command([str(clip), str(out / "out.mp4"), *OURS[name]])
    else:
        whole = run_peer([str(peer), "-c", PEER, PEERS[name]], clip, out, folder / "cache")
    made = next(path for path in out.rglob("*") if path.suffix in (".mp4", ".avi"))
    before, after = probe(clip), probe(made)
    whole = replace(whole, frames=before.frame_count)
    has_sound = [any(stream.kind == "audio" for stream in one.streams) for one in (before, after)]
    sound = has_sound[1] if has_sound[0] else None
    times = [float(before.seconds(n)) for n in range(before.frame_count)] == [
        float(after.seconds(n)) for n in range(after.frame_count)
    ]
    size = made.stat().st_size / 1e6
    return Row(name, whole.seconds, whole.first_seconds, whole.rate, whole.peak_mb, size, sound, times)


def run_peer(words: list[str], clip: Path, out: Path, cache: Path) -> Whole:
    """The peer's run; the cache keeps its network and exports."""
    cache.mkdir(exist_ok=True)
    began, began_at = time.perf_counter(), time.time()
    with (out / "log").open("wb") as log:
        process = subprocess.Popen(
            [*words, str(clip), str(out), str(cache)], cwd=cache, stdout=log, stderr=log
        )
        memory = Memory(process)
        process.wait()
    seconds = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{words[-1]} failed:\n{(out / 'log').read_text()[-2000:]}")
    first = (out / "first").stat().st_mtime - began_at
    return Whole(0, seconds, first, memory.peak_mb)


def middle(rows: list[Row]) -> Row:
    """The row of medians."""
    numbers = [field.name for field in fields(Row) if field.type == "float"]
    return replace(rows[0], **{name: median(getattr(row, name) for row in rows) for name in numbers})


def line(row: Row) -> str:
    """The row as a line of the table."""
    words = {True: "kept", False: "lost", None: "-"}
    kept = " | ".join(words[is_kept] for is_kept in (row.sound, row.times))
    return (
        f"| {row.name} | {row.seconds:.1f} | {row.start:.1f} | {row.rate:.1f} | {row.peak_mb:.0f} | "
        f"{row.output_mb:.1f} | {kept} |"
    )


if __name__ == "__main__":
    sys.exit(main())
