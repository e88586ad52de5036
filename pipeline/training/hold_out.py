"""Hold out: which pictures are never trained on, by scene and not one by one."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.errors import InputError
from pipeline.labels.coco_folder import Entry

#: Neighbours by name are often of one drive, so that many of them share a side.
SCENE = 10


def hold_out(
    entries: Sequence[Entry], sequences: frozenset[str], shares: Mapping[str, float], seed: int = 0
) -> list[str]:
    """Names of the pictures to hold out, sorted.

    sequences : cities or drives that are held out whole.
    shares : of each source, the share of its scenes that is held out; 0 where it is not named.
    """
    held = [entry.name for entry in entries if entry.record.get("sequence") in sequences]
    by_source: dict[str, list[str]] = defaultdict(list)
    for entry in entries:
        if entry.record.get("sequence") is None:
            by_source[entry.source].append(entry.name)
    for source, names in sorted(by_source.items()):
        names.sort()
        scenes = [names[start : start + SCENE] for start in range(0, len(names), SCENE)]
        chosen = random.Random(f"{seed} {source}").sample(  # noqa: S311  a split is no secret
            range(len(scenes)), round(len(scenes) * shares.get(source, 0.0))
        )
        held.extend(name for place in chosen for name in scenes[place])
    return sorted(held)


def read_names(path: Path) -> frozenset[str]:
    """The names in a file, one a line; empty lines and those that begin with # do not count.

    Raises InputError where it cannot be read.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as failure:
        raise InputError(
            f"the list of held-out pictures {path} cannot be read", found=str(failure)
        ) from failure
    return frozenset(line.strip() for line in lines if line.strip() and not line.startswith("#"))
