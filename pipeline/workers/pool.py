"""Pool: the workers of one kind and their tasks, whatever runs them; a task that fails is tried again, alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from pipeline.errors import SegVideoError
from pipeline.workers.contract import PoolSpec, TaskResult, WorkerLostError, is_final


@dataclass(frozen=True)
class PoolTask:
    """A task that a pool has taken. attempts : the number of the attempt that is under way."""

    key: Any
    payload: Any
    attempts: int


@dataclass(eq=False)
class PoolWorker:
    """A worker. is_ready : its setup is over. tasks : those it has, by a handle of the kind of pool."""

    is_ready: bool = False
    tasks: dict[Any, PoolTask] = field(default_factory=dict)


SomeWorker = TypeVar("SomeWorker", bound=PoolWorker)


@dataclass(eq=False)
class Pool(Generic[SomeWorker]):
    """Workers of one kind. again : tasks that failed and wait for a worker of their own."""

    spec: PoolSpec
    workers: list[SomeWorker] = field(default_factory=list)
    again: list[PoolTask] = field(default_factory=list)
    lost_at_start: int = 0

    @property
    def may_grow(self) -> bool:
        """True if one more worker may be started: none is on its way, and the pool is not full."""
        return len(self.workers) < self.spec.size and all(worker.is_ready for worker in self.workers)

    @property
    def has_room(self) -> bool:
        """True if a worker is free, and nothing waits to be tried again."""
        return not self.again and any(map(self._is_free, self.workers))

    def least_busy(self) -> SomeWorker:
        """The free worker that has least to do; there is one."""
        return min(filter(self._is_free, self.workers), key=lambda worker: len(worker.tasks))

    def idle(self) -> list[SomeWorker]:
        """Workers that are ready and have nothing to do."""
        return [worker for worker in self.workers if worker.is_ready and not worker.tasks]

    def end(self, task: PoolTask, value: Any, error: SegVideoError | None) -> TaskResult:
        """The result of an attempt; a task that may succeed another time waits in `again`."""
        if error is None:
            return TaskResult(task.key, task.attempts, value=value)
        if is_final(error, task.attempts):
            return TaskResult(task.key, task.attempts, error=error)
        self.again.append(PoolTask(task.key, task.payload, task.attempts + 1))
        return TaskResult(task.key, task.attempts, error=error, retried=True)

    def lose(self, worker: SomeWorker, reason: str) -> Iterable[TaskResult]:
        """Forget a worker that died: all of its tasks have failed once more."""
        self.workers.remove(worker)
        tasks, worker.tasks = list(worker.tasks.values()), {}
        return [self.end(task, None, lost_worker(self.spec.name, reason)) for task in tasks]

    def _is_free(self, worker: SomeWorker) -> bool:
        alone = any(task.attempts > 1 for task in worker.tasks.values())
        return worker.is_ready and not alone and len(worker.tasks) < self.spec.slots


def lost_worker(pool: str, reason: str) -> WorkerLostError:
    """The error for a worker whose process died."""
    return WorkerLostError(
        f"A {pool} worker died.",
        found=reason.strip().split("\n")[0],
        do="if it was killed for memory, use fewer --workers or a smaller --batch",
    )
