"""Make the program that the package brings for a network that it brings.

    python research/ship_program.py [NAME]

Converts NAME (dashcam-lite), and its branch if it has one, for the canvas that it was trained on, so that its first run
on a fresh machine needs no conversion, and writes the results beside its weights. Run it again when the weights or the
graphs change; a test compares what is there with the weights.
"""

from __future__ import annotations

import argparse
import sys

from pipeline.errors import ConfigError, SegVideoError
from pipeline.networks.convert_program import answer
from pipeline.networks.mask_rcnn import branch_source
from pipeline.networks.programs import program_facts, shipped_path
from pipeline.networks.registry import find_source


def main() -> None:
    """Do it, or end with the reason why it cannot be done."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("name", nargs="?", default="dashcam-lite", metavar="NAME")
    try:
        ship_program(parser.parse_args().name)
    except SegVideoError as error:
        sys.exit(str(error))


def ship_program(name: str) -> None:
    """Write the files. Raises ConfigError for a network that the package does not bring, or that has no canvas."""
    source = find_source(name)
    if source.entry is None:
        raise ConfigError(f"{name} is not in the catalog.")
    canvas = source.entry.input_size
    if canvas is None:
        raise ConfigError(f"{name} has no canvas of its own.")
    for one in (source, branch_source(source)):
        if one is None:
            continue
        path = shipped_path(one, canvas)
        if path is None:
            raise ConfigError(f"{name} is not part of the package.")
        answer(str(one.path()), one.kind, canvas, program_facts(one, canvas), str(path))


if __name__ == "__main__":
    main()
