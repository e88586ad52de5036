"""Long runs and load: `python benchmarks/soak.py CLIP` writes benchmarks/results/soak.json and a table.

Four loads: one long video (the clip at 1080p, repeated without decoding), a folder of short clips, several commands
side by side, and a run that is killed at random moments and started again. Figures: frames lost, peak and last
memory, open files, time, and what is left of files and processes. Exit code 1 if a frame was lost, an output is not
its source plus masks, or anything was left. --small takes minutes, --cheap a network that costs nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from machine import RESULTS, ROOT, machine, write
from memory import scaled
from whole_command import family, loop, memory

REAL = [sys.executable, "-m", "pipeline.cli"]
CHEAP = [sys.executable, str(ROOT / "tests" / "driver.py")]
SAMPLE_SECONDS = 0.5
#: Two helpers of Ray's notice only after a minute that the command they belong to was killed.
FAREWELL_SECONDS = 90.0
#: Names that a run's own files in the temporary folder begin with.
OWN = ("seg-video", "ray")


@dataclass
class Load:
    """Time, memory and leftovers of a load.

    frames : of its videos. lost : frames of the source that the outputs do not have. unproved : outputs that
    `verify --quick` does not accept. memory in MB of all processes, shared pages once; open files of all.
    left_files : there after the end, and not before. left_processes : there a minute and a half after the
    end; farewell_seconds : how long the last one stayed. failed : commands that ended with another exit code
    than they should.
    """

    name: str
    videos: int
    frames: int = 0
    lost: int = 0
    unproved: int = 0
    seconds: float = 0.0
    peak_mb: int = 0
    last_mb: int = 0
    peak_open_files: int = 0
    last_open_files: int = 0
    left_files: list[str] = field(default_factory=list)
    left_processes: int = 0
    farewell_seconds: float = 0.0
    failed: int = 0
    kills: int = 0

    @property
    def is_clean(self) -> bool:
        """True if nothing was lost, left or refused."""
        faults = (self.lost, self.unproved, self.left_files, self.left_processes, self.failed)
        return not any(faults)


class Watch:
    """Samples memory and open files of processes and all they start, until they have ended."""

    def __init__(self, load: Load, processes: Sequence[subprocess.Popen[bytes]], seen: set[int]) -> None:
        self._load, self._processes, self._seen = load, processes, seen
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join()

    def _watch(self) -> None:
        while any(process.poll() is None for process in self._processes):
            members = set().union(*(family(process.pid) for process in self._processes))
            self._seen |= members
            load, used, files = self._load, sum(map(memory, members)) >> 20, sum(map(open_files, members))
            load.peak_mb, load.peak_open_files = max(load.peak_mb, used), max(load.peak_open_files, files)
            if used:
                load.last_mb, load.last_open_files = used, files
            time.sleep(SAMPLE_SECONDS)


def main() -> int:
    """0 if every load was clean."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path, help="real footage")
    parser.add_argument("--short", type=Path, help="footage of the short clips (the same)")
    parser.add_argument("--minutes", type=float, default=60.0, help="length of the long video (60)")
    parser.add_argument("--fps", type=int, help="frames a second to thin the long video out to (the clip's)")
    parser.add_argument("--clips", type=int, default=200, help="short clips in the folder (200)")
    parser.add_argument("--side", type=int, default=4, help="commands side by side (4)")
    parser.add_argument("--kills", type=int, default=20, help="times that a run is killed (20)")
    parser.add_argument("--small", action="store_true", help="10 s, 6 clips, 2 side by side, 5 kills")
    parser.add_argument("--cheap", action="store_true", help="a network that costs nothing, without Ray")
    arguments = parser.parse_args()
    if arguments.small:
        arguments.minutes, arguments.clips, arguments.side, arguments.kills = 1 / 6, 6, 2, 5
    command = [*CHEAP] if arguments.cheap else [*REAL]
    more = ["--workers", "0", "--preset", "ultrafast"] if arguments.cheap else []
    with tempfile.TemporaryDirectory(prefix="soak-") as folder:
        loads = []
        for load in soak(arguments, command, more, Path(folder)):
            loads.append(load)
            keep(loads, arguments)  # after each: the next may take an hour
    show(loads)
    return 0 if all(load.is_clean for load in loads) else 1


def soak(arguments: argparse.Namespace, command: list[str], more: list[str], folder: Path) -> Iterator[Load]:
    """The four loads, one after the other."""
    large = scaled(arguments.clip, folder / "large.mp4", arguments.fps)
    long = loop(large, folder / "long.mp4", 60 * arguments.minutes)
    (folder / "clips").mkdir()
    first = loop(arguments.short or arguments.clip, folder / "clips" / "000.mp4", 1.0)
    clips = [first]
    for number in range(1, arguments.clips):
        clips.append(first.with_name(f"{number:03}.mp4"))
        os.link(first, clips[-1])
    run = Runner(command, more, folder)
    side = [([first], folder / f"side{number}") for number in range(arguments.side)]
    torn = loop(arguments.clip, folder / "killed.mp4", min(20.0, 12 * arguments.minutes))
    yield run.together(f"{len(clips)} clips in one command", [(clips, folder / "batch")])
    yield run.together(f"{arguments.side} commands side by side", side)
    yield run.killed(f"killed {arguments.kills} times", torn, arguments.kills)
    yield run.together(f"{arguments.minutes:.3g} minutes of 1080p", [([long], folder / "long")])


