"""RayWorkforce: crews of Ray actors; one that dies is replaced, and its tasks are tried again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pipeline.errors import SegVideoError
from pipeline.workers.actor import WorkerActor
from pipeline.workers.contract import MOST_ATTEMPTS, CrewSpec, Outcome, WorkerLostError, is_final
from pipeline.workers.ray_session import RaySession


@dataclass(frozen=True)
class _Task:
    key: Any
    payload: Any
    attempts: int


@dataclass(eq=False)
class _Member:
    """A worker: its actor, its setup's reference, whether that is over, and the tasks it has, by reference."""

    actor: Any
    setup: Any
    is_ready: bool = False
    tasks: dict[Any, _Task] = field(default_factory=dict)


@dataclass(eq=False)
class _Crew:
    spec: CrewSpec
    members: list[_Member] = field(default_factory=list)
    again: list[_Task] = field(default_factory=list)
    lost_at_start: int = 0

    @property
    def may_grow(self) -> bool:
        """Whether one more worker is to be started: none is on its way, and there may be more."""
        return len(self.members) < self.spec.size and all(member.is_ready for member in self.members)


class RayWorkforce:
    """Workers in processes of their own, on this machine or a cluster.

    session : a started session; it is closed with the workforce.
    """

    def __init__(self, session: RaySession) -> None:
        self._session = session
        self._crews: dict[str, _Crew] = {}

    def hire(self, spec: CrewSpec, begin: int = 1) -> None:
        """Add a crew, and start `begin` of its workers beside one another."""
        self._session.wait()
        crew = self._crews[spec.name] = _Crew(spec)
        while len(crew.members) < min(begin, spec.size):
            self._start_member(crew)

    def hello(self, crew: str) -> Any:
        """What `setup` of the crew's first worker returned. Raises its error."""
        import ray

        own = self._crews[crew]
        member = own.members[0] if own.members else self._start_member(own)
        try:
            value, error = ray.get(member.setup)
        except ray.exceptions.RayError as lost:
            raise _lost(crew, lost) from lost
        if error is not None:
            raise error
        return value

    def has_room(self, crew: str) -> bool:
        """Whether a worker is free, and nothing waits to be tried again. Asking is what makes a crew grow.

        Raises WorkerLostError where workers die as often as they are started.
        """
        own = self._crews[crew]
        self._look_at_starts(own)
        if own.again:
            return False
        if any(_is_free(own, member) for member in own.members):
            return True
        if own.may_grow:
            self._start_member(own)
        return False

    def submit(self, crew: str, key: Any, task: Any) -> None:
        """Hand the task to the worker that has least to do."""
        own = self._crews[crew]
        free = [member for member in own.members if _is_free(own, member)]
        self._give(min(free, key=lambda member: len(member.tasks)), _Task(key, task, 1))

    def wait(self, seconds: float) -> list[Outcome]:
        """Outcomes of the tasks that end within that time, the first of them and all that ended with it."""
        import ray

        members = [(crew, member) for crew in self._crews.values() for member in crew.members]
        for crew in self._crews.values():
            self._try_again(crew)
        pending = {ref: pair for pair in members for ref in pair[1].tasks}
        starting = [member.setup for _, member in members if not member.is_ready]
        waited = [*pending, *starting]
        if not waited:
            return []
        ray.wait(waited, num_returns=1, timeout=seconds)
        ready, _ = ray.wait(waited, num_returns=len(waited), timeout=0)
        outcomes = []
        for ref, (crew, member) in pending.items():
            if ref in ready and ref in member.tasks:
                outcomes += self._collect(crew, member, ref)
        return outcomes

    def close(self) -> None:
        """Kill all workers and end the session."""
        import ray

        for crew in self._crews.values():
            for member in crew.members:
                if ray.is_initialized():
                    ray.kill(member.actor)
        self._crews.clear()
        self._session.close()

    def _start_member(self, crew: _Crew) -> _Member:
        import ray

        spec = crew.spec
        remote: Any = ray.remote(WorkerActor)
        actor = remote.options(
            num_cpus=spec.cpus,
            num_gpus=spec.gpus,
            max_concurrency=spec.lanes + 1,
            scheduling_strategy="SPREAD",
        ).remote(spec.worker)
        member = _Member(actor, actor.setup.remote())
        crew.members.append(member)
        return member

    def _look_at_starts(self, crew: _Crew) -> None:
        """Note which workers are ready. One that cannot be placed, on a cluster that lost a node, never is."""
        import ray

        starting = {member.setup: member for member in crew.members if not member.is_ready}
        if not starting:
            return
        ready, _ = ray.wait(list(starting), num_returns=len(starting), timeout=0)
        for ref in ready:
            try:
                ray.get(ref)
            except ray.exceptions.RayError as lost:
                crew.members.remove(starting[ref])
                crew.lost_at_start += 1
                if crew.lost_at_start >= MOST_ATTEMPTS:
                    raise _lost(crew.spec.name, lost) from lost
            else:
                starting[ref].is_ready, crew.lost_at_start = True, 0

    def _give(self, member: _Member, task: _Task) -> None:
        member.tasks[member.actor.process.remote(task.payload)] = task

    def _collect(self, crew: _Crew, member: _Member, reference: Any) -> list[Outcome]:
        import ray

        try:
            value, error = ray.get(reference)
        except ray.exceptions.RayError as lost:
            return self._replace(crew, member, _lost(crew.spec.name, lost))
        task = member.tasks.pop(reference)
        return [_ended(crew, task, value, error)]

    def _replace(self, crew: _Crew, member: _Member, error: SegVideoError) -> list[Outcome]:
        """Forget a worker that died; all of its tasks have failed once more."""
        crew.members.remove(member)
        tasks, member.tasks = list(member.tasks.values()), {}
        return [_ended(crew, task, None, error) for task in tasks]

    def _try_again(self, crew: _Crew) -> None:
        """Give each task that failed a worker to itself: if it kills that one, no other task suffers."""
        if not crew.again:
            return
        self._look_at_starts(crew)
        for member in [member for member in crew.members if member.is_ready and not member.tasks]:
            if crew.again:
                self._give(member, crew.again.pop(0))
        if crew.again and crew.may_grow:
            self._start_member(crew)


def _is_free(crew: _Crew, member: _Member) -> bool:
    alone = any(task.attempts > 1 for task in member.tasks.values())
    return member.is_ready and not alone and len(member.tasks) < crew.spec.lanes


def _ended(crew: _Crew, task: _Task, value: Any, error: SegVideoError | None) -> Outcome:
    name = crew.spec.name
    if error is None:
        return Outcome(name, task.key, task.attempts, value=value)
    if is_final(error, task.attempts):
        return Outcome(name, task.key, task.attempts, error=error)
    crew.again.append(_Task(task.key, task.payload, task.attempts + 1))
    return Outcome(name, task.key, task.attempts, error=error, retried=True)


def _lost(crew: str, lost: Exception) -> WorkerLostError:
    return WorkerLostError(
        f"A {crew} worker died.",
        found=str(lost).strip().split("\n")[0],
        do="if it was killed for memory, use fewer --workers or a smaller --batch",
    )
