"""Refuse outputs that would replace an input, however either of them is spelt."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.files import RUN_SUFFIX
from pipeline.job.output_template import run_folder
from pipeline.structures.address import Address, FrameFolder, Place


def protect_sources(pairs: Sequence[tuple[Place, Place]], others: Sequence[Path] = ()) -> None:
    """Raise UsageError if an output would replace an input or contain it, or two inputs would share an output.

    A file is recognised by its real path and, if it exists, by device and inode and by its name as the folder lists
    it. That covers other spellings, symbolic and hard links, case-insensitive file systems, and those that invent
    their inode numbers.

    Parameters
    ----------
    pairs : source and output of everything that a command does.
    others : what else it reads.

    """
    names = cache(_names)  # a folder of many videos is listed once
    read = (*(source for source, _ in pairs), *others)
    sources = {mark: source for source in read for mark in _marks(source, names)}
    made_of: dict[Hashable, Place] = {}
    without_case = cache(partial(_without_case, names=names))
    for source, output in pairs:
        folded = without_case(output.parent) if isinstance(output, Path) else None
        own = () if folded is None else ((*folded, _folded(output.name)),)
        for mark in (*_marks(output, names), *own):
            if mark in sources:
                raise _would_replace(sources[mark], source, output)
            other = made_of.setdefault(mark, source)
            if other != source:
                raise UsageError(
                    f"2 inputs would be written to {output}.",
                    found=f"{other}, {source}" + ("; its folder takes A for a" if mark in own else ""),
                    do="use a template with {name}, or different outputs",
                )
        if isinstance(output, Path):
            refuse_in_run_folder(output)
    files = [output for _, output in pairs if isinstance(output, Path)]
    runs = {os.path.realpath(run_folder(output)): output for output in files}
    for source in (source for source, _ in pairs if not isinstance(source, Address)):
        path = source.folder if isinstance(source, FrameFolder) else source
        for folder in Path(os.path.realpath(path)).parents:
            if str(folder) in runs:
                raise UsageError(
                    f"{source} lies in the folder of the run that makes {runs[str(folder)]}, and would go with it.",
                    do="copy it elsewhere, or name another output",
                )


def refuse_in_run_folder(output: Path) -> None:
    """Raise UsageError for an output in a run's folder, from which work files are removed in the end."""
    for folder in Path(os.path.realpath(output)).parents:
        if folder.name.endswith(RUN_SUFFIX):
            raise UsageError(
                f"{output} would lie in the folder of a run, and be removed with it.",
                found=str(folder),
                do="name another output",
            )


def check_replaceable(output: Path) -> None:
    """Raise UsageError if the output exists and is no regular file, or if its name cannot be used."""
    check_run_name(output)
    status = _status(output, output)
    if status is not None and not stat.S_ISREG(status.st_mode):
        raise UsageError(
            f"{output} is not a regular file, so it cannot be replaced.", do="name a file as the output"
        )


def check_run_name(output: Path) -> None:
    """Raise UsageError if the folder of the output's run, which has the longest name, cannot be called so."""
    _status(run_folder(output.absolute()), output)


def _status(path: Path, output: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UsageError(
            f"{output} cannot be an output.", found=error.strerror or str(error), do="name another file"
        ) from error


def check_not_another_s(output: Path) -> None:
    """Raise UsageError for another user's file in a sticky folder such as /tmp, where only its owner may rename it."""
    try:
        folder, owner = output.absolute().parent.stat(), output.lstat().st_uid
    except OSError:
        return
    if folder.st_mode & stat.S_ISVTX and os.geteuid() not in (0, folder.st_uid, owner):
        raise UsageError(
            f"{output} belongs to user {owner}, and only its owner may replace files in its folder.",
            do="name another output",
        )


def _marks(path: Place, names: Callable[[str], Mapping[str, str]]) -> Iterator[Hashable]:
    """Marks that identify a file; two spellings of one file share one of them. names : see `_names`."""
    if not isinstance(path, Path):
        yield path
        return
    real = os.path.realpath(path)
    yield real
    try:
        status = path.stat()
    except (OSError, ValueError):
        return  # does not exist, so there is nothing to lose
    yield status.st_dev, status.st_ino
    folder, name = os.path.split(real)
    listed = names(folder)
    yield os.path.join(folder, listed.get(name) or listed.get(_folded(name), name))  # noqa: PTH118 - a real path's parts


def _names(folder: str) -> Mapping[str, str]:
    """The names in a folder, by themselves and by their form without case and Unicode normalisation."""
    try:
        names = [path.name for path in Path(folder).iterdir()]
    except OSError:
        return {}
    return {_folded(name): name for name in names} | {name: name for name in names}


def _without_case(folder: Path, names: Callable[[str], Mapping[str, str]]) -> tuple[int, int, str] | None:
    """A mark of a folder in which names in other letters are one file's; None where they are not, or nobody knows.

    There an output loses another one that did not exist before either. A folder that is to be made is like the nearest
    one around it. names : see `_names`.
    """
    real = Path(os.path.realpath(folder))
    there = next(path for path in (real, *real.parents) if os.path.isdir(path))  # noqa: PTH112 - takes too long a name
    for around, listed in ((there, names(str(there)).values()), (there.parent, [there.name])):
        for name in listed:
            other = name.swapcase()
            if name.isascii() and other != name:
                if other in names(str(around)).values() or not os.path.lexists(around / other):
                    return None
                status = there.stat()
                return status.st_dev, status.st_ino, _folded(str(real.relative_to(there)))
    return None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


def _would_replace(replaced: Place, source: Place, output: Place) -> UsageError:
    if replaced == source:
        what = f"{source} would be overwritten by its own output."
    else:
        what = f"{replaced} is an input, and would be overwritten by the output of {source}."
    return UsageError(
        what, found=f"output {output}", do=f"name another output, such as out/{{stem}}_seg{output.suffix}"
    )
