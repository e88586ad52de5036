"""check_address_space: refuses a limit of memory under which the libraries would hang or end in the middle."""

from __future__ import annotations

import sys

from pipeline.errors import UsageError

#: A run with dashcam-lite reserves 3.2 GB of addresses on two cores, of which it fills 0.4. With 0.8 GB OpenBLAS turns
#: round for ever, and with 1.6 OpenVINO waits for a thread that was never made.
_LEAST_BYTES = 4 << 30


def check_address_space() -> None:
    """Raise UsageError where `ulimit -v` leaves this process less than a run needs."""
    if sys.platform == "win32":
        return
    import resource

    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY and limit < _LEAST_BYTES:
        raise UsageError(
            "The addresses of this process are limited, and the libraries would hang.",
            found=f"ulimit -v {limit // 1024}",
            do=f"raise it to {_LEAST_BYTES // 1024} or more, or limit memory by a cgroup",
        )
