"""All that is open about a GPU, answered by one command in under 8 minutes.

    python benchmarks/gpu.py [--clip CLIP] [--references FOLDER] [--parts NAME,...] [--device cpu] [--minutes 7.5]

Each part has a process and a limit of its own; what it found before its end counts, and one that cannot run says why:

    machine               the GPU, its driver, and what is installed
    network BACKEND       milliseconds a frame by batch under XLA, and memory
    video BACKEND         a whole command: frames a second, each pass's seconds, which of them is the wall, memory
    parity BACKEND        what is found there, in float32 and bfloat16, against this machine's CPU; with --references, a
                          folder with KIND.npz, KIND.pth or KIND.h5, and frame.png, against the sources' own outputs
    decode DECODER        frames a second of FFmpeg's decoder and of NVDEC, as RGB in the network's size
    encode ENCODER        frames a second of x264 and of NVENC
    video BACKEND nvenc   the whole command with NVENC

It needs what the product needs; where JAX sees the GPU, TensorFlow, OpenVINO and Ray may be missing. Prints tables, and
writes all to benchmarks/results/gpu.json after each part.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import av
import numpy as np
from machine import RESULTS, ROOT, gpus, machine, write
from whole_command import Whole, loop, whole_command

Facts = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What is measured.

    networks : (name, precision, batches, (height, width) of the frame), the most telling first, since what does not get
    done in time is left out. frames : that are decoded, encoded. pictures : that are compared. film_seconds : of the
    whole command. seconds : of each timing.
    """

    clip: str
    references: str | None = None
    device: str = "gpu"
    networks: tuple[tuple[str, str, tuple[int, ...], tuple[int, int]], ...] = (
        ("dashcam-lite", "bfloat16", (8, 1, 32), (720, 1280)),
        ("r50", "bfloat16", (8, 1), (800, 1344)),
        ("dashcam-lite", "float32", (8,), (720, 1280)),
    )
    frames: int = 96
    pictures: int = 4
    film_seconds: float = 40.0
    seconds: float = 2.0


@dataclass(frozen=True)
class Part:
    """One question. run : yields facts as they are found. limit : seconds. backend : of Keras."""

    run: Callable[[Asked], Iterator[Facts]]
    limit: float
    backend: str = "jax"


@dataclass
class Answer:
    """What a part found. why_not : for which it could not run, or not to its end; else empty."""

    facts: list[Facts] = field(default_factory=list)
    why_not: str = ""
    seconds: float = 0.0


def about_machine(asked: Asked) -> Iterator[Facts]:
    """One row."""
    del asked
    yield {key: str(value) for key, value in machine().items()}


def network(asked: Asked) -> Iterator[Facts]:
    """A row for each network, precision and batch."""
    from network import Asked as How
    from network import measured

    for name, precision, batches, size in asked.networks:
        how = How(asked.device, precision, batches, size, asked.seconds)
        for row in measured(name, os.environ["KERAS_BACKEND"], how):
            yield {**asdict(row), "gpu_mb": " ".join(gpus("memory.used")) or None}


