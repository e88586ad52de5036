"""The number of cores is what the process may use, not what the machine has."""

from __future__ import annotations

import os

import pytest

from pipeline.cores import usable_cores


@pytest.fixture
def _sixty_four_cores(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))


@pytest.mark.usefixtures("_sixty_four_cores")
@pytest.mark.parametrize(
    ("group", "files", "cores"),
    [
        ("0::/", {"cpu.max": "150000 100000"}, 2),
        ("0::/", {"cpu.max": "max 100000"}, 64),
        ("0::/", {"cpu.max": "1000 100000"}, 1),
        ("0::/", {"cpu.max": "9900000 100000"}, 64),
        # A service, whose slice has less than it asks for itself.
        ("0::/system.slice/a.service", {"system.slice/cpu.max": "300000 100000"}, 3),
        (
            "0::/system.slice/a.service",
            {"system.slice/cpu.max": "800000 100000", "system.slice/a.service/cpu.max": "400000 100000"},
            4,
        ),
        # The first version; in a container the path is the host's.
        (
            "5:cpuset:/\n4:cpu,cpuacct:/docker/ab:c\n0::/",
            {"cpu/cpu.cfs_quota_us": "200000", "cpu/cpu.cfs_period_us": "100000"},
            2,
        ),
        ("1:cpu:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, 64),
        ("2:cpuset:/\n3:cpuacct:/", {"cpuacct/cpu.cfs_quota_us": "100000"}, 64),
        ("", {}, 64),
    ],
)
def test_a_container_with_a_share_of_a_machine_has_as_many_cores(tmp_path, group, files, cores):
    (tmp_path / "proc/self").mkdir(parents=True)
    (tmp_path / "proc/self/cgroup").write_text(group)
    for name, content in files.items():
        path = tmp_path / "sys/fs/cgroup" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    assert usable_cores(tmp_path) == cores


def test_a_process_bound_to_one_core_has_one(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {3})
    assert usable_cores(tmp_path) == 1


def test_a_system_that_binds_no_process_has_all_its_cores(monkeypatch, tmp_path):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert usable_cores(tmp_path) == 8
