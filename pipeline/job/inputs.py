"""The inputs of a job, each paired with its output."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pipeline.errors import InputError, UsageError
from pipeline.files import RUN_SUFFIX
from pipeline.job.output_template import filled
from pipeline.job.protection import protect_sources
from pipeline.structures.address import Address, Place, is_address, place_of

#: Endings of the files of a folder that count as videos.
VIDEO_SUFFIXES = frozenset(
    (
        *(".mp4", ".mov", ".m4v", ".mkv", ".avi", ".ts", ".mts", ".m2ts", ".webm"),
        *(".mpg", ".mpeg", ".wmv", ".asf", ".flv", ".3gp", ".ogv", ".mxf"),
    )
)

#: Most characters of a line in a list; no path is longer.
_LONGEST_NAME = 4096


@dataclass(frozen=True)
class Pair:
    """A video and the output that is made of it.

    destination : the object in a storage that the output becomes; None: it stays a file. Until it is published the
        output lies in the folder of its run, which is named after `output`.
    """

    source: Place
    output: Path
    destination: Address | None = None

    @property
    def target(self) -> Place:
        """The final place of the output."""
        return self.destination or self.output

    @classmethod
    def of(cls, source: Place, target: Place, work_dir: str | None) -> Pair:
        """The pair; the run of an output in a storage is kept in `work_dir`, or in the current folder."""
        if isinstance(target, Path):
            return cls(source, target)
        if not isinstance(target, Address):
            raise UsageError(
                f"{target} cannot be an output.", do="name a file, or an address such as s3://bucket/"
            )
        return cls(source, Path(work_dir or "") / target.name, target)


def pairs(inputs: Sequence[str], output: str | None, work_dir: str | None = None) -> list[Pair]:
    """The videos that the inputs name, each with its output, in the order in which they are named.

    inputs : files, folders (their videos, sorted by name), patterns, addresses, or .txt lists of files and addresses.
    output : a file or an address, for a single input; a folder; a template with {stem} or {name}; None for
        `<stem>_seg.mp4` in the current folder.
    work_dir : the folder for the runs of outputs in a storage; None: the current folder.
    Raises InputError for an input that does not exist or cannot be opened, UsageError if two inputs would share an
    output, or an output would replace an input.
    """
    for name in (*inputs, output or ""):
        _check_no_zero(name)
    sources = [source for name in inputs for source in _sources(name)]
    if not sources:
        raise InputError(
            "The inputs contain no video and no picture.",
            found=", ".join(inputs),
            do="name files, or a folder of some",
        )
    several = len(sources) > 1 or any(_is_folder(name) or is_list(name) for name in inputs)
    found = [Pair.of(source, _output(source, output, several), work_dir) for source in dict.fromkeys(sources)]
    _check_run_names(found)
    protect_sources([(pair.source, pair.target) for pair in found])
    return found


def check_together(jobs: Sequence[tuple[Sequence[str], str | None, str | None]]) -> None:
    """Raise what `pairs` raises, and UsageError if an output of one job is an input of any other.

    jobs : the inputs, output and work_dir of each job of a command.
    """
    found = [pair for job in jobs for pair in pairs(*job)]
    _check_run_names(found)
    protect_sources([(pair.source, pair.target) for pair in dict.fromkeys(found)])


def is_listing(inputs: Sequence[str], output: str | None) -> bool:
    """True if the inputs are listings: prefixes such as s3://bucket/trips/, or .txt lists with outputs in a storage.

    Raises UsageError if only some of them are.
    """
    to_storage = output is not None and is_address(output)
    listings = [name for name in inputs if _is_prefix(name) or (to_storage and is_list(name))]
    if listings and len(listings) < len(inputs):
        raise UsageError(
            "One job takes listings or other inputs, not both.", found=f"{listings[0]} is a listing"
        )
    return bool(listings)


def is_list(name: str) -> bool:
    """True for the name of a file that names inputs, a line each."""
    return not is_address(name) and name.endswith(".txt")


def is_source(path: Path) -> bool:
    """True for a video among the files of a folder, unless a run here has made it."""
    if path.suffix.lower() not in VIDEO_SUFFIXES or not os.path.isfile(path):  # noqa: PTH113
        return False
    # Unlike Path's methods, these do not raise for a name that is too long.
    return not os.path.lexists(path.with_name(path.name + RUN_SUFFIX))


def names_in(file: str) -> Iterator[str]:
    """The inputs that a text file names, one per line. Raises InputError if it cannot be read as such."""
    try:
        if Path(file).exists() and not Path(file).is_file():
            raise InputError(
                f"{file} is not a text file of names.", do="name an ordinary text file, or a folder/"
            )
        # utf-8-sig: editors on Windows begin files with a byte order mark.
        with Path(file).open(encoding="utf-8-sig") as stream:
            for line in iter(partial(stream.readline, _LONGEST_NAME), ""):
                if len(line) == _LONGEST_NAME:
                    raise InputError(
                        f"{file} has a line that is too long for a file name.", found=f"{line[:40]}..."
                    )
                _check_no_zero(line)
                if name := line.strip():
                    yield name
    except UnicodeDecodeError as error:
        raise InputError(
            f"{file} cannot be read.",
            found=f"what is no UTF-8: {error.object[:8]!r}...",
            do="save it as UTF-8 text; in PowerShell with Out-File -Encoding utf8",
        ) from error
    except OSError as error:
        raise InputError(f"{file} cannot be opened.", found=error.strerror or str(error)) from error


def _check_no_zero(name: str) -> None:
    """Raise UsageError for a name with a NUL character, which no file can have."""
    if "\0" in name:
        raise UsageError(f"{name!r} is not a file name: it contains a NUL character.", do="check the name")


def _is_prefix(name: str) -> bool:
    return is_address(name) and name.endswith("/")


def _check_run_names(found: Iterable[Pair]) -> None:
    """Raise UsageError if the runs of two outputs in a storage would have the same name on disk."""
    targets: dict[Path, Place] = {}
    for pair in found:
        other = targets.setdefault(pair.output, pair.target)
        if other != pair.target:
            raise UsageError(
                f"The runs of 2 outputs would both be called {pair.output}.",
                found=f"{other}, {pair.target}",
                do="give the outputs different names, or run the jobs in different folders",
            )


def _sources(name: str) -> Sequence[Place]:
    if is_list(name):
        return [place_of(line) for line in names_in(name)]
    path = place_of(name)
    if not isinstance(path, Path):
        return [path]
    try:
        if path.is_dir():
            return sorted(entry for entry in path.iterdir() if is_source(entry))
        is_pattern = not path.exists() and glob.has_magic(name)
    except OSError as error:  # a folder that may not be entered, or a name that is too long
        reason = error.strerror or str(error)
        raise InputError(f"{name} cannot be opened.", found=reason, do="check the name") from error
    if is_pattern:
        # Path.glob takes no pattern that begins at the root.
        matches = sorted(Path(match) for match in glob.glob(name, recursive=True))  # noqa: PTH207
        if not matches:
            raise InputError(f"Nothing matches {name}.", do="check the pattern")
        return [match for match in matches if match.is_file()]
    return [path]


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
            "Several inputs cannot be written to one file.",
            found=f"output {output}",
            do="name a folder, as in out/, or a template such as out/{stem}_seg.mp4",
        )
    return place_of(output)


def _is_folder(name: str) -> bool:
    try:
        return Path(name).is_dir()
    except OSError:  # a name that is too long
        return False
