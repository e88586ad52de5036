"""The promises of test_pools.py, kept by Ray's pools."""

from __future__ import annotations

import pytest

from pipeline.errors import SegVideoError
from pipeline.workers.contract import PoolSpec
from pipeline.workers.ray_session import RaySession
from pipeline.workers.ray_workers import RayPools
from tests.patience import patiently
from tests.workers import test_pools
from tests.workers.doubler import Doubler

test_values = test_pools.test_tasks_give_values
test_three_tries = test_pools.test_a_task_that_fails_is_tried_three_times_and_the_others_go_on
test_second_try = test_pools.test_a_task_that_succeeds_the_second_time_has_succeeded
test_broken_input = test_pools.test_a_broken_input_is_not_tried_again
test_killed_worker = test_pools.test_a_task_that_kills_its_worker_fails_and_the_next_has_a_new_worker


@pytest.fixture(scope="module")
def in_ray():
    pools = RayPools(patiently(ray_session))
    yield pools
    pools.close()


def ray_session():
    session = RaySession()
    session.start()
    session.wait()
    return session


@pytest.fixture
def pool(in_ray, request):
    """Pools and the name of a fresh pool of one worker."""
    # Its class travels by value: Ray's processes need not find this module.
    by_value = type("Doubler", (), dict(vars(Doubler)))()
    in_ray.add(PoolSpec(request.node.name, by_value, 1))
    return in_ray, request.node.name


@pytest.fixture
def mortal_pool(pool):
    return pool


def test_a_cluster_that_is_not_there_is_told():
    session = RaySession("127.0.0.1:1")
    session.start()
    with pytest.raises(SegVideoError, match=r"No Ray cluster at 127\.0\.0\.1:1"):
        session.wait()
    session.close()
