"""The file of a network's converted stages: OpenVINO's graphs and weights, with a checksum before them.

64 hex digits, a line's end, then an uncompressed zip archive: STAGE.xml and STAGE.bin for each stage, and facts.json,
which says what it was made of. A graph is data for OpenVINO; nothing in it is run as Python.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import WeightsError
from pipeline.files import write_whole

#: Stages of a network, and that of a branch, whose program is a file of its own.
STAGES, BRANCH_STAGE = ("dense", "boxes", "masks"), "classes"

#: Raise it when the graphs that `stages.py` makes, or what goes in and out of them, changes.
RELEASE = 2

#: Graph and weights of each stage by its name.
Graphs = Mapping[str, tuple[bytes, bytes]]

_DIGITS, _FACTS = 64, "facts.json"


def write_program(path: Path, graphs: Graphs, facts: Mapping[str, object]) -> None:
    """Write the file, whole or not at all. Raises WriteError."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo(_FACTS), json.dumps(facts))
        for name, (graph, weights) in graphs.items():
            # A fixed date, so that the same graphs make the same file.
            archive.writestr(zipfile.ZipInfo(f"{name}.xml"), graph)
            archive.writestr(zipfile.ZipInfo(f"{name}.bin"), weights)
    body = content.getvalue()
    write_whole(path, hashlib.sha256(body).hexdigest().encode() + b"\n" + body)


def read_program(path: Path, facts: Mapping[str, object]) -> Graphs | None:
    """Graph and weights of each stage; None if the file was made of something else than `facts` say.

    Raises WeightsError where the file is not what was written, OSError.
    """
    content = path.read_bytes()
    body = memoryview(content)[_DIGITS + 1 :]
    if content[: _DIGITS + 1] != hashlib.sha256(body).hexdigest().encode() + b"\n":
        raise WeightsError(
            f"{path} is damaged.", found="another checksum than its first line says", do="remove it"
        )
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        if json.loads(archive.read(_FACTS)) != facts:
            return None
        return {name: (archive.read(f"{name}.xml"), archive.read(f"{name}.bin")) for name in _stages(archive)}


def _stages(archive: zipfile.ZipFile) -> list[str]:
    return [name.removesuffix(".xml") for name in archive.namelist() if name.endswith(".xml")]
