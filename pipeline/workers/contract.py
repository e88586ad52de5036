"""The contract of a worker, of a pool of workers of one kind, and of whatever runs pools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from pipeline.errors import InputError, MediaError, SegVideoError, UsageError, WeightsError, WriteError

#: How often a task is tried before it counts as failed.
MOST_ATTEMPTS = 3


class Worker(Protocol):
    """A plain object that does one kind of task; it can be sent to another process before `setup`."""

    def setup(self) -> Any:
        """Get ready; what it returns tells the driver about the worker."""
        ...

    def process(self, task: Any) -> Any:
        """The result of one task. Called from several threads at once where the pool has several slots."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


@dataclass(frozen=True)
class PoolSpec:
    """Workers of one kind.

    name : of the pool.
    worker : what each of them is a copy of.
    size : how many workers at most; they are started when there is work for them.
    gpus : GPUs that each worker has to itself.
    cpus : cores that Ray sets aside for each; 0 where the operating system shares them out better.
    slots : tasks that a worker has at a time.
    """

    name: str
    worker: Worker
    size: int
    gpus: float = 0
    cpus: float = 0
    slots: int = 1


@dataclass(frozen=True)
class TaskResult:
    """End of a task: a value, or the error of its last attempt.

    retried : an attempt failed, and the task is not over but tried again.
    """

    key: Any
    attempts: int
    value: Any = None
    error: SegVideoError | None = None
    retried: bool = False


class WorkerLostError(SegVideoError):
    """A worker's process died while it had the task."""


class WorkerPools(Protocol):
    """Pools that take tasks and give results, in whatever order they end."""

    def add(self, spec: PoolSpec, begin: int = 1) -> None:
        """Add a pool, and start to set up `begin` of its workers."""
        ...

    def setup_result(self, pool: str) -> Any:
        """Return what `setup` of the pool's first worker returned, or raise its error."""
        ...

    def has_room(self, pool: str) -> bool:
        """True if a task would be begun at once."""
        ...

    def grow(self, pool: str) -> None:
        """Start one more worker where all are busy and there may be more."""
        ...

    def submit(self, pool: str, key: Any, task: Any) -> None:
        """Take a task; only where there is room."""
        ...

    def wait(self, seconds: float) -> list[TaskResult]:
        """Results that are there, or come within that time; empty if none does."""
        ...

    def close(self) -> None:
        """Stop all workers, whatever they do."""
        ...


def is_final(error: SegVideoError, attempts: int) -> bool:
    """True if trying again cannot help, or has been tried often enough."""
    return attempts >= MOST_ATTEMPTS or isinstance(error, InputError | UsageError | WeightsError | WriteError)


def described(error: Exception) -> SegVideoError:
    """The error as one of ours, so that it crosses process borders and has an exit code."""
    if isinstance(error, SegVideoError):
        return error
    if isinstance(error, OSError):
        return MediaError("A worker met an error of the system.", found=str(error))
    return SegVideoError("A worker failed in a way nobody foresaw.", found=f"{type(error).__name__}: {error}")
