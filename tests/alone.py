"""pass_alone: the tests of a file in a process of their own.

A process that has been Ray's driver keeps its threads and its handlers of signals, and Ray ends it without a word where
it misses its servers, which may be in the middle of quite another test.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

#: Names of such files begin with this, so that pytest collects them only where they are named.
PREFIX = "alone_"


def pass_alone(file: Path, *words: str) -> None:
    """Fail unless pytest passes for a file of tests. words : what else pytest is told."""
    assert file.name.startswith(PREFIX)
    own = ["-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--no-header", "--tb=short"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", str(file), *own, *words],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
