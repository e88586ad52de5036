"""Clusters of nodes and GPUs that are played on this machine, each file in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.alone import pass_alone

HERE = Path(__file__).parent

#: Above the time that pytest has for each test of the files.
pytestmark = pytest.mark.timeout(920)


def test_gpus_are_shared_out():
    pass_alone(HERE / "alone_gpu_scheduling.py")


@pytest.mark.slow
@pytest.mark.parametrize("file", ["alone_gpu_scheduling.py", "alone_cluster.py"])
def test_nodes_and_gpus_come_and_go(file):
    pass_alone(HERE / file, "-m", "slow")
