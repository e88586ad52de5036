"""The pairs of files of a batch, by the names of pictures and an output."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError, UsageError
from pipeline.job.output_template import filled
from pipeline.job.protection import protect_sources
from pipeline.pictures.kinds import KIND_OF_ENDING, is_picture, kind_of_name
from pipeline.pictures.stored import PictureStore
from pipeline.structures.address import is_address

#: Stands for a list on standard input.
FROM_LIST = "-"


@dataclass(frozen=True)
class PicturePair:
    """A picture and the file that is made of it."""

    source: Path
    output: Path


def picture_pairs(
    inputs: Sequence[str],
    output: str | None,
    *,
    listed: Iterable[str] = (),
) -> list[PicturePair]:
    """Each picture that the inputs name, once, with its output; in the order in which they are named.

    Parameters
    ----------
    inputs : files, folders (the pictures in them, by name), patterns, or FROM_LIST. What a run here has made is no
        input of a folder or pattern.
    output : a file, for one input; a folder; a template with {stem}, {name} or {ext} (with its dot); None:
        `<stem>_seg<ext>` here.
    listed : lines that FROM_LIST stands for, a path each.
    Raises InputError for an input that is not there, UsageError where two inputs would get one output, an output would
    replace a source, or one of them lies in a storage.

    """
    listed = tuple(listed)
    for name in (*inputs, *listed, output or ""):
        if is_address(name):
            raise UsageError(
                "Pictures are read from disk and written to it; storages hold videos only.",
                found=name.strip(),
                do="copy them from the storage first, and to it afterwards",
            )
    sources = [source for name in inputs for source in _sources(name, listed)]
    if not sources:
        do = (
            "name files or a folder"
            if FROM_LIST not in inputs
            else "write names to standard input, a line each"
        )
        raise InputError("No input holds a picture.", found=", ".join(inputs), do=do)
    several = len(sources) > 1 or any(_is_folder(name) or name == FROM_LIST for name in inputs)
    found = [PicturePair(source, _output(source, output, several)) for source in dict.fromkeys(sources)]
    for pair in found:
        kind_of_name(pair.output)
    protect_sources([(pair.source, pair.output) for pair in found])
    return found


def _sources(name: str, listed: Iterable[str]) -> list[Path]:
    if name == FROM_LIST:
        return [Path(line) for line in (line.strip("\r\n") for line in listed) if line]
    path = Path(name)
    if _is_folder(name):
        matches = sorted(entry for entry in path.iterdir() if is_picture(entry))
    elif not os.path.lexists(path) and glob.has_magic(name):
        # Path.glob takes no pattern that begins at the root.
        matches = sorted(Path(match) for match in glob.glob(name, recursive=True))  # noqa: PTH207
        if not matches:
            raise InputError(f"Nothing matches {name}.", do="check the pattern")
    else:
        return [path]
    made_here = {folder: PictureStore.outputs_in(folder) for folder in {entry.parent for entry in matches}}
    return [entry for entry in matches if entry.is_file() and entry.name not in made_here[entry.parent]]


def _output(source: Path, output: str | None, several: bool) -> Path:
    suffix = source.suffix if source.suffix.lower() in KIND_OF_ENDING else ".png"
    default = f"{source.stem}_seg{suffix}"
    if output is None:
        return Path(default)
    if "{" in output:
        return Path(filled(output, {"stem": source.stem, "name": source.name, "ext": suffix}))
    if output.endswith("/") or _is_folder(output) or (several and not Path(output).suffix):
        return Path(output) / default
    if several:
        raise UsageError(
            "Several pictures cannot go into one file.",
            found=f"output {output}",
            do="name a folder, as in out/, or a template such as out/{stem}_seg{ext}",
        )
    return Path(output)


def _is_folder(name: str) -> bool:
    return os.path.isdir(name)  # noqa: PTH112  # unlike Path.is_dir it takes a name that is too long


def check_jobs(
    jobs: Sequence[tuple[Sequence[str], str | None, Iterable[str]]], others: Sequence[Path] = ()
) -> None:
    """Raise what `picture_pairs` raises, and UsageError where an output of one job is read by any.

    jobs : inputs, output and list of each job of a command. others : what else they read.
    """
    found = [pair for inputs, output, listed in jobs for pair in picture_pairs(inputs, output, listed=listed)]
    protect_sources([(pair.source, pair.output) for pair in dict.fromkeys(found)], others)
