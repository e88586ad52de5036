"""RayPools: pools of Ray actors; one that dies is replaced, and its tasks are tried again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import SegVideoError
from pipeline.workers.actor import WorkerActor
from pipeline.workers.contract import MOST_ATTEMPTS, PoolSpec, TaskResult, WorkerLostError, is_final
from pipeline.workers.ray_session import RaySession


@dataclass(frozen=True)
class _Task:
    key: Any
    payload: Any
    attempts: int


@dataclass(eq=False)
class _RayWorker:
    """A worker: its actor, its setup's reference, whether that is over, and the tasks it has, by reference."""

    actor: Any
    setup: Any
    is_ready: bool = False
    tasks: dict[Any, _Task] = field(default_factory=dict)


@dataclass(eq=False)
class _Pool:
    spec: PoolSpec
    workers: list[_RayWorker] = field(default_factory=list)
    again: list[_Task] = field(default_factory=list)
    lost_at_start: int = 0

    @property
    def may_grow(self) -> bool:
        """True if one more worker may be started: none is on its way, and the pool is not full."""
        return len(self.workers) < self.spec.size and all(worker.is_ready for worker in self.workers)


class RayPools:
    """Workers in processes of their own, on this machine or a cluster.

    session : a started session; it is closed with the pools.
    """

    def __init__(self, session: RaySession) -> None:
        self._session = session
        self._pools: dict[str, _Pool] = {}

    def add(self, spec: PoolSpec, begin: int = 1) -> None:
        """Add a pool, and start `begin` of its workers beside one another."""
        self._session.wait()
        pool = self._pools[spec.name] = _Pool(spec)
        while len(pool.workers) < min(begin, spec.size):
            self._start_worker(pool)

    def setup_result(self, pool: str) -> Any:
        """Return what `setup` of the pool's first worker returned, or raise its error."""
        import ray

        own = self._pools[pool]
        worker = own.workers[0] if own.workers else self._start_worker(own)
        try:
            value, error = ray.get(worker.setup)
        except ray.exceptions.RayError as lost:
            raise _lost(pool, lost) from lost
        if error is not None:
            raise error
        return value

    def has_room(self, pool: str) -> bool:
        """True if a worker is free, and nothing waits to be tried again."""
        own = self._pools[pool]
        return not own.again and any(_is_free(own, worker) for worker in own.workers)

    def grow(self, pool: str) -> None:
        """Start one more worker where all are busy and there may be more.

        Raises WorkerLostError where workers die as often as they are started.
        """
        own = self._pools[pool]
        self._look_at_starts(own)
        if not self.has_room(pool) and not own.again and own.may_grow:
            self._start_worker(own)

    def submit(self, pool: str, key: Any, task: Any) -> None:
        """Hand the task to the worker that has least to do."""
        own = self._pools[pool]
        free = [worker for worker in own.workers if _is_free(own, worker)]
        self._give(min(free, key=lambda worker: len(worker.tasks)), _Task(key, task, 1))

    def wait(self, seconds: float) -> list[TaskResult]:
        """TaskResults of the tasks that end within that time, the first of them and all that ended with it."""
        import ray

        workers = [(pool, worker) for pool in self._pools.values() for worker in pool.workers]
        for pool in self._pools.values():
            self._try_again(pool)
        pending = {ref: pair for pair in workers for ref in pair[1].tasks}
        starting = [worker.setup for _, worker in workers if not worker.is_ready]
        waited = [*pending, *starting]
        if not waited:
            return []
        ray.wait(waited, num_returns=1, timeout=seconds)
        ready, _ = ray.wait(waited, num_returns=len(waited), timeout=0)
        results: list[TaskResult] = []
        for ref, (pool, worker) in pending.items():
            if ref in ready and ref in worker.tasks:
                results += self._collect(pool, worker, ref)
        return results

    def close(self) -> None:
        """Kill all workers and end the session."""
        import ray

        for pool in self._pools.values():
            for worker in pool.workers:
                if ray.is_initialized():
                    ray.kill(worker.actor)
        self._pools.clear()
        self._session.close()

    def _start_worker(self, pool: _Pool) -> _RayWorker:
        import ray

        spec = pool.spec
        remote: Any = ray.remote(WorkerActor)
        actor = remote.options(
            num_cpus=spec.cpus,
            num_gpus=spec.gpus,
            max_concurrency=spec.slots + 1,
            scheduling_strategy="SPREAD",
        ).remote(spec.worker)
        worker = _RayWorker(actor, actor.setup.remote())
        pool.workers.append(worker)
        return worker

    def _look_at_starts(self, pool: _Pool) -> None:
        """Note which workers are ready. One that cannot be placed, on a cluster that lost a node, never is."""
        import ray

        starting = {worker.setup: worker for worker in pool.workers if not worker.is_ready}
        if not starting:
            return
        ready, _ = ray.wait(list(starting), num_returns=len(starting), timeout=0)
        for ref in ready:
            try:
                ray.get(ref)
            except ray.exceptions.RayError as lost:
                pool.workers.remove(starting[ref])
                pool.lost_at_start += 1
                if pool.lost_at_start >= MOST_ATTEMPTS:
                    raise _lost(pool.spec.name, lost) from lost
            else:
                starting[ref].is_ready, pool.lost_at_start = True, 0

    def _give(self, worker: _RayWorker, task: _Task) -> None:
        worker.tasks[worker.actor.process.remote(task.payload)] = task

    def _collect(self, pool: _Pool, worker: _RayWorker, reference: Any) -> list[TaskResult]:
        import ray

        try:
            value, error = ray.get(reference)
        except ray.exceptions.RayError as lost:
            return self._replace(pool, worker, _lost(pool.spec.name, lost))
        task = worker.tasks.pop(reference)
        return [_ended(pool, task, value, error)]

    def _replace(self, pool: _Pool, worker: _RayWorker, error: SegVideoError) -> list[TaskResult]:
        """Forget a worker that died; all of its tasks have failed once more."""
        pool.workers.remove(worker)
        tasks, worker.tasks = list(worker.tasks.values()), {}
        return [_ended(pool, task, None, error) for task in tasks]

    def _try_again(self, pool: _Pool) -> None:
        """Give each task that failed a worker to itself: if it kills that one, no other task suffers."""
        if not pool.again:
            return
        self._look_at_starts(pool)
        for worker in [worker for worker in pool.workers if worker.is_ready and not worker.tasks]:
            if pool.again:
                self._give(worker, pool.again.pop(0))
        if pool.again and pool.may_grow:
            self._start_worker(pool)


def _is_free(pool: _Pool, worker: _RayWorker) -> bool:
    alone = any(task.attempts > 1 for task in worker.tasks.values())
    return worker.is_ready and not alone and len(worker.tasks) < pool.spec.slots


def _ended(pool: _Pool, task: _Task, value: Any, error: SegVideoError | None) -> TaskResult:
    name = pool.spec.name
    if error is None:
        return TaskResult(name, task.key, task.attempts, value=value)
    if is_final(error, task.attempts):
        return TaskResult(name, task.key, task.attempts, error=error)
    pool.again.append(_Task(task.key, task.payload, task.attempts + 1))
    return TaskResult(name, task.key, task.attempts, error=error, retried=True)


def _lost(pool: str, lost: Exception) -> WorkerLostError:
    return WorkerLostError(
        f"A {pool} worker died.",
        found=str(lost).strip().split("\n")[0],
        do="if it was killed for memory, use fewer --workers or a smaller --batch",
    )
