"""ProcessPools: pools of processes on this machine, started in a fraction of a second."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from threading import Lock
from types import ModuleType
from typing import Any

from pipeline.workers.allocator import allocator_settings, give_back_memory, limit_memory
from pipeline.workers.contract import MOST_ATTEMPTS, PoolSpec, TaskResult, described
from pipeline.workers.environment import environment
from pipeline.workers.pool import Pool, PoolTask, PoolWorker, lost_worker

#: The handle of a worker's setup, beside those of its tasks, which count from 0.
_SETUP = -1

#: Seconds that a worker has to end by itself when it is told to.
_END_SECONDS = 2.0


@dataclass(eq=False)
class _Process(PoolWorker):
    """A worker's process. setup : value and error of its setup, once it is over."""

    process: SpawnProcess = field(kw_only=True)
    pipe: Connection = field(kw_only=True)
    setup: tuple[Any, Any] | None = None
    count: int = 0


class ProcessPools:
    """Workers in processes of their own. One that dies is replaced, and its tasks are tried again."""

    def __init__(self) -> None:
        self._pools: dict[str, Pool[_Process]] = {}

    def add(self, spec: PoolSpec, begin: int = 1) -> None:
        """Add a pool, and start `begin` of its workers beside one another."""
        pool = self._pools[spec.name] = Pool[_Process](spec)
        while len(pool.workers) < min(begin, spec.size):
            _start(pool)

    def setup_result(self, pool: str) -> Any:
        """Return what `setup` of the pool's first worker returned, or raise its error."""
        own = self._pools[pool]
        while True:
            worker = own.workers[0] if own.workers else _start(own)
            if worker.setup is None:
                wait([worker.pipe, worker.process.sentinel])
                list(self._receive(own, worker))
            if worker.setup is not None:
                value, error = worker.setup
                if error is not None:
                    raise error
                return value

    def has_room(self, pool: str) -> bool:
        """True if a task would be begun at once."""
        return self._pools[pool].has_room

    def grow(self, pool: str) -> None:
        """Start one more worker where all are busy and there may be more."""
        own = self._pools[pool]
        if not own.has_room and not own.again and own.may_grow:
            _start(own)

    def submit(self, pool: str, key: Any, task: Any) -> None:
        """Hand the task to the worker that has least to do."""
        own = self._pools[pool]
        _give(own.least_busy(), PoolTask(key, task, 1))

    def wait(self, seconds: float) -> list[TaskResult]:
        """Results that are there, or come within that time; empty if none does.

        Raises WorkerLostError where workers die as often as they are started.
        """
        for pool in self._pools.values():
            _try_again(pool)
        owners: dict[Any, tuple[Pool[_Process], _Process]] = {
            handle: (pool, worker)
            for pool in self._pools.values()
            for worker in pool.workers
            for handle in (worker.pipe, worker.process.sentinel)
        }
        results: list[TaskResult] = []
        ready = {owners[handle][1]: owners[handle] for handle in wait(list(owners), timeout=seconds)}
        for pool, worker in ready.values():
            results += self._receive(pool, worker)
        return results

    def close(self) -> None:
        """Stop all workers, whatever they do."""
        workers = [worker for pool in self._pools.values() for worker in pool.workers]
        for worker in workers:
            worker.process.kill()
        for worker in workers:
            worker.process.join(_END_SECONDS)
            worker.pipe.close()
            worker.process.close()
        self._pools.clear()

    def _receive(self, pool: Pool[_Process], worker: _Process) -> Iterator[TaskResult]:
        """Take what a worker has sent; one that sends nothing and has ended is lost, whatever its exit code."""
        try:
            while worker.pipe.poll():
                handle, value, error = worker.pipe.recv()
                if handle == _SETUP:
                    worker.setup, worker.is_ready = (value, error), True
                    pool.lost_at_start = 0
                else:
                    yield pool.end(worker.tasks.pop(handle), value, error)
        except (EOFError, OSError):
            yield from self._lose(pool, worker)
        else:
            if not worker.process.is_alive() and not worker.pipe.poll():
                yield from self._lose(pool, worker)

    def _lose(self, pool: Pool[_Process], worker: _Process) -> Iterator[TaskResult]:
        worker.process.join(_END_SECONDS)
        reason = f"its process ended with {worker.process.exitcode}"
        was_ready = worker.is_ready
        yield from pool.lose(worker, reason)
        worker.pipe.close()
        if not was_ready:
            pool.lost_at_start += 1
            if pool.lost_at_start >= MOST_ATTEMPTS:
                raise lost_worker(pool.spec.name, reason)


def _start(pool: Pool[_Process]) -> _Process:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    spec = pool.spec
    process = context.Process(target=_serve, args=(theirs, spec), name=f"seg-video {spec.name}", daemon=True)
    with _without_script(), environment(allocator_settings()):
        process.start()
    theirs.close()
    worker = _Process(process=process, pipe=ours)
    pool.workers.append(worker)
    return worker


@contextmanager
def _without_script() -> Iterator[None]:
    """Hide the program's own script: a process that starts reads it, and would do once more all that it does."""
    script = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = script


def _give(worker: _Process, task: PoolTask) -> None:
    worker.tasks[worker.count] = task
    # A worker that is gone is found out by `wait`, which tries its tasks again.
    try:
        worker.pipe.send((worker.count, task.payload))
    except (BrokenPipeError, ConnectionResetError):
        return
    finally:
        worker.count += 1


def _try_again(pool: Pool[_Process]) -> None:
    """Give each task that failed a worker to itself: if it kills that one, no other task suffers."""
    for worker in pool.idle():
        if pool.again:
            _give(worker, pool.again.pop(0))
    if pool.again and pool.may_grow:
        _start(pool)


def _serve(pipe: Connection, spec: PoolSpec) -> None:
    """A worker's process: it does the tasks that come through the pipe until that is closed."""
    # Ctrl-C reaches all processes of a terminal; it is for the one that has the others stop.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if not spec.gpus:  # what a GPU's driver reserves is no memory of the machine
        limit_memory()
    worker, sending = spec.worker, Lock()

    def send(handle: int, value: Any, error: Any) -> None:
        with (
            sending,
            suppress(BrokenPipeError, ConnectionResetError),
        ):  # the loop below ends where nobody reads
            pipe.send((handle, value, error))

    value, error = _guarded(worker.setup)
    with ThreadPoolExecutor(spec.slots) as threads:
        try:
            send(_SETUP, value, error)
            while True:
                handle, task = pipe.recv()
                if error is not None:
                    send(handle, None, error)
                    continue
                future: Future[tuple[Any, Any]] = threads.submit(_guarded, worker.process, task)
                future.add_done_callback(lambda done, handle=handle: send(handle, *done.result()))  # type: ignore[misc]
        except (EOFError, OSError):
            # The driver is gone, and nobody waits for what is under way: the pool of threads would, at its end.
            os._exit(0)


def _guarded(call: Any, *arguments: Any) -> tuple[Any, Any]:
    try:
        return call(*arguments), None
    except Exception as error:  # the border of a process
        return None, described(error)
    finally:
        give_back_memory()
