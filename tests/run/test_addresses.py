"""Videos at an address: made as from a disk, whatever the storage does in between."""

from __future__ import annotations

import pytest

from pipeline.record.manifest import Manifest
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
    with pytest.raises(Exception, match="was changed while it was worked on"):
        work([stored], tmp_path / "out.mp4", chunk_frames=40)
    assert not (tmp_path / "out.mp4").exists()
