"""Names that no one would give: told in one line with the right exit code, or taken as they are."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from pipeline import cli
from tests.traffic import run_in_chunks


@pytest.fixture(autouse=True)
def here(drive_here):
    return drive_here


@pytest.mark.parametrize(
    "name", [b"a\xff\xfe.mp4", b"line\nbreak\x1b[31m.mp4", "한국".encode() * 40 + b".mp4"]
)
def test_any_name_that_a_file_can_have_is_taken(here, name, capsys):
    source, output = Path(os.fsdecode(name)), Path(os.fsdecode(b"out-" + name[-200:]))
    (here / "drive.mp4").rename(source)
    assert run_in_chunks(source, output, "--work-dir", "work") == 0
    assert output.is_file()
    assert cli.main(["status", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["state"] == "done"
    assert cli.main(["verify", str(source), str(output), "--quick"]) == 0
    assert run_in_chunks(source, "/dev/null/" + str(output)) != 0
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["drive.mp4", "x" * 250 + ".mp4"], 2),
        (["drive.mp4", "x" * 300 + ".mp4"], 2),
        (["x" * 300 + ".mp4", "out.mp4"], 3),
        (["no\nsuch\x1b[31mthing.mp4", "out.mp4"], 3),
        (["loop.mp4", "out.mp4"], 3),
        (["drive.mp4", "loop.mp4"], 2),
        (["drive.mp4", "fifo.mp4", "-y"], 2),
        (["drive.mp4", "full.mp4", "-y"], 2),
        (["drive.mp4", "/dev/full", "-y"], 2),
        (["fifo.mp4", "out.mp4"], 3),
        (["loop", "out.mp4"], 3),
        (["drive.mp4", "out.mp4", "--model", "fifo.mp4"], 1),
        (["drive.mp4", "out.mp4", "--model", "fifo.pb"], 1),
        (["drive.mp4", "out.mp4", "--model", "/dev/zero"], 1),
        (["drive.mp4", "out.mp4", "--model", "loop.pb"], 1),
    ],
)
def test_what_cannot_be_is_told_at_once(here, words, code, capsys):
    (here / "loop.mp4").symlink_to("loop.mp4")
    (here / "full.mp4").symlink_to("/dev/full")
    (here / "loop").symlink_to("loop")
    (here / "loop.pb").symlink_to("loop.pb")
    os.mkfifo(here / "fifo.mp4")
    os.mkfifo(here / "fifo.pb")
    assert run_in_chunks(*words) == code
    told = capsys.readouterr().err
    assert len([line for line in told.splitlines() if line.startswith("seg-video: ")]) == 1
    assert len(told.splitlines()) <= 3
    assert "unexpected " not in told
    assert "\x1b" not in told


@pytest.mark.parametrize("command", [[], ["run"]])
def test_two_hyphens_end_the_options(here, command):
    (here / "drive.mp4").rename("-y.mp4")
    assert cli.main([*command, "--workers", "0", "--quiet", "--", "-y.mp4", "-o.mp4"]) == 0
    assert cli.main(["verify", "--quick", "--", "-y.mp4", "-o.mp4"]) == 0


def test_one_run_that_cannot_be_read_hides_no_other(here, capsys, monkeypatch):
    assert run_in_chunks("drive.mp4", "good.mp4") == 0
    shutil.copytree("good.mp4.seg-run", "bad.mp4.seg-run")
    (here / "bad.mp4.seg-run" / "manifest.json").write_text('{"format": 2, "source": 3}')
    shutil.copytree("good.mp4.seg-run", "closed.mp4.seg-run")
    is_file = Path.is_file

    def may_not_look(self):
        if "closed" in str(self):
            raise PermissionError(13, "Permission denied")
        return is_file(self)

    monkeypatch.setattr(Path, "is_file", may_not_look)
    monkeypatch.setattr("pipeline.record.manifest.read_own", _closed(here))
    (here / "good.mp4").unlink()
    assert cli.main(["status"]) == 4
    told = capsys.readouterr()
    assert "good.mp4" in told.out
    assert [name in told.err for name in ("bad.mp4.seg-run", "closed.mp4.seg-run", "good.mp4")] == [
        True,
        True,
        False,
    ]
    assert len(told.err.splitlines()) == 2
    assert cli.main(["resume", ".", "--quiet"]) == 4
    assert (here / "good.mp4").is_file()


def _closed(here):
    from pipeline.record.own_file import read_own

    def read(path):
        if "closed" in str(path):
            raise PermissionError(13, "Permission denied")
        return read_own(path)

    return read
