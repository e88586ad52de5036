"""Runs that are called by name: status, resume, render."""

from __future__ import annotations

import json
import os

import pytest

from pipeline import cli
from pipeline.errors import ChunksFailedError
from pipeline.networks import registry
from pipeline.record.lock import run_lock
from tests.traffic import run_in_chunks


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def failed(work, traffic, here, monkeypatch):
    """A run whose third chunk failed."""
    monkeypatch.setenv("FAKE_FAIL", "16")
    with pytest.raises(ChunksFailedError):
        work([traffic], here / "out" / "failed.mp4", chunk_frames=8, color_by="class")
    monkeypatch.delenv("FAKE_FAIL")
    return here / "out" / "failed.mp4"


def status(capsys, *arguments):
    assert cli.main(["status", "--json", *arguments]) == 0
    return json.loads(capsys.readouterr().out)


def test_status_tells_how_far_a_run_is_what_failed_and_how_to_go_on(capsys, failed):
    (run,) = status(capsys)
    assert (run["state"], run["frames"], run["segmented"], run["rendered"]) == ("failed", 40, 32, 0)
    assert run["output"] == str(failed)
    assert [chunk for chunk, _ in run["failed"]] == [2]
    assert run["resume"] == f"seg-video resume {failed}.seg-run"
    assert cli.main(["status"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split()[:4] == ["failed", "32", "0", "40"]
    assert "chunk 2 failed" in "\n".join(lines)


def test_status_knows_what_is_done_and_what_runs(capsys, work, traffic, here):
    work([traffic], here / "done.mp4")
    (run,) = status(capsys)
    assert (run["state"], run["segmented"], run["rendered"], run["resume"]) == ("done", 40, 40, None)
    with run_lock(here / "done.mp4.seg-run" / "lock"):
        assert status(capsys)[0]["state"] == "running"


def test_status_finds_nothing_where_there_is_nothing(capsys):
    assert status(capsys) == []


@pytest.mark.parametrize("name", ["out/failed.mp4", "out/failed.mp4.seg-run", None])
def test_resume_by_name_goes_on_with_the_same_settings(name, failed, work, traffic, here, fake_network):
    fake_network.looked_at.clear()
    assert cli.main(["resume", "--quiet", *([name] if name else [])]) == 0
    assert fake_network.looked_at == [2]
    work([traffic], here / "fresh.mp4", chunk_frames=8, color_by="class")
    assert failed.read_bytes() == (here / "fresh.mp4").read_bytes()


def test_the_latest_run_is_resumed_without_a_name(failed, work, traffic, here):
    work([traffic], here / "other.mp4", chunk_frames=8)
    os.utime(here / "other.mp4.seg-run" / "manifest.json", (1, 1))
    assert cli.main(["resume", "--quiet"]) == 0
    assert failed.exists()


def test_a_job_file_can_be_resumed(failed, traffic, here):
    (here / "job.yaml").write_text(
        f"inputs: {traffic}\noutput: out/failed.mp4\nchunk-frames: 8\ncolor-by: class\nworkers: 0\n"
    )
    assert cli.main(["resume", "job.yaml", "--quiet"]) == 0
    assert failed.exists()


@pytest.mark.parametrize(
    "arguments", [["resume"], ["resume", "nothing.mp4"], ["render", "nothing.mp4", "x.mp4"]]
)
def test_a_name_of_no_run_is_a_usage_error(arguments, capsys):
    assert cli.main(arguments) == 2
    assert "There is no run" in capsys.readouterr().err


def test_render_paints_anew_without_the_network(work, traffic, here, fake_network, monkeypatch):
    work([traffic], here / "out.mp4", chunk_frames=8)
    fake_network.looked_at.clear()
    check_file = registry.check_file
    monkeypatch.setattr("pipeline.networks.registry.check_file", None)
    assert cli.main(["render", "out.mp4", "out2.mp4", "--style", "boxes", "--crf", "30", "--quiet"]) == 0
    assert fake_network.looked_at == []
    assert (here / "out2.mp4").read_bytes() != (here / "out.mp4").read_bytes()
    monkeypatch.setattr("pipeline.networks.registry.check_file", check_file)
    work([traffic], here / "fresh.mp4", chunk_frames=8, style="boxes", crf=30)
    assert (here / "out2.mp4").read_bytes() == (here / "fresh.mp4").read_bytes()
    assert (here / "out2.mp4.seg-run" / "detections.parquet").exists()


def test_render_wants_a_finished_run_and_another_name(failed, here, capsys, work, traffic):
    assert cli.main(["render", str(failed), "x.mp4"]) == 2
    assert "is not finished" in capsys.readouterr().err
    work([traffic], here / "out.mp4")
    assert cli.main(["render", "out.mp4", "out.mp4"]) == 2
    assert "own output" in capsys.readouterr().err


def test_a_wrong_value_is_called_as_it_was_typed_by_every_command(drive_here, capsys):
    assert run_in_chunks("drive.mp4", "out.mp4") == 0
    capsys.readouterr()
    for command, flag, complaint in (
        (("render", "out.mp4", "b.mp4"), ("--conf", "7"), "--conf must lie in 0.01..1"),
        (("render", "out.mp4", "b.mp4"), ("--crf", "99"), "--crf must lie in 0..63"),
        (("resume", "out.mp4"), ("--chunk-frames", "0"), "--chunk-frames must be at least 1"),
        (
            ("export", "out.mp4", "--format", "coco", "--out", "made"),
            ("--conf", "7"),
            "--conf must lie in 0.01..1",
        ),
    ):
        assert cli.main([*command, *flag]) == 2
        assert complaint in capsys.readouterr().err
