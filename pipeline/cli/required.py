"""Checks for what a command needs of its surroundings, before it begins."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from pipeline.errors import ConfigError, UsageError

#: A run with dashcam-lite reserves 3.2 GB of addresses on two cores, of which it fills 0.4. With less than 2 the
#: libraries were seen to wait without end for a thread that could not be made.
_LEAST_ADDRESSES = 4 << 30


def require_extra(work: str) -> None:
    """Raise ConfigError, before anything is computed, where a package of the `train` extra is missing.

    work : what needs it, such as `training`.
    """
    missing = [name for name in ("matplotlib", "pycocotools", "scipy") if find_spec(name) is None]
    if missing:
        raise ConfigError(
            f"{work} needs {' and '.join(missing)}, which the product alone does not.",
            do="install the extra `train`: pip install 'seg-video[train]'",
        )


def require_addresses() -> None:
    """Raise UsageError where `ulimit -v` leaves this process less than a run needs."""
    if sys.platform == "win32":
        return
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < _LEAST_ADDRESSES:
        raise UsageError(
            "The addresses of this process are limited, and libraries could wait without end.",
            found=f"ulimit -v {limit // 1024}",
            do=f"raise it to {_LEAST_ADDRESSES // 1024} or more; a cgroup limits memory itself",
        )
