"""RayPools: pools of Ray actors; one that dies is replaced, and its tasks are tried again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from threading import Event
from typing import Any

from pipeline.errors import SegVideoError
from pipeline.workers.allocator import give_back_memory
from pipeline.workers.contract import MOST_ATTEMPTS, PoolSpec, TaskResult, Worker, described
from pipeline.workers.pool import Pool, PoolTask, PoolWorker, lost_worker
from pipeline.workers.ray_session import RaySession

#: How often a Ray that is waited for is looked at.
_CHECK_SECONDS = 2.0


@dataclass(eq=False)
class _Actor(PoolWorker):
    """A worker: its actor, and its setup's reference. Its tasks go by their references."""

    actor: Any = field(kw_only=True)
    setup: Any = field(kw_only=True)


class RayPools:
    """Workers in processes of their own, on this machine or a cluster.

    session : a started session; it is closed with the pools.
    """

    def __init__(self, session: RaySession) -> None:
        self._session = session
        self._pools: dict[str, Pool[_Actor]] = {}

    def add(self, spec: PoolSpec, begin: int = 1) -> None:
        """Add a pool, and start `begin` of its workers beside one another."""
        self._session.wait()
        pool = self._pools[spec.name] = Pool[_Actor](spec)
        while len(pool.workers) < min(begin, spec.size):
            self._start_worker(pool)

    def setup_result(self, pool: str) -> Any:
        """Return what `setup` of the first worker that is ready returned, or raise its error."""
        import ray

        own = self._pools[pool]
        setups = [worker.setup for worker in own.workers or [self._start_worker(own)]]
        while not (ready := ray.wait(setups, timeout=_CHECK_SECONDS)[0]):
            self._session.check()
        try:
            value, error = ray.get(ready[0])
        except ray.exceptions.RayError as error:
            raise lost_worker(pool, str(error)) from error
        if error is not None:
            raise error
        return value

    def has_room(self, pool: str) -> bool:
        """True if a worker is free, and nothing waits to be tried again."""
        return self._pools[pool].has_room

    def grow(self, pool: str) -> None:
        """Start one more worker where all are busy and there may be more.

        Raises WorkerLostError where workers die as often as they are started.
        """
        own = self._pools[pool]
        self._look_at_starts(own)
        if not own.has_room and not own.again and own.may_grow:
            self._start_worker(own)

    def resize(self, pool: str, size: int) -> None:
        """Let the pool have that many workers at most from now on. None is stopped: those of a lost node are gone."""
        own = self._pools[pool]
        own.spec = replace(own.spec, size=size)

    def submit(self, pool: str, key: Any, task: Any) -> None:
        """Hand the task to the worker that has least to do."""
        self._give(self._pools[pool].least_busy(), PoolTask(key, task, 1))

    def wait(self, seconds: float) -> list[TaskResult]:
        """TaskResults of the tasks that end within that time, the first of them and all that ended with it."""
        import ray

        self._session.check()
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

    def _start_worker(self, pool: Pool[_Actor]) -> _Actor:
        import ray

        spec = pool.spec
        remote: Any = ray.remote(WorkerActor)
        actor = remote.options(
            num_cpus=spec.cpus,
            num_gpus=spec.gpus,
            max_concurrency=spec.slots + 1,
            scheduling_strategy="SPREAD",
        ).remote(spec.worker)
        worker = _Actor(actor=actor, setup=actor.setup.remote())
        pool.workers.append(worker)
        return worker

    def _look_at_starts(self, pool: Pool[_Actor]) -> None:
        """Note which workers are ready. One that cannot be placed, on a cluster that lost a node, never is."""
        import ray

        starting = {worker.setup: worker for worker in pool.workers if not worker.is_ready}
        if not starting:
            return
        ready, _ = ray.wait(list(starting), num_returns=len(starting), timeout=0)
        for ref in ready:
            try:
                ray.get(ref)
            except ray.exceptions.RayError as error:
                pool.workers.remove(starting[ref])
                pool.lost_at_start += 1
                if pool.lost_at_start >= MOST_ATTEMPTS:
                    raise lost_worker(pool.spec.name, str(error)) from error
            else:
                starting[ref].is_ready, pool.lost_at_start = True, 0

    def _give(self, worker: _Actor, task: PoolTask) -> None:
        worker.tasks[worker.actor.process.remote(task.payload)] = task

    def _collect(self, pool: Pool[_Actor], worker: _Actor, reference: Any) -> Iterable[TaskResult]:
        import ray

        try:
            value, error = ray.get(reference)
        except ray.exceptions.RayError as failure:
            return pool.lose(worker, str(failure))
        return [pool.end(worker.tasks.pop(reference), value, error)]

    def _try_again(self, pool: Pool[_Actor]) -> None:
        """Give each task that failed a worker to itself: if it kills that one, no other task suffers."""
        if not pool.again:
            return
        self._look_at_starts(pool)
        for worker in pool.idle():
            if pool.again:
                self._give(worker, pool.again.pop(0))
        if pool.again and pool.may_grow:
            self._start_worker(pool)


class WorkerActor:
    """Hands calls on to the worker; errors come back as values, so that only a lost process is Ray's error."""

    def __init__(self, worker: Worker) -> None:
        self._worker, self._ready = worker, Event()
        self._failure: SegVideoError | None = None

    def setup(self) -> tuple[Any, SegVideoError | None]:
        """The result of the worker's own `setup`, or its error."""
        value, self._failure = self._guarded(self._worker.setup)
        self._ready.set()
        return value, self._failure

    def process(self, task: Any) -> tuple[Any, SegVideoError | None]:
        """The task's result, or its error; an actor of several slots may be asked before it is set up."""
        self._ready.wait()
        if self._failure is not None:
            return None, self._failure
        done = self._guarded(self._worker.process, task)
        give_back_memory()
        return done

    def _guarded(self, call: Any, *arguments: Any) -> tuple[Any, SegVideoError | None]:
        try:
            return call(*arguments), None
        except Exception as error:  # the border of a process
            return None, described(error)
