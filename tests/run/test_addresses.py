"""Videos at an address: made as from a disk, whatever the storage does in between."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.job.inputs import check_together, pairs
from pipeline.record.find_run import request_of
from pipeline.record.manifest import Manifest
from pipeline.record.receipt import Receipt
from pipeline.record.status import run_status
from tests.storage.conftest import s3 as s3
from tests.storage.conftest import server as server

OPTIONS = {"chunk_frames": 8}


@pytest.fixture
def stored(server, traffic):
    server.objects["/trips/drive.mp4"] = traffic.read_bytes()
    return server.url("/trips/drive.mp4")


def ours(path):
    """What a run made: the video and its detections."""
    return path.read_bytes(), (path.parent / f"{path.name}.seg-run" / "detections.parquet").read_bytes()


@pytest.fixture
def from_disk(work, traffic, tmp_path):
    work([traffic], tmp_path / "disk.mp4", **OPTIONS)
    return ours(tmp_path / "disk.mp4")


def test_a_video_at_an_address_becomes_the_same_as_one_on_a_disk(work, server, stored, from_disk, tmp_path):
    out = tmp_path / "out.mp4"
    server.faults.extend([None, 503, None, "reset", "cut", 500, None, "slow"])
    (result,), _ = work([stored], out, **OPTIONS)
    assert result.state == "made"
    assert not server.faults
    assert ours(out) == from_disk
    assert Manifest.of_run(tmp_path / "out.mp4.seg-run").source.path == stored
    (again,), _ = work([stored], out, **OPTIONS)
    assert again.state == "kept"


def test_a_storage_that_goes_away_in_mid_run_costs_no_more_than_the_chunks_in_hand(
    work, server, stored, from_disk, fake_network, tmp_path, monkeypatch
):
    out = tmp_path / "out.mp4"
    process = fake_network.process

    def fail(self, task):
        if task.chunk.index == 3:
            server.faults.extend([503] * 99)
        return process(self, task)

    monkeypatch.setattr(fake_network, "process", fail)
    with pytest.raises(Exception, match="storage does not answer"):
        work([stored], out, **OPTIONS)
    assert not out.exists()
    server.faults.clear()
    monkeypatch.setattr(fake_network, "process", process)
    fake_network.looked_at.clear()
    work([stored], out, **OPTIONS)
    assert set(fake_network.looked_at) < set(range(5))
    assert ours(out) == from_disk


def test_an_object_that_is_replaced_in_mid_run_is_told(
    work, server, stored, fake_network, tmp_path, monkeypatch
):
    process = fake_network.process

    def replace(self, task):
        content = server.objects["/trips/drive.mp4"]
        server.objects["/trips/drive.mp4"] = content[:-1] + bytes([content[-1] ^ 1])
        return process(self, task)

    monkeypatch.setattr(fake_network, "process", replace)
    with pytest.raises(Exception, match="was changed during the run"):
        work([stored], tmp_path / "out.mp4", chunk_frames=40)
    assert not (tmp_path / "out.mp4").exists()


OUT = "s3://bucket/made/out.mp4"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """The current folder, in which the runs of outputs in a storage lie."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_an_output_goes_to_a_storage_and_is_kept_when_it_is_asked_for_again(
    work, s3, traffic, from_disk, fake_network, here
):
    s3.put_faults.append(503)
    (result,), events = work([traffic], OUT, **OPTIONS)
    assert (result.state, str(result.output)) == ("made", OUT)
    assert s3.objects["/bucket/made/out.mp4"] == from_disk[0]
    folder = here / "out.mp4.seg-run"
    assert sorted(path.name for path in folder.iterdir()) == [
        *("detections.parquet", "ledger.jsonl", "lock", "manifest.json", "published.json"),
    ]
    assert not (here / "out.mp4").exists()
    assert (run_status(folder).state, run_status(folder).output) == ("done", OUT)
    assert (request_of(folder).output, request_of(folder).settings.run.work_dir) == (OUT, str(here))
    written = "".join(path.read_text() for path in folder.iterdir() if path.suffix != ".parquet")
    assert "SECRET" not in written + str(events)
    fake_network.looked_at.clear()
    (again,), _ = work([traffic], OUT, **OPTIONS)
    assert (again.state, fake_network.looked_at) == ("kept", [])
    del s3.objects["/bucket/made/out.mp4"]
    (anew,), _ = work([traffic], OUT, **OPTIONS)
    assert (anew.state, fake_network.looked_at) == ("made", [])  # out of its detections
    assert s3.objects["/bucket/made/out.mp4"] == from_disk[0]


