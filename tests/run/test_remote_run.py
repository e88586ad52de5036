"""Runs of outputs in a storage, gone on with by another machine: here, another folder of work."""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import MediaError, SegVideoError, UsageError
from pipeline.job.settings import RunSettings
from pipeline.proof.verify import verify
from pipeline.record.find_run import find_run, request_of
from pipeline.record.ledger import Ledger
from pipeline.record.spent import NOTHING
from pipeline.record.status import run_status
from pipeline.run import flow, pools
from pipeline.run.work.render_worker import RenderWorker
from pipeline.structures.address import Address
from tests.storage.conftest import s3 as s3
from tests.storage.conftest import server as server

OUT = "s3://bucket/made/out.mp4"
OBJECT = "/bucket/made/out.mp4"
RECORD = [
    f"{OBJECT}.seg-run/{name}"
    for name in ("detections.parquet", "ledger.jsonl", "manifest.json", "published.json")
]


@pytest.fixture
def painted(monkeypatch):
    """Numbers of the chunks that were painted."""
    found = []

    class Painter(RenderWorker):
        def process(self, task):
            found.append(task.chunk.index)
            return super().process(task)

    monkeypatch.setattr(pools, "RenderWorker", Painter)
    return found


@pytest.fixture
def on(work, s3, traffic, fake_network, painted, tmp_path):
    """on(machine, ...): do the job on the machine of that name; its end, and the chunks that it has worked on."""

    def do(machine, **options):
        fake_network.looked_at.clear()
        painted.clear()
        options = {"chunk_frames": 8, "work_dir": str(tmp_path / machine), **options}
        (result,), events = work([traffic], OUT, **options)
        return result.state, sorted(fake_network.looked_at), sorted(painted), events

    return do


@pytest.fixture
def from_disk(work, traffic, tmp_path):
    work([traffic], tmp_path / "disk.mp4", chunk_frames=8)
    return (tmp_path / "disk.mp4").read_bytes()


def fail(*_, **__):
    raise MediaError("the machine is lost")


def works(s3):
    return sorted(name.partition("/work/")[2] for name in s3.objects if "/work/" in name)


def test_another_machine_goes_on_with_the_chunks_that_are_missing_and_a_third_finds_all_done(
    on, s3, traffic, fake_network, from_disk, tmp_path, tmp_path_factory, monkeypatch
):
    process = fake_network.process
    with monkeypatch.context() as patch:
        patch.setattr(
            fake_network,
            "process",
            lambda self, task: fail() if task.chunk.index == 3 else process(self, task),
        )
        with pytest.raises(SegVideoError):
            on("first")
    there = [name.partition(".")[0] for name in works(s3)]
    assert [name for name in there if "segment" in name] == [
        f"segment/00000{index}" for index in (0, 1, 2, 4)
    ]
    plan = json.loads(s3.objects[f"{OBJECT}.seg-run/work/manifest.json"])
    plan["settings"]["run"]["cluster"] = "of.somebody:6379"
    s3.objects[f"{OBJECT}.seg-run/work/manifest.json"] = json.dumps(plan).encode()
    with monkeypatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("far"))
        found = run_status(find_run(OUT))
        assert (found.state, found.segmented, found.rendered, found.frames) == ("elsewhere", 32, 0, 40)
        far = request_of(Path(found.folder))
        assert (far.inputs, far.output) == ((str(traffic),), OUT)
        assert far.settings.run == RunSettings(chunk_frames=8, work_dir=str(Path.cwd()))
    state, looked_at, _, events = on("second")
    assert (state, looked_at) == ("made", [3])
    (told,) = (event for event in events if event["event"] == "made")
    ledger = Ledger(tmp_path / "first" / "out.mp4.seg-run" / "ledger.jsonl")
    kept = [entry.spent for entry in ledger.entries() if entry.step == "segment" and not entry.failed]
    assert told["spent_before"] == asdict(sum(kept, NOTHING))
    assert told["spent_before"]["cpu_seconds"] > 0
    assert s3.objects[OBJECT] == from_disk
    assert sorted(name for name in s3.objects if name != OBJECT) == RECORD
    folder = tmp_path / "second" / "out.mp4.seg-run"
    assert all(s3.objects[name] == (folder / name.rpartition("/")[2]).read_bytes() for name in RECORD)
    assert on("third")[:3] == ("kept", [], [])
    monkeypatch.chdir(tmp_path)
    assert find_run(OUT) == tmp_path / "out.mp4.seg-run"
    assert run_status(find_run(OUT)).state == "done"
    with pytest.raises(UsageError, match="belongs to another output"):
        find_run("s3://bucket/elsewhere/out.mp4")
    with pytest.raises(UsageError, match="no run called"):
        find_run("s3://bucket/none.mp4")
    assert all(check.holds for check in verify(traffic, Address(OUT)).checks)


