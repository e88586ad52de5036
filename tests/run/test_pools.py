"""Which workers a job gets on one machine, by its cores and GPUs."""

import pytest

from pipeline.job.settings import Settings
from pipeline.run import pools as run_pools
from pipeline.run.pools import RENDER, SEGMENT, RunPools
from pipeline.workers.processes import ProcessPools


@pytest.fixture
def specs(monkeypatch):
    """specs(cores, gpus): what the pools of a job are to be, by name; nothing is started."""

    def do(cores, gpus):
        found = {}
        monkeypatch.setattr(run_pools, "usable_cores", lambda: cores)
        monkeypatch.setattr(run_pools, "gpu_count", lambda device: gpus if device != "cpu" else 0)
        monkeypatch.setattr(
            ProcessPools, "add", lambda self, spec, begin: found.update({spec.name: (spec, begin)})
        )
        monkeypatch.setattr(ProcessPools, "setup_result", lambda self, pool: None)
        pools = RunPools(Settings())
        for pool in (SEGMENT, RENDER):
            pools.open(pool, 8)
        pools.wait_until_ready()
        assert [begin for _, begin in found.values()] == [1, 1]  # a renderer starts beside the network
        return {name: spec for name, (spec, _) in found.items()}

    return do


def test_one_gpu_needs_no_ray_and_its_next_chunk_is_decoded_while_it_infers(specs):
    found = specs(cores=16, gpus=1)
    assert (found[SEGMENT].size, found[SEGMENT].slots, found[SEGMENT].gpus) == (1, 2, 1)
    assert found[SEGMENT].worker._segmenter.threads is None
    assert found[RENDER].gpus == 0


@pytest.mark.parametrize(("cores", "size", "slots"), [(1, 1, 1), (2, 1, 2), (4, 1, 4), (6, 2, 3), (16, 4, 4)])
def test_renderers_share_the_cores_a_few_to_each(specs, cores, size, slots):
    found = specs(cores, gpus=0)
    assert (found[RENDER].size, found[RENDER].slots) == (size, slots)
    assert (found[SEGMENT].size, found[SEGMENT].slots) == (1, 1)
    assert found[SEGMENT].worker._segmenter.threads == cores


def test_several_gpus_are_ray_s_to_share_out(monkeypatch):
    started = []
    monkeypatch.setattr(run_pools, "gpu_count", lambda device: 2)
    monkeypatch.setattr(run_pools.RaySession, "start", lambda self: started.append(self))
    RunPools(Settings()).begin()
    assert len(started) == 1


@pytest.mark.parametrize(
    ("device", "gpus", "workers", "size", "share"),
    [
        ("auto", 1, None, 2, 1),  # one that is there, one that the autoscaler may add
        ("auto", 4, None, 4, 1),
        ("auto", 2, 4, 4, 0.5),
        ("auto", 0, None, 8, 0),
        ("auto", 0, 3, 3, 0),
        ("gpu", 0, None, 2, 1),
        ("gpu", 0, 4, 4, 0.25),
        ("cpu", 4, None, 8, 0),
    ],
)
def test_a_job_on_a_cluster_has_requests_open_for_as_many_gpus_or_cores_as_a_driver_keeps_busy(
    device, gpus, workers, size, share, monkeypatch
):
    added = []
    monkeypatch.setattr(run_pools.RaySession, "start", lambda self: None)
    monkeypatch.setattr(run_pools.RaySession, "resources", lambda self: (8.0, float(gpus)))
    monkeypatch.setattr(run_pools.RayPools, "add", lambda self, spec, begin: added.append((spec, begin)))
    run = {"cluster": "head:6379", "workers": workers}
    pools = RunPools(Settings().with_changes({"run": run, "segment": {"device": device}}))
    pools.begin()
    pools.open(SEGMENT, 3)
    ((spec, begin),) = added
    assert (spec.size, spec.gpus, begin) == (size, share, min(size, 3))
    assert spec.cpus == (0.01 if share else 0.9)
    assert spec.worker._gpus == share
