"""Workers in processes of their own: the same as in one process, also when they die."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.patience import until


def finish(process):
    output, errors = process.communicate(timeout=240)
    return process.returncode, output, errors


def children_of(pid):
    """Process ids and command lines of a process's descendants."""
    listing = subprocess.run(
        ["ps", "-ww", "-eo", "pid,ppid,args"], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in listing.splitlines()[1:]]
    family, found = {pid}, []
    while True:
        more = [(int(row[0]), row[2]) for row in rows if int(row[1]) in family and int(row[0]) not in family]
        if not more:
            return found
        family |= {child for child, _ in more}
        found += more


def ours(path):
    """What a run made: the video and its detections."""
    return path.read_bytes(), path.with_name(path.name + ".seg-run").joinpath(
        "detections.parquet"
    ).read_bytes()


def alive(pids):
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def begun(folder):
    """Wait until the ledger of the run of out.mp4 has two lines; its path."""
    ledger = folder / "out.mp4.seg-run" / "ledger.jsonl"
    until(lambda: ledger.exists() and ledger.read_text().count("\n") >= 2)
    return ledger


@pytest.fixture
def in_process(uninterrupted):
    return ours(uninterrupted)


#: Words that choose who runs the workers.
PROCESSES = ("--workers", 2)
RAY = ("--workers", 2, "--cluster", "local")


@pytest.mark.parametrize("words", [PROCESSES, RAY], ids=["processes", "ray"])
def test_a_worker_that_is_killed_is_replaced_and_nothing_is_lost_or_doubled(
    command, traffic, tmp_path, in_process, words
):
    out, stuck = tmp_path / "out.mp4", tmp_path / "stuck"
    process = command(traffic, out, *words, "--chunk-frames", 4, "--progress", "json", FAKE_STUCK=str(stuck))
    ledger = tmp_path / "out.mp4.seg-run" / "ledger.jsonl"
    until(lambda: stuck.exists() and stuck.read_text().endswith("\n"))
    os.kill(int(stuck.read_text()), signal.SIGKILL)
    everybody = [pid for pid, _ in children_of(process.pid)]
    code, _, errors = finish(process)
    assert code == 0, errors
    events = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
    retried = [event for event in events if event["event"] == "retry"]
    assert len(retried) == 1
    assert "worker died" in retried[0]["reason"]
    entries = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert sorted(entry["chunk"] for entry in entries if entry["step"] == "segment") == list(range(10))
    assert ours(out) == in_process
    # Python's own tracker of a process's resources ends when it sees that all of them are gone.
    until(lambda: not alive(everybody), seconds=10)


@pytest.mark.slow
def test_a_chunk_that_always_fails_does_not_stop_the_others(command, traffic, tmp_path):
    out = tmp_path / "out.mp4"
    code, _, errors = finish(command(traffic, out, *RAY, "--chunk-frames", 4, FAKE_FAIL="12", FAKE_DELAY="0"))
    assert code == 4
    assert "chunk 3 (frames 12 to 15)" in errors
    assert "not in the mood" in errors
    entries = [
        json.loads(line) for line in (tmp_path / "out.mp4.seg-run" / "ledger.jsonl").read_text().splitlines()
    ]
    assert {entry["chunk"] for entry in entries if entry["step"] == "segment" and not entry["failed"]} == {
        0, 1, 2, 4, 5, 6, 7, 8, 9,
    }  # fmt: skip


@pytest.mark.parametrize(
    "words", [PROCESSES, pytest.param(RAY, marks=pytest.mark.slow)], ids=["processes", "ray"]
)
def test_workers_end_with_a_killed_driver(command, traffic, tmp_path, in_process, words):
    out = tmp_path / "out.mp4"
    process = command(traffic, out, *words, "--chunk-frames", 4, FAKE_DELAY="0.1")
    begun(tmp_path)
    # Two small agents look for their head for a minute before they end too: Ray's own number.
    everybody = [pid for pid, line in children_of(process.pid) if "Agent" not in line]
    assert len(everybody) > 1
    process.kill()
    process.communicate()
    until(lambda: not alive(everybody), seconds=30)
    code, _, errors = finish(command(traffic, out, "--workers", 3, "--chunk-frames", 4))
    assert code == 0, errors
    assert ours(out) == in_process


@pytest.mark.parametrize(
    "words", [PROCESSES, pytest.param(RAY, marks=pytest.mark.slow)], ids=["processes", "ray"]
)
def test_ctrl_c_of_the_whole_process_group_lets_chunks_in_flight_end(command, traffic, tmp_path, words):
    out = tmp_path / "out.mp4"
    process = command(traffic, out, *words, "--chunk-frames", 4, FAKE_DELAY="0.2")
    ledger = begun(tmp_path)
    for pid in [process.pid, *(pid for pid, _ in children_of(process.pid))]:
        os.kill(pid, signal.SIGINT)
    code, _, errors = finish(process)
    assert code == 130, errors
    assert "Traceback" not in errors
    entries = [json.loads(line) for line in ledger.read_text().splitlines()]
    assert [entry for entry in entries if entry["failed"]] == []


@pytest.mark.parametrize("victim", ["raylet", "gcs_server"])
def test_a_ray_that_dies_ends_the_run_with_one_line_and_it_can_be_resumed(
    command, traffic, tmp_path, in_process, victim
):
    out = tmp_path / "out.mp4"
    process = command(traffic, out, *RAY, "--chunk-frames", 4, FAKE_DELAY="0.2")
    begun(tmp_path)
    (pid,) = [pid for pid, line in children_of(process.pid) if line.split()[0].endswith(f"/{victim}")]
    os.kill(pid, signal.SIGKILL)
    killed = time.monotonic()
    code, _, errors = finish(process)
    assert time.monotonic() - killed < 30
    assert code == 1
    assert "Ray" in errors
    assert "Traceback" not in errors
    code, _, errors = finish(command(traffic, out, "--workers", 2, "--chunk-frames", 4))
    assert code == 0, errors
    assert ours(out) == in_process
