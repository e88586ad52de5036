"""Status and resume by the names that people use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipeline import cli


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, fake_network):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SEG_VIDEO_CACHE", str(tmp_path / "cache"))
    return tmp_path


@pytest.fixture
def made(traffic, here):
    (here / "out").mkdir()
    assert cli.main([str(traffic), "out/a.mp4", "--workers", "0", "--quiet"]) == 0


@pytest.mark.parametrize("name", [".", "out", "out/a.mp4", "out/a.mp4.seg-run"])
def test_status_takes_a_folder_an_output_and_a_run(name, made, capsys):
    assert cli.main(["status", name]) == 0
    header, row = capsys.readouterr().out.splitlines()
    assert header.split() == ["STATE", "FOUND", "IN", "PAINTED", "FRAMES", "FRAMES/S", "LEFT", "OUTPUT"]
    assert row.split()[:4] == ["done", "40", "40", "40"]


def test_status_says_when_there_is_nothing(capsys):
    assert cli.main(["status"]) == 0
    assert "there are no runs in this folder" in capsys.readouterr().out
    assert cli.main(["status", "nowhere"]) == 2


def test_an_unreadable_run_does_not_hide_the_others(made, here, capsys):
    broken = here / "out" / "b.mp4.seg-run"
    broken.mkdir()
    (broken / "manifest.json").write_text('{"format": 1}')
    assert cli.main(["status"]) == 4
    output = capsys.readouterr()
    assert "a.mp4" in output.out
    assert "b.mp4.seg-run" in output.err


def test_resume_of_a_folder_goes_on_with_what_is_not_done(made, traffic, here, capsys):
    assert cli.main(["resume", "out", "--quiet"]) == 0
    assert "every run in this folder is done" in capsys.readouterr().out
    (here / "out" / "a.mp4").unlink()
    assert cli.main(["resume", "out", "--workers", "0", "--quiet"]) == 0
    assert (here / "out" / "a.mp4").is_file()


def test_a_dry_run_of_a_folder_has_a_total_and_says_that_it_guesses(traffic, here, capsys):
    (here / "drives").mkdir()
    for name in ("a.mp4", "b.mp4"):
        (here / "drives" / name).write_bytes(traffic.read_bytes())
    assert cli.main(["drives", "out/", "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert "frames/s" in lines[0]
    assert lines[2].startswith("2 videos: 80 frames, about")
    assert lines[3].startswith("the time is a guess")


def test_a_folder_that_may_not_be_read_does_not_hide_the_others(made, monkeypatch, here, capsys):
    (here / "locked").mkdir()
    read = Path.iterdir

    def refuse(path):
        if path.name == "locked":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert cli.main(["status"]) == 0
    assert "a.mp4" in capsys.readouterr().out


def test_status_and_the_last_line_of_a_run_tell_one_speed(traffic, here, capsys):
    assert cli.main([str(traffic), "out.mp4", "--workers", "0"]) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert cli.main(["status", "--json"]) == 0
    (run,) = json.loads(capsys.readouterr().out)
    assert f", {run['frames_per_second']:.1f} frames/s" in last
    assert run["frames_per_second"] > 0
