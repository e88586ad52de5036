"""A disk that is really full: a small file system in a mount namespace of the test's own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).resolve().parents[1] / "driver.py"

#: Run on a disk of $1 KiB; then, with room, again; the second output goes to $5. Prints both exit codes.
SCRIPT = """\
set -u
mount -t tmpfs -o size="$1k" tmpfs "$4"
command="$2 $3 $6 $4/out.mp4 --workers 0 --chunk-frames 4 --quiet"
$command; first=$?
test ! -e "$4/out.mp4"; absent=$?
mount -o remount,size=64m "$4"
$command; second=$?
cp "$4/out.mp4" "$5"
echo "$first $absent $second"
"""

UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]


def may_mount() -> bool:
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    probe = [*UNSHARE, "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    return subprocess.run(probe, capture_output=True).returncode == 0


# Full at the detections, at a part, at the ledger, at the output.
@pytest.mark.parametrize("kilobytes", [40, 120, 180, 210])
@pytest.mark.skipif(not may_mount(), reason="this system lets no test mount a file system of its own")
def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(
    kilobytes, traffic, tmp_path, uninterrupted
):
    disk, out = tmp_path / "disk", tmp_path / "out.mp4"
    disk.mkdir()
    words = [str(kilobytes), sys.executable, str(DRIVER), str(disk), str(out), str(traffic)]
    done = subprocess.run(
        [*UNSHARE, "sh", "-c", SCRIPT, "sh", *words], capture_output=True, text=True, timeout=120
    )
    first, absent, second = map(int, done.stdout.split())
    assert first in (1, 4), done.stderr
    assert absent == 0, "an output that is not whole has its name"
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr
    assert second == 0, done.stderr
    assert out.read_bytes() == uninterrupted.read_bytes()
