"""Files with their hash beside them: read only as they were written, and known whenever the process is killed."""

from __future__ import annotations

import errno
import hashlib

import pytest

from pipeline.errors import StoreError, WriteError
from pipeline.store import summed
from pipeline.store.reader import DetectionsFile
from pipeline.store.summed import check_summed, remove_summed, write_summed


@pytest.fixture
def path(tmp_path):
    write_summed(tmp_path / "file", lambda new: new.write_bytes(b"one"))
    return tmp_path / "file"


def test_the_hash_is_as_sha256sum_writes_it(path):
    assert path.with_name("file.sha256").read_text() == f"{hashlib.sha256(b'one').hexdigest()}  file\n"
    check_summed(path)


def test_a_changed_file_is_not_read(path, monkeypatch):
    path.write_bytes(b"two")
    monkeypatch.setattr("pipeline.store.parquet_rows.pq.ParquetFile", None)  # Arrow can end the process
    with pytest.raises(StoreError, match="was changed since it was made"):
        DetectionsFile(path)


def test_a_full_disk_is_told_where_the_file_takes_its_name(path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(summed.Path, "replace", full)
    with pytest.raises(WriteError, match="No space left"):
        write_summed(path, lambda new: new.write_bytes(b"two"))


@pytest.mark.parametrize("killed_at", ["replace", "second sums"])
def test_a_file_is_known_when_the_process_is_killed_while_another_takes_its_place(
    path, monkeypatch, killed_at
):
    class Killed(BaseException):
        pass

    real_replace = summed.Path.replace

    def kill(*_):
        raise Killed

    real_sums = summed._write_sums

    def replace(one, other):
        return kill() if one.suffix == ".new" else real_replace(one, other)

    if killed_at == "replace":
        monkeypatch.setattr(summed.Path, "replace", replace)
    else:
        monkeypatch.setattr(
            summed, "_write_sums", lambda path, sums: real_sums(path, sums) if len(sums) > 1 else kill()
        )
    with pytest.raises(Killed):
        write_summed(path, lambda new: new.write_bytes(b"two"))
    check_summed(path)
    assert path.read_bytes() == (b"one" if killed_at == "replace" else b"two")
    monkeypatch.undo()
    write_summed(path, lambda new: new.write_bytes(b"three"))
    check_summed(path)
    remove_summed(path)
    assert not list(path.parent.iterdir())
