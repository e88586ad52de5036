"""What a pools promises, asked of the one in this process and of Ray's."""

from __future__ import annotations

import os
import time

import pytest

from pipeline.errors import InputError
from pipeline.workers.contract import PoolSpec, described, is_final
from pipeline.workers.in_process import InProcessPools
from pipeline.workers.ray_session import RaySession
from pipeline.workers.ray_workers import RayPools


def make_worker():
    """A worker whose class travels by value: other processes need not find this module."""

    class Doubler:
        def __init__(self):
            self.tries = {}

        def setup(self):
            return "ready"

        def process(self, task):
            self.tries[task] = self.tries.get(task, 0) + 1
            if task == "die":
                os._exit(1)
            if task == "bad input":
                raise InputError("it is broken")
            if task == "never":
                raise ArithmeticError("no")
            if task == "second time" and self.tries[task] < 2:
                raise ArithmeticError("not yet")
            return task * 2

        def close(self):
            pass

    return Doubler()


@pytest.fixture(scope="module")
def in_ray():
    session = RaySession()
    session.start()
    pools = RayPools(session)
    yield pools
    pools.close()


@pytest.fixture(params=["here", "ray"])
def pool(request):
    """A pools and the name of a fresh pool of one worker."""
    pools = InProcessPools() if request.param == "here" else request.getfixturevalue("in_ray")
    name = f"pool of {request.node.name}"
    pools.add(PoolSpec(name, make_worker(), 1))
    return pools, name


def run(pools, name, *tasks):
    """The results of the tasks, by key."""
    tasks, over, tries = list(enumerate(tasks)), {}, []
    until = time.monotonic() + 60
    total = len(tasks)
    while len(over) < total and time.monotonic() < until:
        pools.grow(name)
        while tasks and pools.has_room(name):
            pools.submit(name, *tasks.pop(0))
        for result in pools.wait(0.2):
            tries.append(result)
            if not result.retried:
                over[result.key] = result
    return over, tries


def test_tasks_give_values(pool):
    pools, name = pool
    assert pools.setup_result(name) == "ready"
    over, _ = run(pools, name, 1, 2, 3)
    assert {key: result.value for key, result in over.items()} == {0: 2, 1: 4, 2: 6}


def test_a_task_that_fails_is_tried_three_times_and_the_others_go_on(pool):
    over, tries = run(*pool, "never", 5)
    assert over[1].value == 10
    assert over[0].attempts == 3
    assert "ArithmeticError: no" in str(over[0].error)
    assert [result.retried for result in tries if result.key == 0] == [True, True, False]


def test_a_task_that_succeeds_the_second_time_has_succeeded(pool):
    over, _ = run(*pool, "second time")
    assert (over[0].value, over[0].attempts, over[0].error) == ("second time" * 2, 2, None)


def test_a_broken_input_is_not_tried_again(pool):
    over, tries = run(*pool, "bad input")
    assert len(tries) == 1
    assert isinstance(over[0].error, InputError)


def test_a_task_that_kills_its_worker_fails_and_the_next_has_a_new_worker(in_ray):
    in_ray.add(PoolSpec("mortals", make_worker(), 1))
    over, tries = run(in_ray, "mortals", 1, "die", 3)
    assert (over[0].value, over[2].value) == (2, 6)
    assert over[1].attempts == 3
    assert "worker died" in str(over[1].error)
    assert [result.retried for result in tries if result.key == 1] == [True, True, False]


def test_only_what_cannot_change_is_final_at_once():
    assert is_final(InputError("broken"), 1)
    assert not is_final(described(OSError("disk")), 1)
    assert is_final(described(OSError("disk")), 3)


def test_a_cluster_that_is_not_there_is_told():
    session = RaySession("127.0.0.1:1")
    session.start()
    with pytest.raises(Exception, match=r"No Ray cluster at 127\.0\.0\.1:1"):
        session.wait()
    session.close()