def parity(asked: Asked) -> Iterator[Facts]:
    """A row for each number format, against the CPU; and one for each reference."""
    from parity import partners

    with tempfile.TemporaryDirectory() as folder:
        # In a process of its own: a backend has one device for all.
        there = Path(folder) / "found.npz"
        here = {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
        subprocess.run(
            _child(f"gpu.{save_found.__name__}(gpu.{asked!r}, {str(there)!r})"), env=here, check=True
        )
        with np.load(there) as file:
            expected = [
                {name: file[f"{name} {number}"] for name in _COLUMNS} for number in range(asked.pictures)
            ]
    for precision in ("float32", "bfloat16"):
        ours = found_in(asked, asked.device, precision)
        met = [
            partners(here, there["boxes"], {**there, "labels": there["class_ids"]})
            for here, there in zip(ours, expected, strict=True)
        ]
        distances = np.array([(0.0, 0.0), *(one for picture in met for one in picture)])
        yield {
            "against": "this machine's CPU in float32", "precision": precision,
            "found": sum(map(len, ours)), "there": sum(len(there["scores"]) for there in expected),
            "partners": sum(map(len, met)), "scores apart": float(distances[:, 0].max()),
            "masks apart": float(distances[:, 1].max()),
        }  # fmt: skip
    yield from _references(asked)


_COLUMNS = ("boxes", "scores", "class_ids", "roi_masks")


def save_found(asked: Asked, path: str) -> None:
    """What is found on the CPU in float32, as a file."""
    found = enumerate(found_in(asked, "cpu", "float32"))
    np.savez(path, **{f"{name} {n}": getattr(one, name) for n, one in found for name in _COLUMNS})


def found_in(asked: Asked, device: str, precision: str) -> list[Any]:
    """The detections of frames of the clip, a second apart."""
    from pipeline.networks.registry import load
    from pipeline.networks.settings import LoadSettings

    network = load(asked.networks[0][0], LoadSettings(device, "tensorflow", precision, batch=1, film=True))
    return [network.segment(picture[None])[0] for picture in pictures(asked, 25)[: asked.pictures]]


def pictures(asked: Asked, every: int) -> list[Any]:
    """Every so many frames of the clip, in the size that dashcam-lite takes 16:9 in."""
    with av.open(asked.clip) as source:
        frames = enumerate(source.decode(video=0))
        return [
            frame.to_ndarray(format="rgb24", width=768, height=432) for n, frame in frames if n % every == 0
        ]


def _references(asked: Asked) -> Iterator[Facts]:
    """What parity.py says of each checkpoint of the folder."""
    for reference in sorted(Path(asked.references).glob("*.npz")) if asked.references else ():
        for checkpoint in (path for path in map(reference.with_suffix, (".pth", ".h5")) if path.is_file()):
            picture = reference.with_name("frame.png")
            words = [str(ROOT / "benchmarks" / "parity.py"), reference.stem, str(checkpoint), str(reference)]
            highest = {**os.environ, "JAX_DEFAULT_MATMUL_PRECISION": "highest"}
            done = subprocess.run(
                [sys.executable, *words, str(picture)],
                env=highest,
                capture_output=True,
                text=True,
                check=False,
            )
            said = (done.stdout or done.stderr).strip().splitlines()
            yield {"against": reference.stem, "precision": "float32", "says": said[-1:]}
            yield from ({"against": reference.stem, "says": line} for line in said[:-1])


def video(asked: Asked, *options: str) -> Iterator[Facts]:
    """One row."""
    with tempfile.TemporaryDirectory() as folder:
        film = loop(Path(asked.clip), Path(folder) / "film.mp4", asked.film_seconds)
        words = [str(film), str(Path(folder) / "out.mp4"), "--device", asked.device, *options]
        run = whole_command(words)
    yield {
        "frames": run.frames, "frames/s after the start": run.rate, "start s": run.first_seconds,
        **{f"{name} s": seconds for name, seconds in run.busy_seconds.items()},
        "wall": wall_of(run), "MB": run.peak_mb, "GPU MB": run.gpu_mb,
    }  # fmt: skip


def wall_of(run: Whole) -> str:
    """The pass whose workers were busy for the greatest share of the time."""
    cores = len(os.sched_getaffinity(0))
    at_once = {"render": cores, "segment": 2 if run.gpu_mb is not None else 1}
    return max(run.busy_seconds, key=lambda name: run.busy_seconds[name] / at_once.get(name, 1))


def decode(asked: Asked, decoder: str) -> Iterator[Facts]:
    """One row: a thread that decodes, scales and converts as the segment pass does."""
    from av.codec.hwaccel import HWAccel

    hardware = HWAccel("cuda", allow_software_fallback=False) if decoder == "NVDEC" else None
    with av.open(asked.clip, hwaccel=hardware) as source:
        began, cpu, count = time.perf_counter(), time.process_time(), 0
        source.streams.video[0].thread_count = 1
        for frame in source.decode(video=0):
            frame.to_ndarray(format="rgb24", width=768, height=432)
            count += 1
            if count == asked.frames:
                break
        seconds = time.perf_counter() - began
    yield {"frames/s": count / seconds, "CPU ms": 1e3 * (time.process_time() - cpu) / count, "frames": count}


def encode(asked: Asked, encoder: str) -> Iterator[Facts]:
    """One row: the clip's first frames, in memory already, with one thread, as the render pass encodes a chunk."""
    from pipeline.video.read.decode import decode_yuv
    from pipeline.video.read.plan import plan
    from pipeline.video.read.probe import probe
    from pipeline.video.settings import EncodeSettings
    from pipeline.video.write.encode import encode_part
    from pipeline.video.write.encoders import probe_encoder

    info = probe(Path(asked.clip))
    found = probe_encoder(info, EncodeSettings(encoder))
    chunk = plan(info, asked.frames)[0]
    frames = [one.picture for one in decode_yuv(info, chunk)]
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder) / "part.mp4"
        began, cpu = time.perf_counter(), time.process_time()
        encode_part(part, frames, info, chunk, found)
        seconds, size = time.perf_counter() - began, part.stat().st_size
    yield {
        "frames/s": len(frames) / seconds, "CPU ms": 1e3 * (time.process_time() - cpu) / len(frames),
        "kB a frame": size / 1e3 / len(frames),
    }  # fmt: skip


