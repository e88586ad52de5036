from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

#: Threads that each ask for memory, and then what glibc tells of its arenas.
_PROGRAM = """
import ctypes, sys, threading
from pipeline.workers.allocator import share_memory
{begin}
barrier = threading.Barrier(8)
def work():
    barrier.wait()
    kept.append([bytes(5000) for _ in range(50)])
    barrier.wait()
kept = []
threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
libc = ctypes.CDLL(None)
libc.malloc_info(0, ctypes.c_void_p.in_dll(libc, "stdout"))
libc.fflush(None)
"""


def arenas(begin):
    # what glibc is told by the tests' own environment would hide what the program tells it
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_TUNABLES"))}
    told = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(begin=begin)],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    return len(re.findall("<heap nr=", told.stdout))


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc has arenas")
def test_threads_of_a_process_that_shares_its_memory_have_two_arenas_together():
    assert arenas("share_memory()") <= 2 < arenas("")
