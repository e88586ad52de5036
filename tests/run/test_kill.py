from __future__ import annotations

import random
import shutil
import signal
import time

import pytest


def wait_for_lines(ledger, count, process, seconds=60):
    """Return when the ledger has that many lines, or the process has ended."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        if ledger.exists() and ledger.read_bytes().count(b"\n") >= count:
            return
        time.sleep(0.005)


def run(command, traffic, out, *more, **environment):
    process = command(
        traffic, out, "--workers", 0, "--chunk-frames", 4, "--progress", "json", *more, **environment
    )
    output, errors = process.communicate(timeout=120)
    return process.returncode, output, errors


@pytest.fixture
def expected(uninterrupted):
    return uninterrupted.read_bytes()


def kill_and_resume(command, traffic, out, moments, pauses):
    """Kill the command once its ledger has each of these numbers of lines, then let it end."""
    ledger = out.with_name(out.name + ".seg-run") / "ledger.jsonl"
    killed = 0
    for lines, pause in zip(moments, pauses, strict=True):
        process = command(traffic, out, "--workers", 0, "--chunk-frames", 4, FAKE_DELAY="0.004")
        wait_for_lines(ledger, lines, process)
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        killed += process.returncode == -signal.SIGKILL
        assert not out.exists() or ledger.read_text().count('"mux begun"')
    code, _, errors = run(command, traffic, out)
    assert code == 0, errors
    return killed


def test_killed_twice_the_output_is_the_same_to_the_last_byte(command, traffic, tmp_path, expected):
    out = tmp_path / "out.mp4"
    # 40 frames in chunks of 4: 10 lines each of segment, track and render, then join and mux.
    assert kill_and_resume(command, traffic, out, [5, 20], [0.01, 0.02]) == 2
    assert out.read_bytes() == expected


@pytest.mark.slow
def test_killed_at_random_moments_the_output_is_the_same_to_the_last_byte(
    command, traffic, tmp_path, expected
):
    generator = random.Random(20)
    killed = 0
    for number in range(7):
        out = tmp_path / f"out{number}.mp4"
        moments = sorted(generator.randrange(0, 33) for _ in range(3))
        pauses = [generator.uniform(0, 0.06) for _ in moments]
        killed += kill_and_resume(command, traffic, out, moments, pauses)
        assert out.read_bytes() == expected, moments
        shutil.rmtree(out.with_name(out.name + ".seg-run"))
    assert killed >= 10


def test_what_was_done_before_a_kill_is_not_done_again(command, traffic, tmp_path):
    out = tmp_path / "out.mp4"
    ledger = tmp_path / "out.mp4.seg-run" / "ledger.jsonl"
    process = command(traffic, out, "--workers", 0, "--chunk-frames", 4, FAKE_DELAY="0.01")
    wait_for_lines(ledger, 12, process)
    process.kill()
    process.communicate()
    done = ledger.read_text().splitlines()
    assert run(command, traffic, out)[0] == 0
    after = ledger.read_text().splitlines()
    assert after[: len(done) - 1] == done[:-1]
    kept = [line for line in after if '"step":"segment"' in line]
    assert len(kept) == 10


def test_ctrl_c_ends_the_chunk_in_flight_and_the_run_goes_on_later(command, traffic, tmp_path, expected):
    out = tmp_path / "out.mp4"
    process = command(traffic, out, "--workers", 0, "--chunk-frames", 4, FAKE_DELAY="0.02")
    wait_for_lines(tmp_path / "out.mp4.seg-run" / "ledger.jsonl", 3, process)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "run the same command again" in errors
    assert "Traceback" not in errors
    assert not out.exists()
    assert run(command, traffic, out)[0] == 0
    assert out.read_bytes() == expected


def test_a_second_ctrl_c_ends_at_once(command, traffic, tmp_path):
    begun = tmp_path / "begun"
    process = command(traffic, tmp_path / "out.mp4", "--workers", 0, FAKE_DELAY="3", FAKE_BEGUN=str(begun))
    wait_for_lines(begun, 1, process)
    process.send_signal(signal.SIGINT)
    answer = next(line for line in process.stderr if "Ctrl-C again to stop now" in line)
    assert answer.startswith("finishing the chunks in flight")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=100)  # the chunk alone would take longer
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_two_processes_do_not_work_on_one_run(command, traffic, tmp_path):
    first = command(traffic, tmp_path / "out.mp4", "--workers", 0, FAKE_DELAY="0.3")
    wait_for_lines(tmp_path / "out.mp4.seg-run" / "manifest.json", 1, first)
    code, _, errors = run(command, traffic, tmp_path / "out.mp4")
    assert code == 5
    assert f"process {first.pid}" in errors
    first.kill()
    first.communicate()
