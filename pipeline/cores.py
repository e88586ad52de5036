"""The cores that this process may use: those it is bound to, and no more than its container's share of time."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from pathlib import Path


def usable_cores(system: Path = Path("/")) -> int:
    """Number of cores, 1 at least.

    A container or a service with 2 cores' time on a machine of 64 is bound to none of them: 64 threads would spend
    their time waiting for their turn. So a control group's quota counts, rounded up. system : holds proc and sys.
    """
    # macOS binds no process to cores.
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(min([bound, *(math.ceil(quota) for quota in _quotas(system))]), 1)


def _quotas(system: Path) -> Iterator[float]:
    """Cores' time that this process's control groups grant it, as far as they limit it; of versions 1 and 2."""
    mount = system / "sys/fs/cgroup"
    for line in _words(system / "proc/self/cgroup").splitlines():
        _, controllers, group = line.split(":", 2)
        if controllers and "cpu" not in controllers.split(","):
            continue
        top = mount / "cpu" if controllers else mount
        # In a container the group's path may be the host's, of which nothing but the top is here.
        for folder in (top / group.lstrip("/"), *(top / group.lstrip("/")).parents):
            names = ("cpu.cfs_quota_us", "cpu.cfs_period_us") if controllers else ("cpu.max",)
            words = " ".join(_words(folder / name) for name in names).split()
            if len(words) == 2 and words[0].isdecimal():  # neither "max" nor -1, which are no limit
                yield int(words[0]) / int(words[1])
            if folder == top:
                break


def _words(path: Path) -> str:
    """The file's words; none of one that is not there or not for this process."""
    try:
        return path.read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
