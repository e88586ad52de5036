from __future__ import annotations

import errno
import os
from types import SimpleNamespace

import pytest

from pipeline import files
from pipeline.errors import MediaError
from pipeline.files import digest_of, write_whole
from pipeline.run.read_ahead import read_ahead


def test_a_full_disk_leaves_what_was_there_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "part.mp4"
    write_whole(path, b"before")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    real = SimpleNamespace(open=os.open, O_RDONLY=os.O_RDONLY, close=os.close, fsync=full)
    monkeypatch.setattr(files, "os", real)
    with pytest.raises(MediaError, match="No space left on device") as failed:
        write_whole(path, b"after")
    assert "run the same command again" in str(failed.value)
    assert path.read_bytes() == b"before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["part.mp4"]


def test_a_digest_is_that_of_the_content(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    # The example of FIPS 180-2, appendix B.1.
    assert digest_of(tmp_path / "file").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_what_is_read_ahead_keeps_its_order_and_its_error():
    def items():
        yield from (1, None, 3)
        raise ArithmeticError

    found = []
    with read_ahead(items()) as ahead, pytest.raises(ArithmeticError):
        found.extend(ahead)
    assert found == [1, None, 3]
    with read_ahead(items()) as ahead:
        assert [next(ahead), next(ahead), next(ahead)] == [1, None, 3]


def test_who_stops_reading_does_not_wait_for_the_rest():
    made = []

    def endless():
        while True:
            made.append(1)
            yield len(made)

    with read_ahead(endless()) as ahead:
        assert next(ahead) == 1
    assert len(made) <= 3
