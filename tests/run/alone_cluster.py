"""A Ray cluster of two nodes, both of them on this machine."""

from __future__ import annotations

import json

import pytest

from tests.patience import patiently, until


@pytest.fixture
def cluster(monkeypatch):
    from ray.cluster_utils import Cluster

    # Workers have the environment of their node, not that of the command.
    monkeypatch.setenv("FAKE_DELAY", "0.2")
    head = {"num_cpus": 2, "include_dashboard": False}
    made = patiently(lambda: Cluster(initialize_head=True, head_node_args=head))
    second = patiently(lambda: made.add_node(num_cpus=2))
    yield made, second
    made.shutdown()


def works_at_a_chunk(node):
    """Whether a worker of that node has something in hand: Ray names its processes by what they do."""
    import psutil  # of Ray, which is there by now

    raylet = psutil.Process(node.all_processes["raylet"][0].process.pid)
    titles = [" ".join(child.cmdline()) for child in raylet.children(recursive=True)]
    return any(title.startswith("ray::WorkerActor.process") for title in titles)


@pytest.mark.slow
def test_a_cluster_that_loses_a_node_still_makes_the_same_video(command, traffic, tmp_path, cluster):
    made, second = cluster
    alone = command(traffic, tmp_path / "alone.mp4", "--workers", 0, "--chunk-frames", 4, FAKE_DELAY="0")
    alone.communicate()
    out = tmp_path / "out.mp4"
    process = command(
        traffic,
        out,
        *("--cluster", made.address, "--workers", 4, "--chunk-frames", 4, "--progress", "json"),
    )
    until(lambda: works_at_a_chunk(second))
    made.remove_node(second, allow_graceful=False)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    events = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    assert "retry" in [event["event"] for event in events]
    assert out.read_bytes() == (tmp_path / "alone.mp4").read_bytes()
