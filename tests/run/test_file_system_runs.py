"""Runs whose source and output lie at SFTP: as from a disk, gone on with by another machine, listed."""

from __future__ import annotations

import io

import pytest

from pipeline.errors import MediaError, UsageError
from pipeline.job.request import make_request
from pipeline.loading.given import Given
from pipeline.proof.verify import verify
from pipeline.record.find_run import find_run
from pipeline.record.status import run_status
from pipeline.run import flow
from pipeline.run.report.reporter import JsonReporter
from pipeline.run.run_listing import run_listing
from pipeline.run.stopping import StopSignal
from pipeline.storage import reach
from pipeline.structures.address import Address
from tests.storage.file_servers import PASSWORD, SftpServer, home_that_knows

fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def root(tmp_path, traffic):
    folder = tmp_path / "server"
    (folder / "trips" / "car").mkdir(parents=True)
    (folder / "trips" / "drive.mp4").write_bytes(traffic.read_bytes())
    return folder


@pytest.fixture
def sftp(root, tmp_path, monkeypatch):
    """The server, which holds `root`; the current folder is this machine's."""
    pytest.importorskip("paramiko")
    pytest.importorskip("asyncssh")
    monkeypatch.setattr(reach, "PAUSES", (0.01, 0.02))
    monkeypatch.setattr(reach, "_CONNECTIONS", {})
    monkeypatch.setitem(fsspec.config.conf, "sftp", {"password": PASSWORD})
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    serving = SftpServer(root)
    monkeypatch.setenv("HOME", str(home_that_knows(tmp_path / "home", [serving.known_host()])))
    yield serving
    serving.close()


@pytest.fixture
def from_disk(work, traffic, tmp_path):
    work([traffic], tmp_path / "disk.mp4", chunk_frames=8)
    return (tmp_path / "disk.mp4").read_bytes()


def test_another_machine_goes_on_with_a_run_at_sftp_and_leaves_the_same_bytes(
    work, sftp, root, fake_network, from_disk, tmp_path, monkeypatch
):
    source, out = f"{sftp.url}/trips/drive.mp4", f"{sftp.url}/masks/out.mp4"

    def fail(*_, **__):
        raise MediaError("the machine is lost")

    def on(machine):
        fake_network.looked_at.clear()
        return work([source], out, chunk_frames=8, work_dir=str(tmp_path / machine))

    with monkeypatch.context() as patch:
        patch.setattr(flow, "mux", fail)
        with pytest.raises(MediaError):
            on("first")
    assert len(list((root / "masks/out.mp4.seg-run/work").rglob("*.*"))) == 11  # with the plan
    sftp.hang_up()
    (result,), events = on("second")
    assert (result.state, fake_network.looked_at) == ("made", [])
    assert (root / "masks/out.mp4").read_bytes() == from_disk
    there = {path.name for path in (root / "masks/out.mp4.seg-run").iterdir()}
    assert there == {"detections.parquet", "ledger.jsonl", "manifest.json", "published.json"}
    assert on("third")[0][0].state == "kept"
    assert run_status(find_run(out)).state == "done"
    assert all(check.holds for check in verify(Address(source), Address(out)).checks)
    texts = [path.read_text() for path in tmp_path.rglob("*.json*")]
    assert len(texts) >= 6
    assert PASSWORD not in "".join(texts) + str(events)
    (root / "masks/out.mp4").write_bytes(from_disk[:-1] + b"?")  # of the same size, and no ETag tells
    with pytest.raises(UsageError, match="exists already"):
        on("third")


def test_a_listing_of_a_folder_at_sftp_is_made_by_one_job_after_another(work, sftp, root, traffic, from_disk):
    (root / "trips/car/0042.mp4").write_bytes(traffic.read_bytes())
    stream = io.StringIO()
    request = make_request(
        (f"{sftp.url}/trips/",), f"{sftp.url}/masks/", Given({"workers": 0, "chunk-frames": 8})
    )

    def do():
        return run_listing(request, JsonReporter(stream), StopSignal()).states

    assert do() == {"made": 2}
    for name in ("drive_seg.mp4", "car/0042_seg.mp4"):
        assert (root / "masks" / name).read_bytes() == from_disk
    (root / "trips/late.mp4").write_bytes(traffic.read_bytes())
    assert do() == {"made": 3}
    assert stream.getvalue().count('"event": "made"') == 3
    assert not list(root.rglob("claim"))


def test_a_place_that_takes_no_output_safely_is_told_before_anything_begins(
    work, sftp, traffic, fake_network
):
    for output, words in {
        "https://host/a.mp4": "no rename",
        "memory://made/a.mp4": "no rename",
        f"zip://a.mp4::{sftp.url}/a.zip": "a chain",
    }.items():
        with pytest.raises(UsageError, match=f"cannot be an output.\n.*{words}"):
            work([traffic], output)
    assert fake_network.looked_at == []
