"""Checks of what a command needs from its environment, before it begins."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from pipeline.errors import ConfigError, UsageError, extra_command

#: A run with dashcam-lite on two cores reserves 3.2 GB of address space and uses 0.4 of them. With less than 2 GB the
#: libraries were seen to hang, waiting for a thread that could not be started.
_LEAST_ADDRESSES = 4 << 30


def require_extra(work: str) -> None:
    """Raise ConfigError if a package of the `train` extra is missing. work : what needs it, such as `training`."""
    missing = [name for name in ("matplotlib", "pycocotools", "scipy") if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"{work.capitalize()} needs {' and '.join(missing)}.",
            do=extra_command("train"),
        )


def require_addresses() -> None:
    """Raise UsageError if `ulimit -v` leaves this process less address space than a run needs."""
    if sys.platform == "win32":
        return
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < _LEAST_ADDRESSES:
        raise UsageError(
            "The address space of this process is limited, which can make libraries hang.",
            found=f"ulimit -v {limit // 1024}",
            do=f"raise it to {_LEAST_ADDRESSES // 1024} or more; to limit memory, use a cgroup",
        )
