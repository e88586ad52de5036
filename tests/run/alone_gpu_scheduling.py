"""GPUs as Ray shares them out, without one: nodes on this machine that say they have some.

What is tried is who holds them. Workers that tell what they were given stand in the place of those that use it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from pipeline.job.settings import Settings
from pipeline.run import pools as run_pools
from pipeline.run.pools import RENDER, SEGMENT, RunPools
from tests.patience import patiently

ray = pytest.importorskip("ray")

#: Tasks that three segmenters have in hand at most, each its own.
_IN_HAND = 3

#: The autoscaler's name for the head.
HEAD = "f" * 56


class Telling:
    """A worker that tells the GPUs that it was given, its node and its process."""

    def __init__(self, *_, **__):
        pass

    def setup(self):
        return self.process(None)

    def process(self, seconds):
        import os
        import time

        import ray

        time.sleep(seconds or 0)
        # Ray tells a worker by this variable, which CUDA reads; in threads of an actor its own call knows nothing.
        given = os.environ.get("CUDA_VISIBLE_DEVICES", "")
        return tuple(filter(None, given.split(","))), ray.get_runtime_context().get_node_id(), os.getpid()

    def close(self):
        pass


@pytest.fixture(scope="module")
def cluster():
    """A head with two GPUs, of which it has none."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAY_AUTH_TOKEN", raising=False)
        head = {"num_cpus": 4, "num_gpus": 2, "include_dashboard": False}
        made = patiently(lambda: Cluster(initialize_head=True, head_node_args=head))
        yield made
        made.shutdown()


@pytest.fixture
def open_pools(request, monkeypatch):
    """open_pools(workers, address, device): the pools of a job on the cluster, or on another one, both open."""
    # Its class travels by value: Ray's processes need not find this module.
    for name in ("SegmentWorker", "RenderWorker"):
        monkeypatch.setattr(run_pools, name, type("Telling", (), dict(vars(Telling))))
    monkeypatch.setattr(run_pools, "_LOOK_SECONDS", 0.1)
    opened = []

    def do(workers=None, address=None, device="auto"):
        run = {"cluster": address or request.getfixturevalue("cluster").address, "workers": workers}
        pools = RunPools(Settings().with_changes({"run": run, "segment": {"device": device}}))
        opened.append(pools)
        pools.begin()
        for pool in (SEGMENT, RENDER):
            pools.open(pool, 8)
        return pools

    yield do
    for pools in opened:
        pools.close()


def told(pools, pool, tasks, seconds=0.3, until=lambda values: True, seconds_at_most=40):
    """Values of so many tasks or more, until `until` is content with them; and how many attempts were lost."""
    values, in_hand, retried = [], 0, 0
    end = time.monotonic() + seconds_at_most
    while True:
        wanting = time.monotonic() < end and (len(values) + in_hand < tasks or not until(values))
        if not wanting and not in_hand:
            return values, retried
        pools.grow(pool)
        while wanting and pools.workers.has_room(pool):
            pools.workers.submit(pool, None, seconds)
            in_hand += 1
        for result in pools.workers.wait(0.1):
            assert result.error is None or result.retried, result.error
            retried += result.retried
            if not result.retried:
                in_hand -= 1
                values.append(result.value)


def workers(count):
    """Content when so many workers have told something."""
    return lambda values: len({process for _, _, process in values}) >= count


def gpus_of(values):
    """By worker, the node and number of its GPU. Each has exactly one."""
    assert all(len(gpus) == 1 for gpus, _, _ in values)
    return {process: (node, gpu) for (gpu,), node, process in values}


def test_there_is_one_segmenter_a_gpu_and_painting_goes_on_beside_them_without_one(open_pools):
    pools = open_pools()
    segmented, _ = told(pools, SEGMENT, 8, until=workers(2))
    assert sorted(gpu for _, gpu in gpus_of(segmented).values()) == ["0", "1"]
    assert ray.available_resources().get("GPU", 0) == 0
    painted, _ = told(pools, RENDER, 6, until=workers(2))
    assert {gpus for gpus, _, _ in painted} == {()}


@pytest.mark.slow
def test_more_workers_than_gpus_share_them(open_pools):
    segmented, _ = told(open_pools(workers=4), SEGMENT, 8, until=workers(4))
    assert Counter(gpu for _, gpu in gpus_of(segmented).values()) == {"0": 2, "1": 2}


@pytest.mark.slow
def test_a_node_that_joins_late_is_used_and_the_work_of_one_that_is_lost_is_done_by_the_others(
    cluster, open_pools
):
    pools = open_pools()
    alone, _ = told(pools, SEGMENT, 4)
    late = patiently(lambda: cluster.add_node(num_cpus=1, num_gpus=1))
    both, _ = told(pools, SEGMENT, 4, until=workers(3))
    assert {node for node, _ in gpus_of(both).values()} > {node for node, _ in gpus_of(alone).values()}
    assert len(set(gpus_of(both).values())) == 3

    values, retried = told_while_lost(cluster, pools, late)
    assert retried >= 1
    assert len(values) >= 8
    assert {node for _, node, _ in values[-4:]} == {node for _, node, _ in alone}


