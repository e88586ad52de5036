"""The number of cores that this process may use."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path


def usable_cores(system: Path = Path("/")) -> int:
    """The cores that the process is bound to, but no more than its control groups' CPU quota, rounded up; at least 1.

    A container with a quota of 2 cores on a machine of 64 is bound to none of them, and 64 threads would spend their
    time waiting. system : the folder that contains proc and sys.
    """
    # macOS binds no process to cores.
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(min([bound, *(math.ceil(quota) for quota in _quotas(system))]), 1)


def _quotas(system: Path) -> Iterator[float]:
    """The CPU quotas of this process's control groups, versions 1 and 2, in cores."""
    mount = system / "sys/fs/cgroup"
    for line in _words(system / "proc/self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = mount / "cpu" if controllers else mount
        # In a container the path may be the host's, of which only the top exists here.
        for folder in (top / group.lstrip("/"), *(top / group.lstrip("/")).parents):
            names = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if controllers else ("cpu.max",)
            words = " ".join(_words(folder / name) for name in names).split()
            if len(words) == 2 and words[0].isdecimal():  # neither "max" nor -1, which are no limit
                yield int(words[0]) / int(words[1])
            if folder == top:
                break


def _words(path: Path) -> str:
    """The text of a file; empty if it cannot be read."""
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
