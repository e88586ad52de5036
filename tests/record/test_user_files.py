"""Nothing of the user's is lost: whole commands with the fake network, among files that were there before."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import replace

import pytest

from pipeline import cli, files
from pipeline.errors import MediaError, WriteError
from pipeline.job import protection
from pipeline.record import layout
from pipeline.record.ledger import Ledger
from pipeline.record.lock import is_held
from pipeline.run import flow, run_videos
from tests.traffic import run_in_chunks, write_traffic


@pytest.fixture(scope="module")
def traffic(tmp_path_factory):
    """Three chunks are enough to lose a file among."""
    return write_traffic(tmp_path_factory.mktemp("traffic") / "drive.mp4", 24)


@pytest.fixture(autouse=True)
def here(drive_here):
    return drive_here


def test_a_source_that_is_called_like_a_temporary_file_stays(here, traffic):
    (here / "drive.mp4").rename(here / "clip.mp4.part")
    assert run_in_chunks("clip.mp4.part", "clip.mp4") == 0
    assert (here / "clip.mp4.part").read_bytes() == traffic.read_bytes()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_called_like_a_temporary_file_stays(here, kind):
    victim = here / "victim"
    victim.write_bytes(b"precious")
    for name in ("out.mp4.part", ".out.mp4.part", "out.part", ".out.mp4.seg-video-part"):
        (here / name).symlink_to(victim) if kind == "link" else (here / name).write_bytes(b"precious")
    assert run_in_chunks("drive.mp4", "out.mp4") == 0
    assert victim.read_bytes() == b"precious"
    for name in ("out.mp4.part", ".out.mp4.part", "out.part", ".out.mp4.seg-video-part"):
        assert (here / name).read_bytes() == b"precious"
        assert (here / name).is_symlink() == (kind == "link")


@pytest.mark.parametrize("kind", ["link", "group", "world", "owner", "file"])
def test_a_run_s_folder_that_another_planted_is_refused_and_left_alone(here, kind, monkeypatch, capsys):
    folder = here / "out.mp4.seg-run"
    if kind == "link":
        (here / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(here / "elsewhere")
    elif kind == "file":
        folder.write_bytes(b"")
    else:
        folder.mkdir(mode=0o700)
        folder.chmod({"group": 0o770, "world": 0o707, "owner": 0o700}[kind])
    if kind == "owner":
        monkeypatch.setattr(layout.os, "geteuid", lambda: folder.lstat().st_uid + 1)
    assert run_in_chunks("drive.mp4", "out.mp4") == 5
    assert "cannot be trusted" in capsys.readouterr().err
    assert kind == "file" or not list(folder.iterdir())
    assert not (here / "out.mp4").exists()


@pytest.mark.parametrize("name", ["lock", "ledger.jsonl", "manifest.json"])
def test_a_link_within_the_run_s_folder_is_not_followed(here, name):
    victim = here / "victim"
    victim.write_bytes(b"precious")
    (here / "out.mp4.seg-run").mkdir(mode=0o700)
    (here / "out.mp4.seg-run" / name).symlink_to(victim)
    assert run_in_chunks("drive.mp4", "out.mp4") == 5
    assert victim.read_bytes() == b"precious"
    assert not (here / "out.mp4").exists()


@pytest.mark.parametrize("name", ["lock", "ledger.jsonl"])
def test_a_file_with_another_name_is_not_written_to(here, name, capsys):
    (here / "victim").write_bytes(b"precious")
    (here / "out.mp4.seg-run").mkdir(mode=0o700)
    (here / "out.mp4.seg-run" / name).hardlink_to(here / "victim")
    assert run_in_chunks("drive.mp4", "out.mp4") == 5
    assert "name" in capsys.readouterr().err
    assert (here / "victim").read_bytes() == b"precious"


@pytest.mark.parametrize("name", ["work", "work/parts", "work/tracks", "work/detections", "work/labels"])
def test_a_planted_folder_of_work_files_is_not_written_to(here, name):
    place = here / "out.mp4.seg-run" / name
    for folder in reversed(place.parents[: name.count("/") + 1]):
        folder.mkdir(mode=0o700)
    (here / "elsewhere").mkdir(mode=0o700)
    place.symlink_to(here / "elsewhere")
    assert run_in_chunks("drive.mp4", "out.mp4") == 5
    assert not list((here / "elsewhere").iterdir())


def test_a_folder_that_another_plants_while_the_run_is_planned_is_refused(here, monkeypatch):
    plan = run_videos.plan_run

    def plan_and_plant(*words):
        (here / "out.mp4.seg-run").mkdir()
        (here / "out.mp4.seg-run").chmod(0o777)
        return plan(*words)

    monkeypatch.setattr(run_videos, "plan_run", plan_and_plant)
    assert run_in_chunks("drive.mp4", "out.mp4") == 5
    assert not list((here / "out.mp4.seg-run").iterdir())


def test_another_s_file_in_a_folder_that_keeps_it_is_told_at_once(here, fake_network, monkeypatch, capsys):
    place = here / "shared"
    place.mkdir()
    place.chmod(0o1777)
    (place / "out.mp4").write_bytes(b"theirs")
    monkeypatch.setattr(protection.os, "geteuid", lambda: 12345)
    assert run_in_chunks("drive.mp4", place / "out.mp4", "-y") == 2
    assert "belongs to user" in capsys.readouterr().err
    assert fake_network.looked_at == []


def test_a_file_that_came_after_a_failed_mux_is_not_replaced(here, monkeypatch, capsys):
    check = flow.check_output

    def fail_after(*words):
        check(*words)
        raise MediaError("the disk went away")

    monkeypatch.setattr(flow, "check_output", fail_after)
    assert run_in_chunks("drive.mp4", "out.mp4") == 1
    monkeypatch.setattr(flow, "check_output", check)
    link = os.link

    def fail_to_name(_, target):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(files.os, "link", fail_to_name)
    assert run_in_chunks("drive.mp4", "out.mp4") == 1
    monkeypatch.setattr(files.os, "link", link)
    assert Ledger(here / "out.mp4.seg-run" / "ledger.jsonl").entry("mux begun") is not None
    (here / "out.mp4").write_bytes(b"precious")
    assert run_in_chunks("drive.mp4", "out.mp4") == 2
    assert "exists already" in capsys.readouterr().err
    assert (here / "out.mp4").read_bytes() == b"precious"
    assert run_in_chunks("drive.mp4", "out.mp4", "-y") == 0
    assert (here / "out.mp4").read_bytes() != b"precious"


@pytest.mark.parametrize("is_link", [False, True])
def test_a_file_that_comes_during_the_run_is_not_replaced(here, fake_network, monkeypatch, capsys, is_link):
    out, process = here / "out.mp4", fake_network.process

    def process_and_put(self, task):
        if not os.path.lexists(out):
            out.symlink_to("nowhere") if is_link else out.write_bytes(b"precious")
        return process(self, task)

    monkeypatch.setattr(fake_network, "process", process_and_put)
    assert run_in_chunks("drive.mp4", "out.mp4") == 2
    assert (
        "out.mp4 was created by something else during the run, so it was left alone"
        in capsys.readouterr().err
    )
    monkeypatch.setattr(fake_network, "process", process)
    fake_network.looked_at.clear()
    assert run_in_chunks("drive.mp4", "out.mp4") == 2
    assert "exists already" in capsys.readouterr().err
    assert out.is_symlink() if is_link else out.read_bytes() == b"precious"
    out.rename(here / "mine.mp4")
    assert run_in_chunks("drive.mp4", "out.mp4") == 0
    assert is_link or (here / "mine.mp4").read_bytes() == b"precious"
    out.rename(here / "made.mp4")
    (here / "mine.mp4").rename(out)
    assert run_in_chunks("drive.mp4", "out.mp4", "-y") == 0
    assert out.read_bytes() == (here / "made.mp4").read_bytes()
    assert fake_network.looked_at == []


def test_an_output_that_a_killed_process_of_the_run_named_is_replaced(here, monkeypatch):
    record = Ledger.record

    def killed(self, step, *rest, **more):
        if step == "mux":
            raise MediaError("killed")
        return record(self, step, *rest, **more)

    monkeypatch.setattr(Ledger, "record", killed)
    assert run_in_chunks("drive.mp4", "out.mp4") == 1
    first = (here / "out.mp4").read_bytes()
    monkeypatch.setattr(Ledger, "record", record)
    assert run_in_chunks("drive.mp4", "out.mp4", "--alpha", "0.9") == 0
    assert (here / "out.mp4").read_bytes() != first


@pytest.mark.parametrize("product", ["work/parts/000002.mp4", "detections.parquet"])
def test_a_damaged_product_of_the_same_size_is_made_again(here, product, monkeypatch):
    assert run_in_chunks("drive.mp4", "whole.mp4") == 0
    check = flow.check_output

    def refuse(*_):
        raise MediaError("not yet")

    monkeypatch.setattr(flow, "check_output", refuse)
    assert run_in_chunks("drive.mp4", "out.mp4") == 1
    monkeypatch.setattr(flow, "check_output", check)
    path = here / "out.mp4.seg-run" / product
    content, status = bytearray(path.read_bytes()), path.stat()
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert run_in_chunks("drive.mp4", "out.mp4") == 0
    for name in ("", ".seg-run/detections.parquet"):
        assert (here / f"out.mp4{name}").read_bytes() == (here / f"whole.mp4{name}").read_bytes()


def test_a_source_that_changed_with_size_and_time_kept_becomes_no_output(
    here, fake_network, monkeypatch, capsys
):
    process = fake_network.process

    def process_and_change(self, task):
        found = process(self, task)
        if task.chunk.index == 2:
            source = here / "drive.mp4"
            content, status = bytearray(source.read_bytes()), source.stat()
            content[-1] ^= 1
            with source.open("r+b") as stream:
                stream.write(content)
            os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
        return found

    monkeypatch.setattr(fake_network, "process", process_and_change)
    assert run_in_chunks("drive.mp4", "out.mp4") == 3
    assert "was changed during the run" in capsys.readouterr().err
    assert not (here / "out.mp4").exists()


def test_a_folder_into_itself_replaces_no_input(here, capsys):
    (here / "drive_seg.mp4").write_bytes(b"precious")
    assert run_in_chunks(".", "./", "-y") == 2
    assert "drive_seg.mp4 is an input" in capsys.readouterr().err
    assert (here / "drive_seg.mp4").read_bytes() == b"precious"


def test_a_job_of_a_file_replaces_no_input_of_another(here, traffic, capsys):
    (here / "other.mp4").write_bytes(traffic.read_bytes())
    (here / "job.yaml").write_text(
        "- {inputs: drive.mp4, output: other.mp4, force: true}\n- {inputs: other.mp4, output: out.mp4}\n"
    )
    for words in ([], ["--dry-run"]):
        assert cli.main(["submit", "job.yaml", "--workers", "0", "--quiet", *words]) == 2
        assert "other.mp4 is an input" in capsys.readouterr().err
    assert (here / "other.mp4").read_bytes() == traffic.read_bytes()


def test_a_second_command_on_an_output_leaves_the_first_alone(here, monkeypatch):
    check, codes = flow.check_output, []

    def begin_again(*words):
        codes.append(run_in_chunks("drive.mp4", "out.mp4"))
        return check(*words)

    monkeypatch.setattr(flow, "check_output", begin_again)
    assert run_in_chunks("drive.mp4", "out.mp4") == 0
    assert codes == [5]


def test_the_record_is_removed_before_another_process_may_begin(here, monkeypatch):
    remove, held = layout.RunLayout.remove_sidecar, []

    def look(self):
        held.append(is_held(self.lock))
        remove(self)

    monkeypatch.setattr(layout.RunLayout, "remove_sidecar", look)
    assert run_in_chunks("drive.mp4", "out.mp4", "--no-sidecar") == 0
    assert held == [True]
    assert not (here / "out.mp4.seg-run").exists()


def test_a_record_that_was_not_to_stay_goes_with_the_next_command_after_a_kill_and_another_does_not(
    here, monkeypatch
):
    with monkeypatch.context() as patch:
        patch.setattr(layout.RunLayout, "remove_sidecar", lambda self: None)  # killed before that
        assert run_in_chunks("drive.mp4", "out.mp4", "--no-sidecar") == 0
    assert (here / "out.mp4.seg-run/detections.parquet").is_file()
    assert run_in_chunks("drive.mp4", "out.mp4", "--no-sidecar") == 0
    assert not (here / "out.mp4.seg-run").exists()
    assert run_in_chunks("drive.mp4", "kept.mp4") == 0
    assert run_in_chunks("drive.mp4", "kept.mp4", "--no-sidecar") == 0
    assert (here / "kept.mp4.seg-run/detections.parquet").is_file()


def test_an_input_s_name_leads_the_output_into_no_other_folder(here, capsys):
    (here / "drive.mp4").rename(here / "...mp4")
    assert run_in_chunks("...mp4", "out/{stem}/{name}") == 2
    assert "rename it" in capsys.readouterr().err
    assert not (here / "out").exists()


def test_no_output_goes_into_the_folder_of_a_run(here, capsys):
    assert run_in_chunks("drive.mp4", "out.mp4", "--keep-work") == 0
    for words in (
        ["drive.mp4", "out.mp4.seg-run/work/mine.mp4"],
        ["drive.mp4", "out.mp4.seg-run/parts/{stem}.mp4"],
        ["export", "out.mp4", "--format", "csv", "--out", "out.mp4.seg-run/work/tracks"],
    ):
        assert (cli.main(words) if words[0] == "export" else run_in_chunks(*words)) == 2
        assert "in the folder of a run" in capsys.readouterr().err


def test_what_a_user_put_beside_the_work_files_stays(here):
    (here / "out.mp4.seg-run" / "work").mkdir(parents=True, mode=0o700)
    (here / "out.mp4.seg-run").chmod(0o700)
    (here / "out.mp4.seg-run" / "work" / "mine.txt").write_bytes(b"precious")
    assert run_in_chunks("drive.mp4", "out.mp4") == 0
    assert [path.name for path in (here / "out.mp4.seg-run" / "work").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("is_copied", [True, False])
def test_a_run_that_was_moved_goes_on_where_it_lies(here, monkeypatch, capsys, is_copied):
    monkeypatch.setenv("FAKE_FAIL", "12")
    assert run_in_chunks("drive.mp4", "out.mp4") == 4
    monkeypatch.delenv("FAKE_FAIL")
    (shutil.copytree if is_copied else shutil.move)("out.mp4.seg-run", "other.mp4.seg-run")
    assert cli.main(["resume", "other.mp4.seg-run", "--quiet"]) == 0
    assert (here / "other.mp4").is_file()
    assert not (here / "out.mp4").exists()
    (here / "other.mp4").rename("third.mp4")
    (here / "other.mp4.seg-run").rename("third.mp4.seg-run")
    assert cli.main(["status", "--json", "third.mp4"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["state"], found["output"]) == ("done", str(here / "third.mp4"))
    assert cli.main(["manifest", "third.mp4"]) == 0


def test_a_source_that_is_swapped_while_the_output_is_put_together_becomes_no_output(
    here, monkeypatch, capsys
):
    check = flow.check_output

    def swap(*words):
        (here / "new.mp4").write_bytes((here / "drive.mp4").read_bytes())
        (here / "new.mp4").replace(here / "drive.mp4")
        return check(*words)

    monkeypatch.setattr(flow, "check_output", swap)
    assert run_in_chunks("drive.mp4", "out.mp4") == 3
    assert "was changed during the run" in capsys.readouterr().err
    assert not (here / "out.mp4").exists()


def test_detections_that_were_changed_are_neither_exported_nor_painted(here, capsys):
    """Arrow ends the whole process at some damaged files, so that they must not be opened at all."""
    assert run_in_chunks("drive.mp4", "out.mp4") == 0
    path = here / "out.mp4.seg-run" / "detections.parquet"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert cli.main(["export", "out.mp4", "--format", "csv", "--out", "csv"]) == 1
    assert cli.main(["render", "out.mp4", "other.mp4", "--workers", "0", "--quiet"]) == 1
    assert capsys.readouterr().err.count("was changed since it was made") == 2
    assert not (here / "csv").exists()


def test_work_files_that_go_while_they_are_needed_are_told(here, monkeypatch, capsys):
    step = flow.MUX_PASS

    def without_its_folder(bench):
        shutil.rmtree(here / "out.mp4.seg-run")
        return step.work.make(bench)

    away = replace(step, work=replace(step.work, make=without_its_folder))
    monkeypatch.setattr(flow, "PASSES", (*flow.PASSES[:-1], away))
    assert run_in_chunks("drive.mp4", "out.mp4") == 1
    told = capsys.readouterr().err
    assert "was removed or changed during the run" in told
    assert "unexpected " not in told
    assert not (here / "out.mp4").exists()


def test_work_files_go_with_an_output_whose_last_line_could_not_be_written(here, monkeypatch):
    record = Ledger.record

    def full(self, step, *words, **more):
        entry = record(self, step, *words, **more)
        if step == "mux":
            raise WriteError("Cannot write the ledger.")
        return entry

    monkeypatch.setattr(Ledger, "record", full)
    assert run_in_chunks("drive.mp4", "out.mp4") == 1
    assert (here / "out.mp4.seg-run" / "work").is_dir()
    monkeypatch.setattr(Ledger, "record", record)
    assert run_in_chunks("drive.mp4", "out.mp4") == 0
    assert not (here / "out.mp4.seg-run" / "work").exists()


def test_what_was_found_in_a_video_is_not_shown_on_another_in_its_place(here, fake_network, capsys):
    assert run_in_chunks("drive.mp4", "out.mp4") == 0
    kept = (here / "drive.mp4").read_bytes()
    write_traffic(here / "drive.mp4", 40, step=21)
    fake_network.looked_at.clear()
    export = ["export", "out.mp4", "--format", "yolo", "--out", "labels"]
    assert cli.main([*export, "--frames"]) == 3
    assert cli.main(["render", "out.mp4", "other.mp4", "--workers", "0", "--quiet"]) == 3
    assert capsys.readouterr().err.count("drive.mp4 is no longer the video that the run was made of") == 2
    assert not (here / "labels").exists()
    assert not (here / "other.mp4").exists()
    assert cli.main(export) == 0  # the labels alone need no video
    (here / "drive.mp4").write_bytes(kept)  # with another time of change
    assert cli.main(["render", "out.mp4", "other.mp4", "--workers", "0", "--quiet"]) == 0
    assert fake_network.looked_at == []