def told_while_lost(cluster, pools, node):
    """Values of eight tasks or more, the last four of tasks begun after a node was killed that had some in hand.

    A machine that is lost takes its workers with it at once; those of a raylet that was killed live on for a while, and
    may end their tasks while Ray removes the node.
    """
    before = []

    def lose(values):
        if len(values) >= 2 and not before:
            raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
            for process in [raylet, *raylet.children(recursive=True)]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            cluster.remove_node(node, allow_graceful=False)
            before.append(len(values))
        return bool(before) and len(values) >= before[0] + _IN_HAND + 4

    return told(pools, SEGMENT, 8, seconds=1, until=lose)


def autoscaler(address):
    """Settings of an autoscaler that plays a cloud: two nodes with a GPU and two without, removed 3 s after work."""
    provider = "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider"
    own = {"type": "external", "module": provider, "head_node_id": HEAD, "gcs_address": address}
    one = {"CPU": 1, "object_store_memory": 80 << 20}
    steps = ("initialization", "setup", "head_setup", "worker_setup", "head_start_ray", "worker_start_ray")
    lists = [*(f"{step}_commands" for step in steps), "cluster_synced_files", "rsync_exclude", "rsync_filter"]
    return {
        "cluster_name": "played",
        **{name: [] for name in lists},  # which Ray wants to see
        **{"auth": {}, "file_mounts": {}, "file_mounts_sync_continuously": False},
        **{"max_workers": 4, "idle_timeout_minutes": 0.05, "head_node_type": "ray.head.default"},
        "provider": {**own, "launch_multiple": True, "disable_node_updaters": True},
        "available_node_types": {
            "ray.head.default": {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
            "gpu": {"resources": {**one, "GPU": 1}, "node_config": {}, "min_workers": 0, "max_workers": 2},
            "cpu": {"resources": one, "node_config": {}, "min_workers": 0, "max_workers": 2},
        },
    }


@pytest.fixture
def autoscaled(monkeypatch):
    """Address of a head without GPUs and cores, whose autoscaler adds and removes nodes on this machine."""
    from ray._common.network_utils import find_free_port

    monkeypatch.delenv("RAY_AUTH_TOKEN", raising=False)
    port, agent = find_free_port(), find_free_port()
    address = f"{ray.util.get_node_ip_address()}:{port}"
    played = {
        "RAY_FAKE_CLUSTER": "1",
        "RAY_CLOUD_INSTANCE_ID": HEAD,
        "RAY_OVERRIDE_NODE_ID_FOR_TESTING": HEAD,
    }
    quick = {"AUTOSCALER_UPDATE_INTERVAL_S": "1", "RAY_enable_autoscaler_v2": "1"}
    with tempfile.TemporaryDirectory(prefix="sv", ignore_cleanup_errors=True) as folder:
        file = Path(folder) / "autoscaler.json"
        file.write_text(json.dumps(autoscaler(address)))
        words = [
            "--head",
            "--block",
            "--disable-usage-stats",
            "--include-dashboard",
            "false",
            "--num-gpus",
            "0",
        ]
        places = [
            "--port",
            str(port),
            "--dashboard-agent-listen-port",
            str(agent),
            "--temp-dir",
            f"{folder}/r",
        ]
        sizes = ["--num-cpus", "0", "--object-store-memory", str(80 << 20), "--autoscaling-config", str(file)]
        program = Path(sys.executable).parent / "ray"
        told = Path(folder) / "told"
        with told.open("w") as stream:
            head = subprocess.Popen(
                [str(program), "start", *words, *places, *sizes],
                **{
                    "env": {**os.environ, **played, **quick},
                    "stdout": stream,
                    "stderr": stream,
                    "start_new_session": True,
                },
            )
        until = time.monotonic() + 60
        # Ray ends a process that connects to a node which is not there yet.
        while time.monotonic() < until and "Ray runtime started" not in told.read_text():
            time.sleep(0.2)
        yield address
        for process in [*psutil.Process(head.pid).children(recursive=True), psutil.Process(head.pid)]:
            with suppress(psutil.NoSuchProcess):  # with the ones before it
                process.kill()
        head.wait(30)


def left_of(resource, address):
    """What is left of it when the autoscaler has had time to remove idle nodes."""
    ray.init(address=address, logging_level="ERROR", log_to_driver=False)
    until = time.monotonic() + 60
    while ray.cluster_resources().get(resource, 0) and time.monotonic() < until:
        time.sleep(0.5)
    left = ray.cluster_resources().get(resource, 0)
    ray.shutdown()
    return left


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_the_autoscaler_adds_nodes_for_a_job_and_removes_them_behind_it(autoscaled, open_pools):
    for device, resource in (("gpu", "GPU"), ("auto", "CPU")):
        pools = open_pools(address=autoscaled, device=device)
        assert ray.cluster_resources().get(resource, 0) == 0
        segmented, _ = told(pools, SEGMENT, 4, until=workers(2), seconds_at_most=90)
        assert {gpus for gpus, _, _ in segmented} == {("0",) if device == "gpu" else ()}
        assert len({node for _, node, _ in segmented}) >= 2
        assert ray.cluster_resources()[resource] >= 2  # of cores also those of the nodes with a GPU
        pools.close()
        assert left_of(resource, autoscaled) == 0