class Runner:
    """Runs the command line and looks at what it leaves."""

    def __init__(self, command: list[str], more: list[str], folder: Path) -> None:
        self._command, self._more, self._folder = command, more, folder

    def together(self, name: str, jobs: Sequence[tuple[list[Path], Path]]) -> Load:
        """Commands at the same time, each with its inputs and its folder for outputs."""
        load = Load(name, sum(len(sources) for sources, _ in jobs))
        before = temporary_files()
        began = time.monotonic()
        processes = [self._start(sources, out) for sources, out in jobs]
        seen: set[int] = set()
        with Watch(load, processes, seen):
            for process in processes:
                load.failed += process.wait() != 0
        load.seconds = round(time.monotonic() - began, 1)
        farewell(load, seen)
        for sources, out in jobs:
            self._judge(load, sources, out)
        load.left_files += sorted(temporary_files() - before)
        return load

    def killed(self, name: str, source: Path, kills: int) -> Load:
        """Runs that are killed at random moments and started again until they end, against one left alone.

        A run that goes on has less and less to do, so several share the kills.
        """
        load = Load(name, 0)
        seen: set[int] = set()
        whole = self.together("uninterrupted", [([source], self._folder / "whole")])
        same = digest(output_of(source, self._folder / "whole"))
        before, began = temporary_files(), time.monotonic()
        chance = random.Random(0)  # noqa: S311
        while load.kills < kills:
            out = self._folder / f"torn{load.videos}"
            load.videos += 1
            limit = chance.uniform(0.1, 0.7) * whole.seconds
            while not self._ends(load, source, out, limit if load.kills < kills else None, seen):
                load.kills += 1
                limit = chance.uniform(0.1, 0.7) * whole.seconds
            self._judge(load, [source], out)
            load.unproved += digest(output_of(source, out)) != same
        load.seconds = round(time.monotonic() - began, 1)
        farewell(load, seen)
        load.left_files += sorted(temporary_files() - before)
        return load

    def _ends(self, load: Load, source: Path, out: Path, limit: float | None, seen: set[int]) -> bool:
        """True if the command ended by itself within so many seconds; otherwise it is killed."""
        process = self._start([source], out)
        with Watch(load, [process], seen):
            try:
                load.failed += process.wait(timeout=limit) != 0
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                return False
        return True

    def _start(self, sources: list[Path], out: Path) -> subprocess.Popen[bytes]:
        words = [*map(str, sources), "--output", f"{out}/", "--quiet", *self._more]
        return subprocess.Popen([*self._command, "run", *words], cwd=ROOT)

    def _judge(self, load: Load, sources: list[Path], out: Path) -> None:
        """Count the frames of each output against its source, and what lies beside them."""
        for source in sources:
            words = ["verify", str(source), str(output_of(source, out)), "--quick", "--json"]
            done = subprocess.run([*self._command, *words], cwd=ROOT, capture_output=True, text=True)
            if done.returncode not in (0, 1):
                load.unproved += 1
                continue
            proof = json.loads(done.stdout)
            frames = next(check for check in proof["checks"] if check["name"] == "frames")
            load.frames += int(frames["source"])
            load.lost += int(frames["source"]) - int(frames["output"])
            load.unproved += not proof["holds"]
        wanted = {output_of(source, out).name for source in sources}
        wanted |= {f"{name}.seg-run" for name in wanted}
        load.left_files += sorted(path.name for path in out.iterdir() if path.name not in wanted)
        load.left_files += sorted(str(path) for path in out.glob("*.seg-run/work"))


def output_of(source: Path, out: Path) -> Path:
    """Path of the command's output for a source."""
    return out / f"{source.stem}_seg.mp4"


def temporary_files() -> set[str]:
    """Files in the temporary folder under a name of ours or of Ray's."""
    folder = Path(tempfile.gettempdir())
    found = {entry.name for entry in folder.iterdir() if entry.name.startswith(OWN)}
    ray = folder / "ray"
    return found | ({f"ray/{entry.name}" for entry in ray.iterdir()} if ray.is_dir() else set())


def open_files(pid: int) -> int:
    """Number of descriptors of a process; 0 if it has just ended."""
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208
    except OSError:
        return 0


def farewell(load: Load, seen: set[int]) -> None:
    """Wait until all processes of a load have ended; keep how long that took, and how many did not."""
    began = time.monotonic()
    while (left := sum(map(alive, seen))) and time.monotonic() - began < FAREWELL_SECONDS:
        time.sleep(SAMPLE_SECONDS)
    load.left_processes, load.farewell_seconds = left, round(time.monotonic() - began, 1)


def alive(pid: int) -> bool:
    """True if the process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def digest(path: Path) -> str:
    """SHA-256 of a file; of nothing if it is not there."""
    return hashlib.sha256(path.read_bytes() if path.exists() else b"").hexdigest()


def keep(loads: Sequence[Load], arguments: argparse.Namespace) -> None:
    """Write the figures so far."""
    network = "bright squares (costs nothing)" if arguments.cheap else "dashcam-lite"
    found = {
        "machine": machine(),
        "network": network,
        "fps": arguments.fps,
        "loads": [asdict(load) for load in loads],
    }
    write(RESULTS / "soak.json", found)


def show(loads: Sequence[Load]) -> None:
    """The figures as a table."""
    print("| load | videos | frames | lost | not proved | seconds | peak MB | last MB | open files | left |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for load in loads:
        left = len(load.left_files) + load.left_processes
        print(
            f"| {load.name} | {load.videos} | {load.frames} | {load.lost} | {load.unproved} | {load.seconds} | "
            f"{load.peak_mb} | {load.last_mb} | {load.peak_open_files} | {left} |"
        )


if __name__ == "__main__":
    sys.exit(main())
