"""A job file handed to a real head, which was started as a new user would: by its path, with nothing on PATH."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.footage import write_clip

BIN = Path(sys.executable).parent
START_SECONDS = 120.0

pytestmark = pytest.mark.skipif(not (BIN / "seg-video").is_file(), reason="seg-video is not installed")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def head():
    """Address of a head that asks for a token."""
    folder, port = tempfile.mkdtemp(prefix="sv"), free_port()  # short: Ray puts sockets below it
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    command = [
        str(BIN / "ray"), "start", "--head", "--block", "--port", str(free_port()),
        "--dashboard-port", str(port), "--num-cpus", "2", "--temp-dir", folder, "--disable-usage-stats",
        # By itself the agent takes 52365, which the agent of another Ray on this machine may hold, a killed one's too.
        "--dashboard-agent-listen-port", str(free_port()),
    ]  # fmt: skip
    environment = {**os.environ, **token, "PATH": "/usr/bin:/bin"}
    with (Path(folder) / "log").open("wb") as log:
        started = subprocess.Popen(command, env=environment, stdout=log, stderr=log, start_new_session=True)
    until = time.monotonic() + START_SECONDS
    while not answers(port):
        assert started.poll() is None, (Path(folder) / "log").read_text()
        assert time.monotonic() < until, (Path(folder) / "log").read_text()
        time.sleep(0.2)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in token.items():
            patch.setenv(name, value)
        yield f"http://127.0.0.1:{port}"
    os.killpg(started.pid, signal.SIGKILL)
    started.wait(30)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def job(tmp_path):
    """A job file with paths from the root on, and the output that it asks for."""
    clip = write_clip(tmp_path / "clip.mp4")
    file = tmp_path / "job.yaml"
    file.write_text(f"inputs: {clip}\noutput: {tmp_path / 'out.mp4'}\n")
    return file, tmp_path / "out.mp4"


def submit(address: str, file: Path, **overrides: str) -> subprocess.CompletedProcess[str]:
    """The command, in a process of its own: Ray keeps the first token that a process has used."""
    script = [
        "import sys",
        "from pipeline import cli",
        "from pipeline.run import hand_over",
        *(f"hand_over.{name} = {value!r}" for name, value in overrides.items()),
        f"sys.exit(cli.main(['submit', '--cluster', {address!r}, {str(file)!r}]))",
    ]
    return subprocess.run(
        [sys.executable, "-c", "\n".join(script)], capture_output=True, text=True, timeout=200, check=False
    )


@pytest.mark.timeout(240)
def test_the_head_does_it_with_the_seg_video_of_the_environment_that_ray_runs_in(head, job):
    file, output = job
    done = submit(head, file)
    assert done.returncode == 0, done.stdout + done.stderr
    assert output.is_file()
    assert '"event": "made"' in done.stdout + done.stderr


@pytest.mark.timeout(240)
def test_a_head_of_another_version_is_told_before_anything_starts(head, job):
    file, output = job
    done = submit(head, file, __version__="9.9.9")
    assert done.returncode == 2
    told = done.stdout + done.stderr
    assert "another version" in told
    assert "seg-video 9.9.9 here" in told
    assert not output.exists()
