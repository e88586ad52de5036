"""A subcommand's parts, and the looks of tables."""

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
    run : does it and returns the exit code. Imports of heavy rooms belong inside, so that --help stays quick.
    examples : whole command lines, shown under its own --help.
    only_prints : it leaves no file, so what cannot be printed is lost, and it fails.
    """

    name: str
    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    examples: tuple[str, ...] = ()
    only_prints: bool = False


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines in which each column is as wide as its widest cell; `rows` are equally long."""
    shown = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in shown]
