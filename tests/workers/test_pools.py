"""The promises of pools, tested on those in this process and of processes; alone_ray_pools.py has Ray's."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.errors import InputError, UsageError, WeightsError
from pipeline.workers.contract import PoolSpec, WorkerLostError, described, is_final
from pipeline.workers.in_process import InProcessPools
from pipeline.workers.processes import ProcessPools
from pipeline.workers.ray_workers import WorkerActor
from tests.workers.doubler import Doubler, Refusing, Stillborn


@pytest.fixture
def in_processes():
    pools = ProcessPools()
    yield pools
    pools.close()


@pytest.fixture(params=["here", "processes"])
def pool(request):
    """Pools and the name of a fresh pool of one worker."""
    pools = InProcessPools() if request.param == "here" else request.getfixturevalue("in_processes")
    pools.add(PoolSpec("doublers", Doubler(), 1))
    return pools, "doublers"


@pytest.fixture
def mortal_pool(in_processes):
    """The same of workers that may die."""
    in_processes.add(PoolSpec("doublers", Doubler(), 1))
    return in_processes, "doublers"


def run(pools, name, *tasks):
    """The results of the tasks, by key."""
    tasks, over, tries = list(enumerate(tasks)), {}, []
    until = time.monotonic() + 240
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


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_worker_has_its_own_settings_of_memory_and_the_process_that_starts_it_stays_as_it_is(
    in_processes, monkeypatch
):
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    monkeypatch.setenv("MALLOC_TRIM_THRESHOLD_", "4711")  # the user's own
    before = dict(os.environ)
    in_processes.add(PoolSpec("doublers", Doubler(), 1))
    in_processes.setup_result("doublers")
    assert os.environ == before
    (worker,) = in_processes._pools["doublers"].workers
    told = Path(f"/proc/{worker.process.pid}/environ").read_bytes().split(b"\0")
    assert {b"MALLOC_ARENA_MAX=2", b"MALLOC_TRIM_THRESHOLD_=4711"} <= set(told)


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


@pytest.mark.parametrize("way", ["die", "vanish"])
def test_a_task_that_kills_its_worker_fails_and_the_next_has_a_new_worker(mortal_pool, way):
    """A worker that vanishes has failed, whatever its exit code says."""
    over, tries = run(*mortal_pool, 1, way, 3)
    assert (over[0].value, over[2].value) == (2, 6)
    assert over[1].attempts == 3
    assert "worker died" in str(over[1].error)
    assert [result.retried for result in tries if result.key == 1] == [True, True, False]


def test_a_worker_has_as_many_tasks_at_a_time_as_it_has_slots(in_processes):
    in_processes.add(PoolSpec("wide", Doubler(), 1, slots=3))
    assert in_processes.setup_result("wide") == "ready"
    for key in range(3):
        assert in_processes.has_room("wide")
        in_processes.submit("wide", key, key)
    assert not in_processes.has_room("wide")
    found = []
    while len(found) < 3:
        found += in_processes.wait(1)
    assert sorted(result.value for result in found) == [0, 2, 4]


@pytest.mark.skipif(sys.platform != "linux", reason="has no limit of what a process asks for")
def test_a_worker_gets_no_more_memory_than_the_machine_has_left(in_processes):
    """In pieces it would otherwise get 8 TB of addresses, and the system run out of memory where it fills them."""
    in_processes.add(PoolSpec("greedy", Doubler(), 1))
    over, _ = run(in_processes, "greedy", "all memory", 1)
    assert "MemoryError" in str(over[0].error)
    assert over[1].value == 2


def test_workers_that_end_as_soon_as_they_start_are_an_error(in_processes):
    in_processes.add(PoolSpec("stillborn", Stillborn(), 1))
    with pytest.raises(WorkerLostError, match="worker died"):
        in_processes.setup_result("stillborn")


def test_the_error_of_a_setup_is_told(in_processes):
    in_processes.add(PoolSpec("refusing", Refusing(), 1))
    with pytest.raises(InputError, match="no such weights"):
        in_processes.setup_result("refusing")


def test_a_worker_of_another_version_gives_no_results():
    actor = WorkerActor(Doubler(), "9.9.9")
    (_, error), (value, again) = actor.setup(), actor.process(2)
    assert isinstance(error, UsageError)
    assert "9.9.9 on the head" in str(error)
    assert (value, again) == (None, error)


def test_only_what_cannot_change_is_final_at_once():
    assert is_final(InputError("broken"), 1)
    assert is_final(WeightsError("of another network"), 1)
    assert not is_final(described(OSError("disk")), 1)
    assert is_final(described(OSError("disk")), 3)


def test_a_script_that_starts_workers_is_not_run_again_by_them(repo_root, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "from pipeline.workers.contract import PoolSpec\n"
        "from pipeline.workers.processes import ProcessPools\n"
        "from tests.workers.doubler import Doubler\n"
        "print('run', flush=True)\n"
        "pools = ProcessPools()\n"
        "pools.add(PoolSpec('double', Doubler(), 1))\n"
        "print(pools.setup_result('double'))\n"
        "pools.close()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(repo_root)}
    done = subprocess.run(
        [sys.executable, script], env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.stdout.split() == ["run", "ready"], done.stderr


def test_workers_of_a_command_that_was_killed_end_at_once_without_a_word(repo_root, tmp_path):
    """They once went on to the end of their task, and told of a broken pipe in twenty lines."""
    script, begun = tmp_path / "script.py", tmp_path / "begun"
    script.write_text(
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from pipeline.workers.contract import PoolSpec\n"
        "from pipeline.workers.processes import ProcessPools\n"
        "from tests.workers.doubler import Slow\n"
        "pools = ProcessPools()\n"
        "pools.add(PoolSpec('slow', Slow(), 1))\n"
        "pools.setup_result('slow')\n"
        "pools.submit('slow', 1, sys.argv[1])\n"
        "while not Path(sys.argv[1]).exists():\n"
        "    pools.wait(0.01)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(repo_root)}
    # Its standard error is the worker's too: it is at its end when both have ended.
    done = subprocess.run(
        [sys.executable, script, begun], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == -9
    assert done.stderr == ""
    assert begun.exists()
