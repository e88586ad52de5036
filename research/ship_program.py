"""Make the program that the package brings for a network that it brings.

    python research/ship_program.py [NAME]

Converts NAME (dashcam-lite) for the canvas that it was trained on, so that its first run on a fresh machine needs no
conversion, and writes the result beside its weights. Run it again when the weights or the graphs change; a test
compares what is there with the weights.
"""

from __future__ import annotations

import sys

from pipeline.networks.convert_program import answer
from pipeline.networks.programs import program_facts, shipped_path
from pipeline.networks.registry import find_source


def main(name: str) -> None:
    """Write the file."""
    source = find_source(name)
    assert source.entry is not None, f"{name} is not in the catalog"
    assert source.entry.input_size is not None, f"{name} has no canvas of its own"
    path = shipped_path(source, source.entry.input_size)
    assert path is not None, f"{name} is not part of the package"
    canvas = source.entry.input_size
    answer(str(source.path()), source.kind, canvas, program_facts(name, canvas), str(path))


if __name__ == "__main__":
    main(*(sys.argv[1:] or ["dashcam-lite"]))
