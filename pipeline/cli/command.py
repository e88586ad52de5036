"""The parts of a subcommand, and the layout of printed tables."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipeline.terminal import one_line


@dataclass(frozen=True)
class Command:
    """One subcommand.

    name : what the user types.
    summary : its line in `seg-video --help`.
    add_arguments : declares its options.
    run : does the work and returns the exit code; it imports heavy rooms itself, so that --help stays quick.
    examples : whole command lines, shown by its --help.
    only_prints : it leaves no file, so it fails if its output cannot be printed.
    """

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    examples: tuple[str, ...] = ()
    only_prints: bool = False


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """The rows as lines with aligned columns; all rows have the same number of cells."""
    shown = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in shown]
