"""Choose the pictures of a folder that are measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import InputError
from pipeline.labels.coco_folder import PictureEntry


@dataclass(frozen=True)
class Choice:
    """Conditions for choosing pictures; None stands for all.

    names : file names. sequences : cities or drives. sources : origins of the pictures.
    view : `driver` or `other`. limit : at most so many, evenly spread over the rest.
    """

    names: frozenset[str] | None = None
    sequences: frozenset[str] | None = None
    sources: frozenset[str] | None = None
    view: str | None = None
    limit: int | None = None


def choose(entries: Sequence[PictureEntry], choice: Choice) -> list[PictureEntry]:
    """The entries that meet all conditions.

    Raises InputError if a condition names something that does not exist, or nothing is left.
    """
    _check(choice.names, {entry.name for entry in entries}, "picture")
    _check(choice.sequences, {str(entry.record.get("sequence")) for entry in entries}, "sequence")
    _check(choice.sources, {entry.source for entry in entries}, "source")
    kept = [
        entry
        for entry in entries
        if (choice.names is None or entry.name in choice.names)
        and (choice.sequences is None or entry.record.get("sequence") in choice.sequences)
        and (choice.sources is None or entry.source in choice.sources)
        and (choice.view is None or entry.record.get("view") == choice.view)
    ]
    if not kept:
        raise InputError("No picture is left to measure.", do="use fewer conditions")
    if choice.limit is None or choice.limit >= len(kept):
        return kept
    return [kept[place * len(kept) // choice.limit] for place in range(choice.limit)]


def read_list(path: Path) -> frozenset[str]:
    """The names in a file, one per line; empty lines and lines that begin with # are ignored.

    Raises InputError if it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as failure:
        found = getattr(failure, "strerror", None) or str(failure)
        raise InputError(
            f"The list of pictures {path} cannot be read.", found=found, do="check the path"
        ) from failure
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))


def _check(wanted: frozenset[str] | None, there: set[str], kind: str) -> None:
    missing = sorted((wanted or frozenset()) - there)
    if missing:
        raise InputError(
            f"The labels have no {kind} {missing[0]}.",
            found=f"{len(missing)} of {len(wanted or ())} do not exist",
            do=f"choose from {', '.join(sorted(there)[:12])}" if len(there) < 40 else None,
        )
