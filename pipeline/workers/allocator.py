"""Settings and calls that say what becomes of freed memory: handed back to the system, or kept for the next frame."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping

#: For glibc in the workers: frames and tensors go back to the system when they are freed. By its defaults it keeps more
#: of them with each chunk: 1080p video took 3.1 GB after one minute and 3.6 GB after ten.
ALLOCATOR: Mapping[str, str] = {
    "MALLOC_ARENA_MAX": "2",
    "MALLOC_MMAP_THRESHOLD_": str(1 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(8 << 20),
}

#: glibc's numbers of `mallopt` (malloc.h), and how much is kept: no array of a frame is larger.
_TRIM_THRESHOLD, _MMAP_THRESHOLD, _KEPT = -1, -3, 32 << 20


def keep_memory() -> None:
    """Keep what is freed in this process, for one that ends soon: pages fetched anew take 9 CPU ms a picture."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_THRESHOLD, _KEPT)
        mallopt(_TRIM_THRESHOLD, 32 * _KEPT)


def give_back_memory() -> None:
    """Hand free memory back: drawing up a network's graph alone leaves 60 MB of it behind.

    A few milliseconds a chunk. Only glibc keeps memory so, and only it has the call.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
