"""Pass: one step over the film as a value: what it needs, what it makes, and what its result depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from pipeline.record.fingerprint import mark
from pipeline.record.layout import RunLayout
from pipeline.record.ledger import Made
from pipeline.run.run import Run
from pipeline.structures.chunk import Chunk
from pipeline.structures.frame_damage import FrameDamage

#: A product: the pass that makes it, and the number of its chunk; None for the whole film.
Key = tuple[str, int | None]


class Bench(Protocol):
    """Everything that a pass may ask for while it works."""

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
        """True if workers cannot read the source, so that a task needs its packets."""
        ...

    def product(self, name: str, chunk: Chunk | None) -> Path:
        """The file that holds what a pass made."""
        ...

    def damage(self, chunk: Chunk | None = None) -> FrameDamage:
        """Damage of the source's frames in a chunk, or in the whole film."""
        ...

    def intend(self, name: str, sha256: str) -> None:
        """Record that a file with this content is about to be named outside the run's folder."""
        ...

    def may_replace(self, file: Path) -> bool:
        """True if a file with the output's name may be replaced: the user said so, or this run has made it."""
        ...


class Task(Protocol):
    """The work of a pool's worker on one chunk."""

    @property
    def nbytes(self) -> int:
        """Bytes that travel with it, apart from a few kilobytes."""
        ...


@dataclass(frozen=True)
class InPool:
    """A pass whose chunks a pool of workers works on.

    pool : its name. task : what a worker needs. keep : stores what the worker returns.
    """

    pool: str
    task: Callable[[Bench, Chunk], Task]
    keep: Callable[[Bench, Chunk, Any], Made]


@dataclass(frozen=True)
class InDriver:
    """A pass that the driver does itself, chunk by chunk; the runner notes how long it takes."""

    make: Callable[[Bench, Chunk], Made]


@dataclass(frozen=True)
class OfFilm:
    """A pass that the driver does once, for the whole film; the runner notes how long it takes."""

    make: Callable[[Bench], Made]


@dataclass(frozen=True)
class Pass:
    """One step over the film.

    name : in the ledger. participle : for chunks that are done. release : increased when the pass makes something
    else from the same settings, so that older results are made again.
    work : how it is done. needs : products that the product of a chunk needs.
    makes : the file of a chunk's product. parts : values that the result depends on, as JSON or dataclasses.
    after : passes whose results it depends on. kept_in : a pass of the whole film whose file also holds this result.
    """

    name: str
    participle: str
    release: int
    work: InPool | InDriver | OfFilm
    needs: Callable[[Run, int | None], Iterable[Key]]
    makes: Callable[[RunLayout, int | None], Path]
    parts: Callable[[Run], Sequence[object]]
    after: tuple[str, ...] = ()
    kept_in: str | None = None


def fingerprints(run: Run, passes: Sequence[Pass]) -> dict[str, str]:
    """The fingerprint of each pass: it is the same only if the pass makes the same result.

    It covers the pass's own settings and the passes before it, and never how many workers there are, or where.
    """
    marks: dict[str, str] = {}
    for step in passes:
        before = [marks[name] for name in step.after]
        marks[step.name] = mark(step.name, step.release, *before, *step.parts(run))
    return marks
