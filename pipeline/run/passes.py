"""Pass: one step over the film as a value; what it needs, what it makes, and what its result depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pipeline.record.fingerprint import mark
from pipeline.record.layout import RunLayout
from pipeline.record.spent import NOTHING, Spent
from pipeline.run.run import Run
from pipeline.structures.chunk import Chunk
from pipeline.structures.frame_damage import NO_DAMAGE, FrameDamage

#: A product: the pass that makes it, and the chunk that it is of; None for one of the whole film.
Key = tuple[str, int | None]


@dataclass(frozen=True)
class Made:
    """The result of a pass for a chunk, on the disk.

    path : the file. seconds : by name, the pass's own among them. damage : of the source's frames. notes : for the
    user, a sentence each. sha256 : of the file, where it is known already. also : further files that belong to it.
    holds : fingerprints of passes whose results can be read from this file too, whatever the chunk. spent : by workers.
    """

    path: Path
    seconds: Mapping[str, float]
    damage: FrameDamage = NO_DAMAGE
    notes: tuple[str, ...] = ()
    sha256: str | None = None
    also: tuple[Path, ...] = ()
    holds: tuple[str, ...] = ()
    spent: Spent = NOTHING


class Bench(Protocol):
    """All that a pass may ask while it works."""

    @property
    def run(self) -> Run:
        """The run."""
        ...

    @property
    def marks(self) -> Mapping[str, str]:
        """Fingerprint of each pass."""
        ...

    @property
    def with_packets(self) -> bool:
        """True if workers cannot see the source, so that a task needs its packets."""
        ...

    def product(self, name: str, chunk: Chunk | None) -> Path:
        """The file that holds what a pass made."""
        ...

    def damage(self, chunk: Chunk | None = None) -> FrameDamage:
        """Damage of the source's frames in a chunk, or in all of it."""
        ...

    def intend(self, name: str, sha256: str) -> None:
        """Write down that a file outside the run's folder, of that content, is about to get its name."""
        ...

    def may_replace(self, file: Path) -> bool:
        """True if a file that has the output's name may go: the user said so, or this run has put it there."""
        ...


class Task(Protocol):
    """The work of a pool's worker on one chunk."""

    @property
    def nbytes(self) -> int:
        """Bytes that travel with it, beside a few kilobytes."""
        ...


@dataclass(frozen=True)
class InPool:
    """A pass whose chunks are worked on by a pool of workers.

    pool : its name. task : what a worker needs. keep : stores what the worker gave.
    """

    pool: str
    task: Callable[[Bench, Chunk], Task]
    keep: Callable[[Bench, Chunk, Any], Made]


@dataclass(frozen=True)
class InDriver:
    """A pass that the driver works on itself. make : a chunk's product; None stands for the whole film."""

    make: Callable[[Bench, Chunk | None], Made]


@dataclass(frozen=True)
class Pass:
    """One step over the film.

    name : in the ledger. participle : of the chunks that are through with it. release : rises when the pass makes
    something else of the same settings; older results are then made anew.
    work : how it is done. needs : products that have to be there before that of a chunk.
    makes : the file of a chunk's product. parts : values that the result depends on, as JSON or dataclasses.
    after : passes whose results it depends on. kept_in : a pass of the whole film whose file holds this one's too.
    is_whole : it works on the film at once, not chunk by chunk.
    """

    name: str
    participle: str
    release: int
    work: InPool | InDriver
    needs: Callable[[Run, int | None], Iterable[Key]]
    makes: Callable[[RunLayout, int | None], Path]
    parts: Callable[[Run], Sequence[object]]
    after: tuple[str, ...] = ()
    kept_in: str | None = None
    is_whole: bool = field(default=False)


def fingerprints(run: Run, passes: Sequence[Pass]) -> dict[str, str]:
    """By pass, a short text that is the same only where the pass makes the same.

    A pass depends on its own settings and on the passes before it; never on how many workers there are, or where.
    """
    marks: dict[str, str] = {}
    for step in passes:
        before = [marks[name] for name in step.after]
        marks[step.name] = mark(step.name, step.release, *before, *step.parts(run))
    return marks
