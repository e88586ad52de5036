"""A machine in odd shape: the run ends as ever, or with one line; docs/reliability.md has the table of trials."""

from __future__ import annotations

import errno
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline import cli
from tests.effort import calls_of

DRIVER = Path(__file__).resolve().parents[1] / "driver.py"


@pytest.mark.parametrize(
    "surroundings",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "SEG_VIDEO_CACHE": "/dev/null"},
        {"TZ": "<+99>-99", "TMPDIR": "/nonexistent", "SEG_VIDEO_CACHE": "x" * 300},
        {"TZ": ":/etc/passwd", "HOME": "/nonexistent", "SEG_VIDEO_CACHE": ""},
    ],
    ids=lambda words: " ".join(words),
)
def test_the_output_is_the_same_in_any_surroundings(command, traffic, tmp_path, uninterrupted, surroundings):
    process = command(traffic, "odd.mp4", "--workers", 0, "--chunk-frames", 4, "--quiet", **surroundings)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, output + errors
    assert (tmp_path / "odd.mp4").read_bytes() == uninterrupted.read_bytes()


def test_a_name_in_korean_is_written_under_the_locale_c(command, traffic, tmp_path):
    (tmp_path / "한.mp4").write_bytes(traffic.read_bytes())
    locale = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    process = command("한.mp4", "길/한.mp4", "--workers", 0, "--quiet", **locale)
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, output + errors
    assert (tmp_path / "길" / "한.mp4").is_file()


def test_a_limit_of_a_file_s_size_is_told_and_leaves_no_output(traffic, tmp_path):
    done = subprocess.run(
        [sys.executable, str(DRIVER), str(traffic), "out.mp4", "--workers", "0", "--quiet"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (10 << 10, 10 << 10)),
    )
    assert done.returncode in (1, 4)
    assert "File too large" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize("mebibytes", [200, 800, 1600])
def test_a_limit_of_addresses_under_which_libraries_hang_is_told_at_once(traffic, tmp_path, mebibytes):
    done = subprocess.run(
        [sys.executable, "-m", "pipeline", str(traffic), str(tmp_path / "out.mp4"), "--workers", "0"],
        cwd=DRIVER.parents[1],
        capture_output=True,
        text=True,
        timeout=20,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20)),
    )
    assert done.returncode == 2
    assert "ulimit -v" in done.stderr
    assert len(done.stderr.splitlines()) == 3
    assert not list(tmp_path.iterdir())


def test_a_clock_that_jumps_changes_nothing(work, traffic, tmp_path, monkeypatch):
    work([traffic], tmp_path / "plain.mp4", chunk_frames=8)
    real, calls = time.time, []

    def jumping() -> float:
        calls.append(1)
        return real() + (-1e9 if len(calls) % 2 else 1e9)

    monkeypatch.setattr(time, "time", jumping)
    work([traffic], tmp_path / "out.mp4", chunk_frames=8)
    assert calls
    assert (tmp_path / "out.mp4").read_bytes() == (tmp_path / "plain.mp4").read_bytes()
    monkeypatch.chdir(tmp_path)
    assert cli.main(["status"]) == 0


def test_a_share_that_is_gone_is_told_in_a_line(traffic, tmp_path, monkeypatch, capsys):
    def gone(*_):
        raise OSError(errno.ENOTCONN, "Transport endpoint is not connected", "/share/out.mp4")

    monkeypatch.setattr("pipeline.run.run_videos.verdict", gone)
    assert cli.main([str(traffic), str(tmp_path / "out.mp4"), "--quiet"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        "seg-video: A disk or share at /share/out.mp4 does not respond: Transport endpoint"
    )


def test_a_current_folder_that_is_gone_is_told(tmp_path, monkeypatch, capsys):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    assert cli.main(["status"]) == 2
    assert (
        capsys.readouterr().err == "seg-video: The current folder no longer exists; change to another one\n"
    )


def test_names_of_a_folder_of_3000_videos_are_paired_one_by_one(tmp_path):
    from pipeline.job.inputs import pairs

    def effort(videos: int) -> int:
        folder = tmp_path / str(videos)
        folder.mkdir()
        for number in range(videos):
            (folder / f"{number:04d}.mp4").write_bytes(b"-")
        found = []
        calls = calls_of(lambda: found.extend(pairs([str(folder)], str(tmp_path / "out") + "/")))
        assert len(found) == videos
        return calls

    effort(10)  # what is done once, such as imports
    assert effort(3000) < 11 * effort(300)  # not each with each, which would be a hundred times
