"""The command line of jobs, from words to exit codes."""

from __future__ import annotations

import json

import pytest

from pipeline import cli
from pipeline.errors import WeightsError
from tests import fake_network


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, fake_network):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_command_may_be_left_out_and_options_may_come_first(traffic, here):
    assert cli.main([str(traffic), "a.mp4", "--workers", "0", "--quiet"]) == 0
    assert cli.main(["--quiet", "--workers", "0", str(traffic), "b.mp4"]) == 0
    assert cli.main(["run", str(traffic), "--workers", "0", "--quiet"]) == 0
    assert (here / "a.mp4").read_bytes() == (here / "b.mp4").read_bytes()
    assert (here / "drive_seg.mp4").exists()


def test_json_on_stdout_and_progress_on_stderr(traffic, capsys):
    words = [str(traffic), "a.mp4", "--workers", "0", "--chunk-frames", "8", "--json", "--progress", "json"]
    assert cli.main(words) == 0
    output = capsys.readouterr()
    (video,) = json.loads(output.out)["videos"]
    assert (video["state"], video["frames"], video["chunks"]) == ("made", 40, 5)
    events = [json.loads(line) for line in output.err.splitlines()]
    assert [event["event"] for event in events][:2] == ["video", "begin"]
    counts = [event["rendered"] for event in events if event["event"] == "progress"]
    assert counts == sorted(counts)
    assert counts[-1] == 40


def test_a_network_that_fails_ends_the_run_with_a_line(traffic, here, monkeypatch, capsys):
    def segment(network, frames):
        raise WeightsError("graph.pb failed while it computed")

    monkeypatch.setattr(fake_network.BrightSquares, "segment", segment)
    assert cli.main([str(traffic), "a.mp4", "--workers", "0", "--chunk-frames", "8", "--quiet"]) == 1
    assert capsys.readouterr().err == "seg-video: graph.pb failed while it computed\n"
    assert not (here / "a.mp4").exists()


def test_quiet_says_nothing(traffic, capsys):
    assert cli.main([str(traffic), "a.mp4", "--workers", "0", "--quiet"]) == 0
    output = capsys.readouterr()
    assert (output.out, output.err) == ("", "")


def test_a_dry_run_says_what_would_be_done_and_does_nothing(traffic, here, capsys):
    assert cli.main([str(traffic), "a.mp4", "--chunk-frames", "8", "--dry-run", "--json"]) == 0
    (video,) = json.loads(capsys.readouterr().out)["videos"]
    assert (video["frames"], video["chunks"], video["encoder"]) == (40, 5, "libx264")
    assert video["seconds"] > 0
    assert video["disk_mb"] > 0
    assert list(here.iterdir()) == []
    (here / "a.mp4").write_bytes(b"precious")
    assert cli.main([str(traffic), "a.mp4", "--no-clobber", "--dry-run"]) == 0
    assert capsys.readouterr().out == "a.mp4 exists; skipped\n"


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["missing.mp4", "a.mp4"], 3, "missing.mp4"),
        (["{traffic}", "a.mp4", "--conf", "often"], 2, "conf has an invalid value"),
        (["{traffic}", "a.mp4", "--conf", "2"], 2, "conf must lie"),
        (["{traffic}", "a.gif"], 2, "a.gif"),
        (["{traffic}", "a.mp4", "-y", "-n"], 2, "exclude each other"),
        (["{traffic}", "a.mp4", "--keep-work", "--no-sidecar"], 2, "leave nothing there"),
        (["{traffic}", "a.mp4", "--classes", "unicorn"], 2, "unicorn"),
        (["{traffic}", "a.mp4", "--dry-run", "--work-dir", "{traffic}"], 2, "is no folder for work files"),
        (["{traffic}", "a.mp4", "--style", "mask"], 2, "choose from masks"),
        (["{traffic}", "a.mp4", "--preset", "warp"], 1, "libx264"),
    ],
)
def test_an_error_is_one_message_and_an_exit_code_and_leaves_nothing(
    words, code, said, traffic, here, capsys
):
    words = [word.format(traffic=traffic) for word in words]
    assert cli.main([*words, "--workers", "0"]) == code
    assert said in capsys.readouterr().err
    assert not list(here.glob("*.mp4"))


def test_several_jobs_of_a_file(traffic, here):
    (here / "jobs.yaml").write_text(
        f"inputs: {traffic}\noutput: a.mp4\nworkers: 0\n---\ninputs: {traffic}\noutput: b.mp4\nworkers: 0\n"
    )
    assert cli.main(["submit", "jobs.yaml", "--quiet"]) == 0
    assert (here / "a.mp4").read_bytes() == (here / "b.mp4").read_bytes()


def test_a_job_that_fails_does_not_stop_the_next(traffic, here, capsys):
    (here / "broken.mp4").write_bytes(b"no video at all")
    (here / "jobs.yaml").write_text(
        f"inputs: broken.mp4\noutput: a.mp4\nworkers: 0\n---\ninputs: {traffic}\noutput: b.mp4\nworkers: 0\n"
    )
    assert cli.main(["submit", "jobs.yaml", "--quiet"]) == 4
    assert "failed, continuing with the next" in capsys.readouterr().err
    assert not (here / "a.mp4").exists()
    assert (here / "b.mp4").exists()


def test_a_wrong_job_file_stops_everything_before_it_begins(traffic, here, capsys):
    (here / "good.yaml").write_text(f"inputs: {traffic}\noutput: a.mp4\nworkers: 0\n")
    (here / "bad.yaml").write_text(f"inputs: {traffic}\nalpa: 0.3\n")
    assert cli.main(["submit", "good.yaml", "bad.yaml"]) == 2
    assert "bad.yaml, line 2" in capsys.readouterr().err
    assert not (here / "a.mp4").exists()


def test_two_files_and_no_folder_do_not_overwrite_the_last(traffic, here, capsys):
    for name in ("a.mp4", "b.mp4"):
        (here / name).write_bytes(traffic.read_bytes())
    assert cli.main([str(traffic), "a.mp4", "b.mp4"]) == 2
    assert "it names the output" in capsys.readouterr().err
    assert (here / "b.mp4").read_bytes() == traffic.read_bytes()
