"""The memory of workers: what they may take, and how they hand back to the system what they have freed."""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Mapping
from pathlib import Path

#: For glibc in the workers: frames and tensors go back to the system when they are freed. By its defaults it keeps more
#: of them with each chunk: 1080p video took 3.1 GB after one minute and 3.6 GB after ten.
ALLOCATOR: Mapping[str, str] = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 20),
}

#: Bytes that a worker may always ask for: threads and libraries reserve more than they fill, half a gigabyte and up.
_LEAST_DATA = 4 << 30


def limit_memory(meminfo: Path = Path("/proc/meminfo")) -> None:
    """Let this process have seven eighths of what memory the machine has left now, and no more.

    A network from elsewhere can ask for any amount of it, in pieces: its call fails then, with an error that can be
    told, where otherwise the machine would run out of memory and the system end one program or another.
    """
    if sys.platform != "linux":
        return  # nowhere else does the limit count what a process asks for
    import resource

    left = re.search(r"MemAvailable: +(\d+) kB", meminfo.read_text(encoding="ascii"))
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if left is not None:
        bounds = [
            max((int(left[1]) << 10) * 7 // 8, _LEAST_DATA),
            *(b for b in (soft, hard) if b != resource.RLIM_INFINITY),
        ]
        resource.setrlimit(resource.RLIMIT_DATA, (min(bounds), hard))


def give_back_memory() -> None:
    """Hand free memory back: drawing up a network's graph alone leaves 60 MB of it behind.

    A few milliseconds a chunk. Only glibc keeps memory so, and only it has the call.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
