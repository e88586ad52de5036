from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import fakes  # noqa: E402

from pipeline.run import flow, staff  # noqa: E402
from pipeline.run.job import run_job  # noqa: E402
from pipeline.run.options import OPTIONS, read_option  # noqa: E402
from pipeline.run.reporter import JsonReporter  # noqa: E402
from pipeline.run.spec import make_spec  # noqa: E402
from pipeline.run.stopping import StopSignal  # noqa: E402


@pytest.fixture(scope="session")
def traffic(tmp_path_factory) -> Path:
    """40 frames, a keyframe every 8, sound, uneven times."""
    return fakes.write_traffic(tmp_path_factory.mktemp("traffic") / "drive.mp4")


@pytest.fixture
def fake_network(monkeypatch):
    """The fake network instead of the real one; the numbers of the chunks it has looked at."""
    monkeypatch.setattr(staff, "SegmentWorker", fakes.FakeWorker)
    monkeypatch.setattr(flow, "weights_digest", lambda model: f"digest of {model}")
    monkeypatch.setattr(fakes.FakeWorker, "looked_at", [])
    return fakes.FakeWorker


@pytest.fixture
def work(fake_network):
    """work(inputs, output, key=value, ...): do a job in this process; its results and its events."""

    def do(inputs, output, stop=None, **options):
        stream = io.StringIO()
        values = {key.replace("_", "-"): value for key, value in {"workers": 0, **options}.items()}
        read = {key: read_option(OPTIONS[key], value) for key, value in values.items()}
        spec = make_spec(tuple(map(str, inputs)), None if output is None else str(output), read)
        results = run_job(spec, JsonReporter(stream), stop or StopSignal())
        return results, [json.loads(line) for line in stream.getvalue().splitlines()]

    return do


@pytest.fixture
def command(tmp_path):
    """command(arguments, **environment): a process of the command line with the fake network."""

    def start(*arguments, **environment):
        return subprocess.Popen(
            [sys.executable, str(HERE / "driver.py"), *map(str, arguments)],
            cwd=tmp_path,
            env={**__import__("os").environ, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start
