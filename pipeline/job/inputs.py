"""What a job names as inputs and output -> pairs of files."""

from __future__ import annotations

import glob
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError, UsageError
from pipeline.record.layout import RUN_SUFFIX

#: What counts as video in a folder.
VIDEO_SUFFIXES = frozenset(
    (
        *(".mp4", ".mov", ".m4v", ".mkv", ".avi", ".ts", ".mts", ".m2ts", ".webm"),
        *(".mpg", ".mpeg", ".wmv", ".asf", ".flv", ".3gp", ".ogv", ".mxf"),
    )
)


@dataclass(frozen=True)
class Pair:
    """A video and the file that is made of it."""

    source: Path
    output: Path


def pairs(inputs: Sequence[str], output: str | None) -> list[Pair]:
    """Each video that the inputs name, with its output; in the order in which they are named.

    inputs : files, folders (the videos in them, by name) or patterns.
    output : a file, for one input; a folder; a template with {stem} or {name}; None: `<stem>_seg.mp4` here.
    Raises InputError for an input that is not there, UsageError where two inputs would get one output.
    """
    sources = [source for name in inputs for source in _sources(name)]
    if not sources:
        raise InputError("No input holds a video.", found=", ".join(inputs))
    several = len(sources) > 1 or any(Path(name).is_dir() for name in inputs)
    found = [Pair(source, _output(source, output, several)) for source in dict.fromkeys(sources)]
    _check(found)
    return found


def _sources(name: str) -> list[Path]:
    path = Path(name)
    if path.is_dir():
        return sorted(entry for entry in path.iterdir() if _is_source(entry))
    if not path.exists() and glob.has_magic(name):
        # Path.glob takes no pattern that begins at the root.
        matches = sorted(Path(match) for match in glob.glob(name, recursive=True))  # noqa: PTH207
        if not matches:
            raise InputError(f"Nothing matches {name}.", do="check the pattern")
        return [match for match in matches if match.is_file()]
    return [path]


def _is_source(path: Path) -> bool:
    """Whether a file of a folder is video, and not one that was made here."""
    made_here = path.with_name(path.name + RUN_SUFFIX).exists()
    return path.is_file() and path.suffix.lower() in VIDEO_SUFFIXES and not made_here


def _output(source: Path, output: str | None, several: bool) -> Path:
    if output is None:
        return Path(f"{source.stem}_seg.mp4")
    if "{" in output:
        try:
            return Path(output.format(stem=source.stem, name=source.name))
        except (KeyError, IndexError, ValueError) as error:
            raise UsageError(
                f"The output {output!r} is no template.", found=str(error), do="use {stem} or {name}"
            ) from None
    if output.endswith("/") or Path(output).is_dir() or (several and not Path(output).suffix):
        return Path(output) / f"{source.stem}_seg.mp4"
    if several:
        raise UsageError(
            "Several inputs cannot go into one file.",
            found=f"output {output}",
            do="name a folder, as in out/, or a template such as out/{stem}_seg.mp4",
        )
    return Path(output)


def _check(found: Sequence[Pair]) -> None:
    for pair in found:
        if pair.output.resolve() == pair.source.resolve():
            raise UsageError(f"{pair.source} would be overwritten by its own output.", do="name another one")
    for output, count in Counter(pair.output.resolve() for pair in found).items():
        if count > 1:
            same = ", ".join(str(pair.source) for pair in found if pair.output.resolve() == output)
            raise UsageError(
                f"{count} inputs would go into {output}.", found=same, do="use a template with {name}"
            )
