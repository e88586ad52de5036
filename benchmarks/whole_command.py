"""A whole command, video to video, from outside: its seconds, by pass, and the memory of its processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from machine import ROOT, gpus

#: Looking through all processes costs some 5 ms, asking NVIDIA's driver more.
_SAMPLE_SECONDS, _GPU_SAMPLE_SECONDS = 0.25, 1.0


@dataclass(frozen=True)
class Whole:
    """One run of a command.

    seconds : of all of it. first_seconds : until it says that the first frame, or the network, is there. rate : frames
    a second behind that. busy_seconds : of each pass, all of its workers together. peak_mb : of the process and all
    that it started, together (PSS: shared pages are shared out). gpu_mb : of all GPUs, None without one.
    """

    frames: int
    seconds: float
    first_seconds: float
    peak_mb: float
    gpu_mb: float | None = None
    busy_seconds: Mapping[str, float] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Frames a second after the start."""
        return self.frames / (self.seconds - self.first_seconds)


class Memory:
    """The most memory of a process and all that it has started, looked at while it runs."""

    def __init__(self, process: subprocess.Popen[Any]) -> None:
        self.peak_mb, self.gpu_mb = 0.0, None if not gpus("memory.used") else 0.0
        self._process = process
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while self._process.poll() is None:
            self.peak_mb = max(self.peak_mb, sum(memory(pid) for pid in family(self._process.pid)) / 1e6)
            if self.gpu_mb is not None:
                self.gpu_mb = max(self.gpu_mb, sum(map(float, gpus("memory.used"))))
            time.sleep(_SAMPLE_SECONDS if self.gpu_mb is None else _GPU_SAMPLE_SECONDS)


def whole_command(words: Sequence[str], environment: Mapping[str, str] | None = None) -> Whole:
    """Run `seg-video WORDS`, and tell what its own events say. Raises SystemExit where it fails."""
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline", *words, "--progress", "json"],
        cwd=ROOT, env={**os.environ, **(environment or {})}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    watched, events, said = Memory(process), dict[str, Any](), list[str]()
    ready: float | None = None
    assert process.stderr is not None
    for line in process.stderr:
        said.append(line)
        if line.startswith("{"):
            event = json.loads(line)
            events[event["event"]] = event
            if event["event"] == "ready" and ready is None:
                ready = time.perf_counter() - began
    if process.wait() != 0 or "made" not in events or ready is None:
        raise SystemExit(
            f"{' '.join(words)} failed with exit code {process.returncode}:\n{''.join(said[-8:])}"
        )
    seconds = time.perf_counter() - began
    made = events["made"]
    return Whole(made["frames"], seconds, ready, watched.peak_mb, watched.gpu_mb, made["busy_seconds"])


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


def family(root: int) -> set[int]:
    """The process and all that it has started."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue  # it has just ended
    found = {root}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def memory(pid: int) -> int:
    """Proportional set size, in bytes."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        return 0  # it has just ended
    return 0
