from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pipeline import files
from pipeline.errors import UsageError, WriteError
from pipeline.files import digest_of, fingerprint_of, make_folder, whole_file, whole_stream, write_whole


def test_a_full_disk_leaves_what_was_there_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "part.mp4"
    write_whole(path, b"before")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(WriteError, match="No space left on device") as failed:
        write_whole(path, b"after")
    assert "run the same command again" in str(failed.value)
    assert path.read_bytes() == b"before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["part.mp4"]


def test_a_body_that_fails_leaves_what_was_there_and_nothing_else(tmp_path):
    path = tmp_path / "a.parquet"
    path.write_bytes(b"before")

    def fail_half_way() -> None:
        with whole_stream(path) as stream:
            stream.write(b"half")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        fail_half_way()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_temporary_file_is_never_one_that_was_there(tmp_path):
    """A file or a link under any name that could be guessed is neither written to nor followed."""
    path = tmp_path / "clip.mp4"
    planted = [tmp_path / "clip.mp4.part", tmp_path / f".clip.mp4{files.TEMPORARY_SUFFIX}"]
    (tmp_path / "victim").write_bytes(b"precious")
    planted[0].write_bytes(b"precious")
    planted[1].symlink_to(tmp_path / "victim")
    with whole_file(path) as temporary:
        assert temporary not in planted
        assert not temporary.is_symlink()
        temporary.write_bytes(b"new")
    assert path.read_bytes() == b"new"
    assert [entry.read_bytes() for entry in (*planted, tmp_path / "victim")] == [b"precious"] * 3


def test_a_link_under_the_name_is_replaced_and_not_followed(tmp_path):
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / "out").symlink_to(tmp_path / "victim")
    write_whole(tmp_path / "out", b"new")
    assert (tmp_path / "victim").read_bytes() == b"precious"
    assert not (tmp_path / "out").is_symlink()


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "ordinary").touch()
    write_whole(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "ordinary").stat().st_mode


def test_a_file_system_that_has_permissions_of_its_own_is_written_to(tmp_path, monkeypatch):
    def refuse(code):
        def fchmod(*_):
            raise OSError(code, os.strerror(code))

        monkeypatch.setattr(files.os, "fchmod", fchmod)

    refuse(errno.EPERM)  # as FAT's driver does
    write_whole(tmp_path / "a", b"content")
    assert (tmp_path / "a").read_bytes() == b"content"
    refuse(errno.EIO)
    with pytest.raises(WriteError, match="Input/output error"):
        write_whole(tmp_path / "b", b"content")
    assert list(tmp_path.iterdir()) == [tmp_path / "a"]


def test_a_digest_is_that_of_the_content(tmp_path):
    (tmp_path / "file").write_bytes(b"abc")
    # The example of FIPS 180-2, appendix B.1.
    assert digest_of(tmp_path / "file").startswith("ba7816bf8f01cfea414140de5dae2223")


def test_a_name_as_long_as_a_name_can_be_is_written(tmp_path):
    path = tmp_path / ("한" * 83 + ".mp4")  # 253 bytes
    write_whole(path, b"new")
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_came_meanwhile_keeps_its_name(tmp_path, monkeypatch, links):
    """Asked last of all, and by the system's own refusal; also where a file system has no hard links."""
    path = tmp_path / "out"
    if not links:

        def no_link(*_):
            if os.path.lexists(path):
                raise FileExistsError(errno.EEXIST, "File exists")
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(files.os, "link", no_link)
    write_whole(path, b"first", may_replace=lambda _: False)
    assert path.read_bytes() == b"first"
    with pytest.raises(UsageError, match="created by something else during the run"):
        write_whole(path, b"second", may_replace=lambda _: False)
    assert path.read_bytes() == b"first"
    write_whole(path, b"third", may_replace=lambda there: there.read_bytes() == b"first")
    assert path.read_bytes() == b"third"
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_no_file_has_no_digest_and_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    for path in (tmp_path, tmp_path / "fifo", Path("/dev/zero")):
        with pytest.raises(OSError, match=r"no file|directory"):
            digest_of(path)


def test_a_folder_that_cannot_be_made_is_told_like_a_file(tmp_path):
    make_folder(tmp_path / "a" / "b", 0o700)
    make_folder(tmp_path / "a" / "b")  # it is there
    assert (tmp_path / "a" / "b").stat().st_mode & 0o077 == 0
    (tmp_path / "file").write_bytes(b"")
    for below in ("file", "file/under"):
        with pytest.raises(WriteError, match=rf"Cannot write {tmp_path / below}\.\n  found: "):
            make_folder(tmp_path / below)


def test_a_fingerprint_stays_what_it_was():
    values = ["found", 5, {"b": 1, "a": (2, None)}, Path("ü")]
    assert fingerprint_of(values) == "38d480c19b106ca6fb5ae6e6fc804c2c"