def test_an_object_of_the_output_s_name_is_left_alone(work, s3, traffic, here):
    s3.objects["/bucket/made/out.mp4"] = b"another's"
    with pytest.raises(UsageError, match="exists already"):
        work([traffic], OUT)
    with pytest.raises(UsageError, match="name too long"):
        work([traffic], f"s3://bucket/{'x' * 250}.mp4")
    (skipped,), _ = work([traffic], OUT, no_clobber=True)
    assert skipped.state == "skipped"
    assert s3.objects["/bucket/made/out.mp4"] == b"another's"
    (made,), _ = work([traffic], OUT, force=True)
    assert made.state == "made"


def test_an_object_that_comes_while_the_video_is_made_is_left_alone_and_nothing_is_lost(
    work, s3, traffic, from_disk, fake_network, here, monkeypatch
):
    process = fake_network.process

    def come(self, task):
        s3.objects["/bucket/made/out.mp4"] = b"another's"
        return process(self, task)

    monkeypatch.setattr(fake_network, "process", come)
    with pytest.raises(UsageError, match="created by something else during the run"):
        work([traffic], OUT, **OPTIONS)
    assert s3.objects["/bucket/made/out.mp4"] == b"another's"
    del s3.objects["/bucket/made/out.mp4"]
    fake_network.looked_at.clear()
    work([traffic], OUT, **OPTIONS)
    assert fake_network.looked_at == []
    assert s3.objects["/bucket/made/out.mp4"] == from_disk[0]


def test_a_run_that_is_killed_behind_its_upload_takes_the_object_for_its_own(
    work, s3, traffic, here, monkeypatch
):
    def die(self, path):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Receipt, "write", die)
        with pytest.raises(KeyboardInterrupt):
            work([traffic], OUT, **OPTIONS)
    (result,), _ = work([traffic], OUT, **OPTIONS)
    assert result.state == "made"
    assert [put for put in s3.puts if put[0].endswith("/out.mp4")] == [("/bucket/made/out.mp4", True)] * 2


@pytest.mark.parametrize(
    ("source", "output", "words"),
    [
        ("s3://bucket/a.mp4", "s3://bucket/a.mp4", "overwritten by its own output"),
        ("sftp://host/a.mp4", "sftp://host/a.mp4", "overwritten by its own output"),
    ],
)
def test_outputs_that_cannot_be_are_told_before_anything_is_read(source, output, words):
    with pytest.raises(UsageError, match=words):
        pairs([source], output)


def test_outputs_of_several_are_named_by_a_folder_or_a_template_in_the_storage():
    several = ["s3://b/one.mp4", "two.mkv"]
    assert pairs(several[:1], "s3://out/a.mp4", "/runs")[0].output == Path("/runs/a.mp4")
    targets = [str(pair.target) for pair in pairs(several, "s3://out/trips/")]
    assert targets == ["s3://out/trips/one_seg.mp4", "s3://out/trips/two_seg.mp4"]
    assert [pair.output for pair in pairs(several, "s3://out/{stem}.mkv")] == [
        Path("one.mkv"),
        Path("two.mkv"),
    ]


def test_two_outputs_whose_runs_would_have_one_name_are_told():
    with pytest.raises(UsageError, match=r"would both be called a\.mp4"):
        check_together([(["one.mp4"], "s3://b/1/a.mp4"), (["two.mp4"], "s3://b/2/a.mp4")])