PARTS = {
    "machine": Part(about_machine, 30),
    "network jax": Part(network, 120),
    "video jax": Part(video, 90),
    "parity jax": Part(parity, 120),
    **{f"decode {name}": Part(partial(decode, decoder=name), 20) for name in ("software", "NVDEC")},
    **{
        f"encode {name}": Part(partial(encode, encoder=name), 20)
        for name in ("libx264", "h264_nvenc", "hevc_nvenc")
    },
    "video jax nvenc": Part(lambda asked: video(asked, "--encoder", "h264_nvenc"), 60),
    "network tensorflow": Part(network, 90, "tensorflow"),
    "video tensorflow": Part(video, 60, "tensorflow"),
    "parity tensorflow": Part(parity, 60, "tensorflow"),
}

#: The first line of an exception, below its traceback.
_EXCEPTION = re.compile(r"[\w.]+(Error|Exception|Exit)\b")

#: What a part's process puts before each of its facts.
_MARK = "fact "


def say(name: str, asked: Asked) -> None:
    """Run a part in this process, and print its facts as they are found."""
    for facts in PARTS[name].run(asked):
        print(f"{_MARK}{json.dumps(facts, default=str)}", flush=True)


def _child(code: str) -> list[str]:
    """The words of a process that runs `code`, with this module."""
    return [
        sys.executable,
        "-c",
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import gpu; {code}",
    ]


def answer_of(code: str, limit: float, backend: str = "jax") -> Answer:
    """What a process says that runs `code`; it is ended after `limit` seconds, with all that it has started."""
    environment = {**os.environ, "KERAS_BACKEND": backend, "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    environment["TF_CPP_MIN_LOG_LEVEL"] = "3"
    began, answer = time.monotonic(), Answer()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            _child(code), stdout=out, stderr=complaints, env=environment, start_new_session=True
        )
        try:
            code_of_end = process.wait(limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            answer.why_not = f"it was stopped after {limit:.3g} s"
        else:
            complaints.seek(0)
            if code_of_end:
                answer.why_not = (
                    _reason(complaints.read().splitlines()) or f"its process ended with {code_of_end}"
                )
        out.seek(0)
        answer.facts = [json.loads(line[len(_MARK) :]) for line in out if line.startswith(_MARK)]
    answer.seconds = time.monotonic() - began
    return answer


def _reason(lines: Sequence[str]) -> str:
    """The exception at the end of what a process has written, which can have several lines."""
    begin = max((n for n, line in enumerate(lines) if _EXCEPTION.match(line)), default=len(lines) - 1)
    return " ".join(line.strip() for line in lines[max(begin, 0) :])


def main() -> int:
    """Exit code 0, whatever could be measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clip", type=Path, default=ROOT / "sample_videos" / "drive.mp4")
    parser.add_argument("--references", type=Path)
    parser.add_argument("--parts", default=",".join(PARTS), help="some of the parts, with commas")
    parser.add_argument("--device", default="gpu", choices=("gpu", "cpu"), help="cpu: try it without one")
    parser.add_argument("--minutes", type=float, default=7.5, help="for all parts")
    arguments = parser.parse_args()
    references = arguments.references and str(arguments.references.absolute())
    asked = Asked(str(arguments.clip.absolute()), references, arguments.device)
    end, answers = time.monotonic() + 60 * arguments.minutes, dict[str, Answer]()
    for name in arguments.parts.split(","):
        part, left = PARTS[name], end - time.monotonic()
        answers[name] = (
            answer_of(f"gpu.say({name!r}, gpu.{asked!r})", min(part.limit, left), part.backend)
            if left > 1
            else Answer(why_not="no time was left")
        )
        show(name, answers[name])
        write(RESULTS / "gpu.json", {name: asdict(answer) for name, answer in answers.items()})
    return 0


def show(name: str, answer: Answer) -> None:
    """The part's table, and why there is no more of it."""
    print(f"\n## {name} ({answer.seconds:.0f} s)\n")
    for columns, rows in _tables(answer.facts):
        print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
        for row in rows:
            print(f"| {' | '.join(_cell(row[column]) for column in columns)} |")
    if answer.why_not:
        print(f"{'no more' if answer.facts else 'not available'}: {answer.why_not}")
    sys.stdout.flush()


def _tables(facts: Sequence[Facts]) -> Iterator[tuple[list[str], list[Facts]]]:
    """Rows of the same columns that follow each other."""
    for columns, rows in itertools.groupby(facts, key=list):
        yield columns, list(rows)


def _cell(value: Any) -> str:
    return "-" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    sys.exit(main())
