"""The pairs of files that a job names by inputs and output."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.errors import InputError, UsageError
from pipeline.job.output_template import RUN_SUFFIX, filled
from pipeline.job.protection import protect_sources
from pipeline.structures.address import OUTPUT_STORAGES, Address, Place, is_address, place_of

#: What counts as video in a folder.
VIDEO_SUFFIXES = frozenset(
    (
        *(".mp4", ".mov", ".m4v", ".mkv", ".avi", ".ts", ".mts", ".m2ts", ".webm"),
        *(".mpg", ".mpeg", ".wmv", ".asf", ".flv", ".3gp", ".ogv", ".mxf"),
    )
)

#: Characters that a line of a list may have: no path has more.
_LONGEST_NAME = 4096


@dataclass(frozen=True)
class Pair:
    """A video, in a file or at an address, and the file that is made of it.

    destination : where in a storage the output goes; None: it stays a file. Until then it lies in the folder of its
    run, which is named after `output`.
    """

    source: Place
    output: Path
    destination: Address | None = None

    @property
    def target(self) -> Place:
        """The place in which the output ends up."""
        return self.destination or self.output

    @classmethod
    def of(cls, source: Place, target: Place, work_dir: str | None) -> Pair:
        """The pair of these two; the run of an output in a storage lies in `work_dir`, or in the current folder."""
        if isinstance(target, Path):
            return cls(source, target)
        if not isinstance(target, Address) or target.scheme not in OUTPUT_STORAGES:
            kinds = " or ".join(f"{scheme}://" for scheme in OUTPUT_STORAGES)
            raise UsageError(f"{target} cannot be an output.", do=f"name a file, or an address of {kinds}")
        return cls(source, Path(work_dir or "") / target.name, target)


def pairs(inputs: Sequence[str], output: str | None, work_dir: str | None = None) -> list[Pair]:
    """Each video that the inputs name, with its output; in the order in which they are named.

    inputs : files, folders (the videos in them, by name), patterns, addresses, or lists of files and addresses in .txt.
    output : a file or address, for one input; a folder; a template with {stem} or {name}; None: `<stem>_seg.mp4` here.
    work_dir : where the runs of outputs in a storage lie; None: here.
    Raises InputError for an input that is not there or cannot be looked at, UsageError where two inputs would get one
    output, or an output would replace an input.
    """
    for name in (*inputs, output or ""):
        _check_no_zero(name)
    sources = [source for name in inputs for source in _sources(name)]
    if not sources:
        raise InputError("No input holds a video.", found=", ".join(inputs))
    several = len(sources) > 1 or any(_is_folder(name) or _is_list(name) for name in inputs)
    found = [Pair.of(source, _output(source, output, several), work_dir) for source in dict.fromkeys(sources)]
    _check_run_names(found)
    protect_sources([(pair.source, pair.target) for pair in found])
    return found


def check_together(jobs: Sequence[tuple[Sequence[str], str | None, str | None]]) -> None:
    """Raise what `pairs` raises, and UsageError where an output of one job is an input of any.

    jobs : inputs, output and work_dir of each job of a command.
    """
    found = [pair for job in jobs for pair in pairs(*job)]
    _check_run_names(found)
    protect_sources([(pair.source, pair.target) for pair in dict.fromkeys(found)])


def is_listing(inputs: Sequence[str], output: str | None) -> bool:
    """True if the inputs are listings: s3://bucket/trips/, or text files of videos whose outputs go to a storage.

    Raises UsageError where some are, and others are not.
    """
    to_storage = output is not None and is_address(output)
    listings = [name for name in inputs if _is_prefix(name) or (to_storage and _is_list(name))]
    if listings and len(listings) < len(inputs):
        raise UsageError("Listings and other inputs need a job each.", found=f"{listings[0]} is a listing")
    return bool(listings)


def names_in(file: str) -> Iterator[str]:
    """The names of videos in a text file, a line each. Raises InputError where it cannot be read as such."""
    try:
        if Path(file).exists() and not Path(file).is_file():
            raise InputError(
                f"{file} is no file that names videos.", do="name an ordinary text file, or a folder/"
            )
        # Editors of Windows put a mark before the first line.
        with Path(file).open(encoding="utf-8-sig") as stream:
            for line in iter(partial(stream.readline, _LONGEST_NAME), ""):
                if len(line) == _LONGEST_NAME:
                    raise InputError(
                        f"{file} has a line that is too long to be a name.", found=f"{line[:40]}..."
                    )
                _check_no_zero(line)
                if name := line.strip():
                    yield name
    except UnicodeDecodeError as error:
        raise InputError(f"{file} cannot be read.", found=str(error)) from error
    except OSError as error:
        raise InputError(f"{file} cannot be opened.", found=error.strerror or str(error)) from error


def _check_no_zero(name: str) -> None:
    """Raise UsageError for a name that the system cannot have."""
    if "\0" in name:
        raise UsageError(f"{name!r} is no name of a file: it has a zero in it.", do="check the name")


def _is_prefix(name: str) -> bool:
    return is_address(name) and name.endswith("/")


def _is_list(name: str) -> bool:
    return not is_address(name) and name.endswith(".txt")


def _check_run_names(found: Iterable[Pair]) -> None:
    """Raise UsageError for two outputs in a storage whose runs would have one name here."""
    targets: dict[Path, Place] = {}
    for pair in found:
        other = targets.setdefault(pair.output, pair.target)
        if other != pair.target:
            raise UsageError(
                f"2 outputs would be made under the name {pair.output}.",
                found=f"{other}, {pair.target}",
                do="give them other names, or make each in a folder of its own",
            )


def _sources(name: str) -> Sequence[Place]:
    if _is_list(name):
        return [place_of(line) for line in names_in(name)]
    path = place_of(name)
    if not isinstance(path, Path):
        return [path]
    try:
        if path.is_dir():
            return sorted(entry for entry in path.iterdir() if _is_source(entry))
        is_pattern = not path.exists() and glob.has_magic(name)
    except OSError as error:  # not to be entered, or longer than a name can be
        reason = error.strerror or str(error)
        raise InputError(f"{name} cannot be opened.", found=reason, do="check the name") from error
    if is_pattern:
        # Path.glob takes no pattern that begins at the root.
        matches = sorted(Path(match) for match in glob.glob(name, recursive=True))  # noqa: PTH207
        if not matches:
            raise InputError(f"Nothing matches {name}.", do="check the pattern")
        return [match for match in matches if match.is_file()]
    return [path]


def _is_source(path: Path) -> bool:
    """True for a file of a folder that is video, and not one that was made here."""
    if path.suffix.lower() not in VIDEO_SUFFIXES or not path.is_file():
        return False
    # Unlike Path.exists this takes a name that is too long for a run's folder beside it.
    return not os.path.lexists(path.with_name(path.name + RUN_SUFFIX))


def _output(source: Place, output: str | None, several: bool) -> Place:
    if output is None:
        return Path(f"{source.stem}_seg.mp4")
    if "{" in output:
        return place_of(filled(output, {"stem": source.stem, "name": source.name}))
    if output.endswith("/") or _is_folder(output) or (several and not Path(output).suffix):
        name = f"{source.stem}_seg.mp4"
        return Address(f"{output.rstrip('/')}/{name}") if is_address(output) else Path(output) / name
    if several:
        raise UsageError(
            "Several inputs cannot go into one file.",
            found=f"output {output}",
            do="name a folder, as in out/, or a template such as out/{stem}_seg.mp4",
        )
    return place_of(output)


def _is_folder(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except OSError:  # longer than a name can be
        return False
