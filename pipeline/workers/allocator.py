"""Memory of a process: what it may take, and what becomes of freed pages, handed back or kept for the next frame."""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

#: For glibc in the workers: frames and tensors go back to the system when they are freed. By its defaults it keeps more
#: of them with each chunk: 1080p video took 3.1 GB after one minute and 3.6 GB after ten.
_WORKER_SETTINGS: Mapping[str, str] = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 20),
}


def allocator_settings() -> dict[str, str]:
    """Variables of the environment for workers. What the user has set stays as it is."""
    return {name: os.environ.get(name, value) for name, value in _WORKER_SETTINGS.items()}


#: glibc's numbers of `mallopt` (malloc.h), and how much is kept: no array of a frame is larger.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX, _KEPT = -1, -3, -8, 32 << 20


def keep_memory() -> None:
    """Keep what is freed in this process, for one that ends soon: pages fetched anew take 9 CPU ms a picture."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _KEPT)
        mallopt(_TRIM_THRESHOLD, 32 * _KEPT)


def share_memory() -> None:
    """Let all threads of this process, none of which runs yet, take memory from two arenas.

    By glibc's default each has its own, and what its largest moment leaves in pieces stays there: in `live`, whose
    viewers come and go, they held 24 MB after a minute and 38 after forty, with nothing in them to hand back.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, int(_WORKER_SETTINGS["MALLOC_ARENA_MAX"]))


#: Bytes that a worker may always allocate: threads and libraries reserve half a gigabyte or more that they do not use.
_LEAST_DATA = 4 << 30

_MEMINFO = Path("/proc/meminfo")


def limit_memory() -> None:
    """Limit this process to seven eighths of the memory that is available now.

    A foreign network can allocate any amount. With the limit its call fails with an error that can be reported;
    otherwise the machine would run out of memory, and the system would kill one program or another.
    """
    if sys.platform != "linux":
        return  # the limit counts allocations only there
    import resource

    left = re.search(r"MemAvailable: +(\d+) kB", _MEMINFO.read_text(encoding="ascii"))
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
