"""A Ray cluster of two nodes, both of them on this machine."""

from __future__ import annotations

import json
import time

import pytest


@pytest.fixture
def cluster():
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 2, "include_dashboard": False})
    second = made.add_node(num_cpus=2)
    yield made, second
    made.shutdown()


@pytest.mark.slow
def test_a_cluster_that_loses_a_node_still_makes_the_same_video(command, traffic, tmp_path, cluster):
    made, second = cluster
    alone = command(traffic, tmp_path / "alone.mp4", "--workers", 0, "--chunk-frames", 4)
    alone.communicate()
    out = tmp_path / "out.mp4"
    process = command(
        traffic,
        out,
        *("--cluster", made.address, "--workers", 4, "--chunk-frames", 4, "--progress", "json"),
        FAKE_DELAY="0.2",
    )
    ledger = tmp_path / "out.mp4.seg-run" / "ledger.jsonl"
    until = time.monotonic() + 120
    while time.monotonic() < until and not (ledger.exists() and ledger.read_text().count("\n") >= 2):
        time.sleep(0.05)
    made.remove_node(second, allow_graceful=False)
    _, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    events = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    assert "retry" in [event["event"] for event in events]
    assert out.read_bytes() == (tmp_path / "alone.mp4").read_bytes()
