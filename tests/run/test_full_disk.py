"""A disk that is really full, at each of its pages: a small file system in a mount namespace of the test's own."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: Makes the output on disks of the sizes given, in KiB, then once more with room; a line of JSON for each.
SCRIPT = """\
import contextlib, hashlib, io, json, subprocess, sys
from pathlib import Path
from pipeline import cli
from pipeline.networks import registry
from tests import fake_network

registry.KINDS["own"] = fake_network.KIND
source, disk, sizes = sys.argv[1], Path(sys.argv[2]), map(int, sys.argv[3:])

def made():
    files = [path for path in disk.rglob("*") if path.is_file()]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

def run():
    told = io.StringIO()
    with contextlib.redirect_stderr(told):
        code = cli.main([source, f"{disk}/out.mp4", "--workers", "0", "--chunk-frames", "4", "--quiet"])
    return {"code": code, "told": told.getvalue(), "files": made()}

for size in sizes:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", disk], check=True)
    first = run()
    subprocess.run(["mount", "-o", "remount,size=64m", disk], check=True)
    print(json.dumps([first, run()]), flush=True)
    subprocess.run(["umount", disk], check=True)
"""

UNSHARE = ["unshare", "--user", "--map-root-user", "--mount"]


def may_mount() -> bool:
    if sys.platform != "linux" or shutil.which("unshare") is None:
        return False
    probe = [*UNSHARE, "sh", "-c", "mount -t tmpfs tmpfs /mnt"]
    return subprocess.run(probe, capture_output=True).returncode == 0


@pytest.mark.skipif(not may_mount(), reason="this system lets no test mount a file system of its own")
def test_a_full_disk_is_told_in_a_line_and_the_run_goes_on_when_there_is_room(traffic, tmp_path):
    # Full at the ledger, the detections, a part, the output; the last one has room for all.
    sizes = [8, 40, 120, 148, 180, 4096]
    command = [*UNSHARE, sys.executable, "-c", SCRIPT, str(traffic), str(tmp_path), *map(str, sizes)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    *tight, (whole, kept) = map(json.loads, done.stdout.splitlines())
    assert (whole["code"], kept["code"], len(tight)) == (0, 0, len(sizes) - 1)
    for size, (first, second) in zip(sizes, tight, strict=False):
        assert first["code"] == 1, size
        told = first["told"].splitlines()
        assert len(told) == 3, told
        assert told[0].startswith("seg-video: Cannot write")
        assert told[1] == "  found: No space left on device"
        assert "out.mp4" not in first["files"], "an output that is not whole has its name"
        assert second["code"] == 0, second["told"]
        assert second["files"]["out.mp4"] == whole["files"]["out.mp4"]
        assert second["files"].keys() == whole["files"].keys(), "something was left behind"
