"""A Ray of our own is closed to other accounts and other machines; a process of the command line starts it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.patience import until
from tests.run.test_workers import children_of

#: Bytes of addresses as /proc/net has them: 127.0.0.1, the same within IPv6, and ::1.
LOOPBACK = {"0100007F", "0000000000000000FFFF00000100007F", "00000000000000000000000001000000"}
LISTENS = "0A"

ASK = """
from ray._raylet import GcsClient
print(len(GcsClient(address="127.0.0.1:{port}").get_all_node_info(timeout=10)), "node")
"""


@pytest.fixture
def running(command, traffic, tmp_path):
    """Process ids of a run with a Ray of its own, the command's first, once its workers are at work."""
    process = command(
        traffic, "out.mp4", "--workers", 2, "--cluster", "local", "--chunk-frames", 4, FAKE_DELAY="0.5"
    )
    ledger = tmp_path / "out.mp4.seg-run" / "ledger.jsonl"
    until(lambda: ledger.exists() and ledger.read_text())
    yield [process.pid, *(pid for pid, _ in children_of(process.pid))]
    process.kill()
    process.communicate()


def listeners(pids):
    """Local addresses and ports on which one of these processes listens."""
    sockets = set()
    for pid in pids:
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            try:
                sockets.add(handle.readlink().name)
            except OSError:
                continue
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]
    ]
    return [row[1].split(":") for row in rows if row[3] == LISTENS and f"socket:[{row[9]}]" in sockets]


@pytest.mark.slow
def test_it_listens_on_loopback_only_lets_in_nobody_without_its_token_and_opens_no_folder(running):
    found = listeners(running)
    assert len(found) >= 4
    assert {address for address, _ in found} <= LOOPBACK
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0") for pid in running]
    (server,) = [words for words in lines if words[0].endswith("gcs_server")]
    (folder,) = {Path(word.split("=")[1]) for word in server if word.startswith("--session-dir=")}
    outer = next(parent for parent in folder.parents if parent.name.startswith("seg-video-"))
    assert outer.stat().st_mode & 0o777 == 0o700
    if os.geteuid() == 0:
        nobody = subprocess.run(["ls", folder], user=65534, group=65534, extra_groups=[], check=False)
        assert nobody.returncode != 0
    tokens = [
        word.split(b"=")[1].decode()
        for word in Path(f"/proc/{running[1]}/environ").read_bytes().split(b"\0")
        if word.startswith(b"RAY_AUTH_TOKEN=")
    ]
    assert len(tokens) == 1
    assert not any(tokens[0] in word for words in lines for word in words)
    (port,) = [word.split("=")[1] for word in server if word.startswith("--gcs_server_port=")]
    if port == "0":
        (port,) = [file.read_text().strip() for file in folder.glob("gcs_server_port_*")]
    for mode, token, expected in (
        ("token", tokens[0], "1 node"),
        ("token", "0" * 64, "AuthenticationError"),
        ("disabled", "", "AuthenticationError"),
    ):
        asked = subprocess.run(
            [sys.executable, "-c", ASK.format(port=port)],
            env={**os.environ, "RAY_AUTH_MODE": mode, "RAY_AUTH_TOKEN": token},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert expected in asked.stdout + asked.stderr
        assert (asked.returncode == 0) == (expected == "1 node")