def test_a_machine_that_is_lost_at_the_very_end_costs_no_chunk(on, s3, from_disk, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(flow, "mux", fail)
        with pytest.raises(MediaError):
            on("first")
    assert len(works(s3)) == 11  # with the plan
    s3.faults.extend([503, None, "reset", "cut", "slow"])
    assert on("second")[:3] == ("made", [], [])
    assert s3.objects[OBJECT] == from_disk


def test_a_part_that_was_painted_of_other_tracks_is_not_taken(on, s3, fake_network, monkeypatch):
    """As of a machine whose arithmetic rounds otherwise: the film would be of two minds."""
    with monkeypatch.context() as patch:
        patch.setattr(flow, "mux", fail)
        with pytest.raises(MediaError):
            on("first")
    (lost,) = [name for name in s3.objects if "/work/segment/000004" in name]
    del s3.objects[lost]
    process = fake_network.process

    def moved(self, task):
        found = process(self, task)
        frames = [replace(frame, boxes=frame.boxes + np.float32(1)) for frame in found.frames]
        return replace(found, frames=frames)

    monkeypatch.setattr(fake_network, "process", moved)
    state, looked_at, painted, _ = on("second")
    assert (state, looked_at) == ("made", [4])
    assert 4 in painted


def test_an_object_that_is_not_the_product_it_is_called_is_made_anew(on, s3, from_disk, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(flow, "mux", fail)
        with pytest.raises(MediaError):
            on("first")
    segments = sorted(name for name in s3.objects if "/work/segment/" in name)
    s3.objects[segments[0]] = s3.objects[segments[1]]
    s3.objects[segments[2]] = s3.objects[segments[2]][:-1] + b"?"
    line, _, rest = s3.objects[segments[3]].partition(b"\n")
    s3.objects[segments[3]] = line.replace(b'"also":[]', b'"also":[["manifest.json","0"]]') + b"\n" + rest
    s3.objects[segments[4]] = b"\xff"
    assert on("second")[:2] == ("made", [0, 2, 3, 4])
    assert s3.objects[OBJECT] == from_disk


def test_two_machines_at_once_mix_nothing_and_leave_nothing_behind(on, s3, from_disk):
    ends = []
    machines = [
        threading.Thread(target=lambda name=name: ends.append(on(name)[0])) for name in ("one", "other")
    ]
    for machine in machines:
        machine.start()
    for machine in machines:
        machine.join()
    assert set(ends) <= {"made", "kept"}
    assert len(ends) == 2
    assert s3.objects[OBJECT] == from_disk
    assert works(s3) == []


@pytest.mark.parametrize("faults", ["put_faults", "list_faults", "delete_faults"])
def test_a_storage_that_takes_no_chunks_is_told_and_costs_nothing_else(on, s3, from_disk, faults):
    getattr(s3, faults).append(403)
    state, *_, events = on("first")
    assert state == "made"
    assert any("by its storage" in str(event) for event in events if event["event"] == "warning")
    assert s3.objects[OBJECT] == from_disk


def test_what_was_made_before_the_storage_knew_of_it_is_put_there_when_the_run_goes_on(on, s3, monkeypatch):
    monkeypatch.setattr(flow, "mux", fail)
    with pytest.raises(MediaError):
        on("first")
    s3.objects.clear()
    with pytest.raises(MediaError):
        on("first")
    assert len(works(s3)) == 11
