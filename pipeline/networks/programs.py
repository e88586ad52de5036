"""Find the programs of a network's stages: in the package, in this machine's cache, or converted by another process."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path

from pipeline import errors
from pipeline.errors import WeightsError
from pipeline.model.staged.program_file import RELEASE, Graphs, read_program
from pipeline.networks.devices import version_of
from pipeline.networks.program_cache import ProgramCache
from pipeline.networks.source import NetworkSource
from pipeline.weights.catalog import DATA
from pipeline.weights.digest import weights_digest

Canvas = tuple[int, int]

#: The child process uses the parent's module search path, so that both run the same package.
_CHILD = """
import json, sys
asked = json.loads(sys.stdin.readline())
sys.path[:] = asked.pop("search")
from pipeline.networks.convert_program import answer
answer(**asked)
"""


def find_int8_program(source: NetworkSource, canvas: Canvas) -> Graphs:
    """The network's 8-bit graphs, which are shipped with it. Raises WeightsError if there are none."""
    path = int8_path(source)
    graphs = None if path is None else read_program(path, program_facts(source, canvas, "int8"))
    if graphs is None:
        raise WeightsError(f"{source.model} has no 8-bit program.", do="leave out the precision")
    return graphs


def find_program(source: NetworkSource, canvas: Canvas) -> Graphs:
    """The graphs of the network's stages for a canvas of (height, width) px.

    Raises WeightsError if the weights cannot be converted, WriteError if the result cannot be stored.
    """
    facts = program_facts(source, canvas)
    shipped = shipped_path(source, canvas)
    if shipped is not None and shipped.is_file():
        graphs = read_program(shipped, facts)
        if graphs is not None:
            return graphs
    cache = ProgramCache.at()
    path = cache.path(_name(facts))
    if (graphs := cache.read(path, facts)) is not None:
        return graphs
    cache.create()
    from filelock import FileLock  # needed once; it brings asyncio along

    with FileLock(path.with_suffix(".lock")):
        if (graphs := cache.read(path, facts)) is None:
            _convert(source, canvas, facts, path)
            graphs = cache.read(path, facts)
            cache.prune(keep=path)
    if graphs is None:
        raise WeightsError(f"The program of {source.model} was converted, but is missing.", found=str(path))
    return graphs


def program_facts(source: NetworkSource, canvas: Canvas, numbers: str | None = None) -> dict[str, object]:
    """The facts that identify a program: the SHA-256 of the weights, the canvas, and the release of the graphs.

    numbers : `int8` for 8-bit graphs.
    """
    facts = {"weights": weights_digest(str(source.path())), "canvas": list(canvas), "release": RELEASE}
    return facts if numbers is None else {**facts, "numbers": numbers}


def shipped_path(source: NetworkSource, canvas: Canvas, numbers: str | None = None) -> Path | None:
    """Path of the program shipped with a network, for the canvas of its training; None for other networks.

    numbers : as for `program_facts`.
    """
    weights = source.known_path()
    if weights is None or weights.parent != DATA:
        return None
    parts = weights.stem, f"{canvas[1]}x{canvas[0]}", numbers, "program"
    return weights.with_name(".".join(part for part in parts if part is not None))


def int8_path(source: NetworkSource) -> Path | None:
    """The file of the network's 8-bit program; None if it has none."""
    canvas = None if source.entry is None else source.entry.input_size
    path = None if canvas is None else shipped_path(source, canvas, "int8")
    return path if path is not None and path.is_file() else None


def _name(facts: dict[str, object]) -> str:
    """A name that depends on the facts and on the versions of the converting packages."""
    versions = [version_of(package) for package in ("openvino", "tensorflow", "keras")]
    return hashlib.sha256(json.dumps([facts, versions]).encode()).hexdigest()[:32]


def _convert(source: NetworkSource, canvas: Canvas, facts: dict[str, object], path: Path) -> None:
    """Write the program in a process of its own, which frees TensorFlow and 900 MB when it ends."""
    asked = {
        "search": sys.path,
        "weights": str(source.path()),
        "kind": source.kind,
        "canvas": canvas,
        "facts": facts,
        "path": str(path),
    }
    done = subprocess.run(  # noqa: S603 - our own interpreter and text
        [sys.executable, "-c", _CHILD], input=json.dumps(asked).encode(), capture_output=True, check=False
    )
    if done.returncode == 0:
        return
    # The child sends its error as its last output; anything else is a crash.
    _, mark, sent = done.stdout.rpartition(b"\nerror ")
    if mark:
        kind, what, found, do = json.loads(sent)
        raise vars(errors)[kind](what, found=found, do=do)
    said = done.stderr.decode(errors="replace").strip().splitlines()
    raise WeightsError(
        f"{source.model} cannot be converted for OpenVINO.",
        found=said[-1] if said else "a crash",
        do="use the runtime tensorflow",
    )
