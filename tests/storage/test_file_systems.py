"""Any address of fsspec's: files at SFTP, at FTP, in archives; what can be an output is tried, and not looked up."""

from __future__ import annotations

import random
import threading
import time
import zipfile
from pathlib import Path
from typing import ClassVar

import pytest

from pipeline.errors import InputError, MediaError, UsageError
from pipeline.storage import claim, file_system, objects, reach
from pipeline.storage.claim import claimed
from pipeline.storage.listing import objects_below
from pipeline.storage.objects import (
    ObjectFile,
    check_takes_outputs,
    digest_of_object,
    is_there,
    look_at,
    publish,
    put_new,
    remove_below,
)
from pipeline.structures.address import Address
from tests.storage.conftest import server as server
from tests.storage.file_servers import PASSWORD, FtpServer, SftpServer, home_that_knows
from tests.storage.writers import publish_at_once

fsspec = pytest.importorskip("fsspec")

from fsspec.implementations.local import LocalFileSystem  # noqa: E402 - behind the question whether it is there

CONTENT = random.Random(2).randbytes(5000)


class Careful(LocalFileSystem):
    """A disk whose rename refuses a name that is taken, without a word, as WebHDFS does."""

    protocol = "careful"

    @classmethod
    def _strip_protocol(cls, path):
        return path.partition("://")[2] or path

    def mv(self, path1, path2, **_):
        if not Path(path2).exists():
            Path(path1).rename(path2)


class Careless(Careful):
    """A disk that has modes for what it does not do, and a connection that is lost."""

    protocol = "careless"

    def mv(self, path1, path2, **_):
        Path(path1).replace(path2)

    def open(self, path, mode="rb", **_):
        return Path(path).open(mode.replace("x", "w").replace("ww", "w"))


class Stuck(Careful):
    """A disk that does not answer once, or fails as a lost connection does."""

    protocol = "stuck"
    faults: ClassVar[list] = []

    def cat_file(self, path, **where):
        fault = self.faults.pop() if self.faults else None
        if fault is not None:
            fault()
        return super().cat_file(path, **where)


for kind in (Careful, Careless, Stuck):
    fsspec.register_implementation(kind.protocol, kind, clobber=True)


@pytest.fixture(autouse=True)
def settings(monkeypatch):
    monkeypatch.setattr(reach, "PAUSES", (0.01, 0.02))
    monkeypatch.setattr(objects, "_BLOCK_BYTES", 1000)
    monkeypatch.setattr(reach, "_CONNECTIONS", {})
    for name in ("sftp", "ftp"):
        monkeypatch.setitem(fsspec.config.conf, name, {"password": PASSWORD})  # as FSSPEC_SFTP_PASSWORD is


@pytest.fixture
def root(tmp_path):
    (tmp_path / "trips").mkdir()
    (tmp_path / "trips" / "a.mp4").write_bytes(CONTENT)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("one/a.mp4", CONTENT)
        archive.writestr("one/b.mp4", CONTENT, zipfile.ZIP_DEFLATED)
    return tmp_path


def let_go():
    """Close what archives hold open, while its server is there."""
    for key in list(reach._CONNECTIONS):
        reach._let_go(key)
    for thread in threading.enumerate():
        if thread.name == "storage":
            thread.join(10)


@pytest.fixture
def sftp(root, tmp_path_factory, monkeypatch):
    pytest.importorskip("paramiko")
    pytest.importorskip("asyncssh")
    serving = SftpServer(root)
    home = home_that_knows(tmp_path_factory.mktemp("home"), [serving.known_host()])
    monkeypatch.setenv("HOME", str(home))
    yield serving
    let_go()
    serving.close()


@pytest.fixture
def ftp(root):
    pytest.importorskip("pyftpdlib")
    serving = FtpServer(root)
    yield serving
    serving.close()


@pytest.fixture(params=["sftp", "careful"])
def place(request, root):
    """The address of `root` in a storage that takes outputs: one whose rename replaces, one whose rename refuses."""
    return request.getfixturevalue("sftp").url if request.param == "sftp" else f"careful://{root}"


@pytest.fixture
def new(place):
    return Address(f"{place}/made/new.mp4")


@pytest.fixture
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("here") / "file"
    path.write_bytes(CONTENT)
    return path


def below(root):
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()} - {
        "a.zip",
        "trips/a.mp4",
    }


@pytest.mark.parametrize("kind", ["sftp", "ftp", "memory", "zip", "dir", "zip in sftp", "zip at http"])
def test_a_file_at_any_address_is_read_by_ranges(kind, root, request):
    if kind == "memory":
        fsspec.filesystem("memory").pipe_file("/seg-video/a.mp4", CONTENT)
    if kind == "zip at http":
        http = request.getfixturevalue("server")
        http.objects["/a.zip"] = (root / "a.zip").read_bytes()
    address = Address(
        {
            "memory": lambda: "memory://seg-video/a.mp4",
            "zip": lambda: f"zip://one/a.mp4::{root}/a.zip",
            "dir": lambda: f"dir://a.mp4::file://{root}/trips",
            "zip in sftp": lambda: f"zip://one/a.mp4::{request.getfixturevalue('sftp').url}/a.zip",
            "zip at http": lambda: f"zip://one/a.mp4::{http.url('/a.zip')}",
        }.get(kind, lambda: f"{request.getfixturevalue(kind).url}/trips/a.mp4")()
    )
    assert look_at(address) == (5000, None)
    assert is_there(address)
    with ObjectFile(address) as found:
        found.seek(3990)
        assert found.read(20) == CONTENT[3990:4000]  # as far as a block goes
        assert found.readall() == CONTENT[4000:]
        found.seek(0)
        assert found.readall() == CONTENT


def test_what_cannot_be_read_in_parts_is_told(root):
    with pytest.raises(InputError, match="compressed in its archive"):
        look_at(Address(f"zip://one/b.mp4::{root}/a.zip"))
    with pytest.raises(InputError, match="no size"):
        look_at(Address(f"careful://{root}/trips"))


def test_an_archive_that_is_replaced_is_looked_into_again(root):
    address = Address(f"zip://one/a.mp4::{root}/a.zip")
    digest_of_object(address)
    with zipfile.ZipFile(root / "a.zip", "w") as archive:
        archive.writestr("one/a.mp4", CONTENT[:9])
    assert look_at(address).size == 9


def test_a_file_is_put_under_a_free_name_only_and_is_whole_or_not_there(place, new, file, root):
    check_takes_outputs(new)
    assert below(root) == set()  # of the trial nothing is left
    assert not (root / "made").exists()
    assert not is_there(new)
    facts = publish(file, new, replace=False)
    assert facts == look_at(new) == (5000, None)
    assert publish(file, new, replace=False) == facts  # as where an answer was lost
    file.write_bytes(b"other")
    with pytest.raises(UsageError, match="was created by something else"):
        publish(file, new, replace=False)
    assert (root / "made/new.mp4").read_bytes() == CONTENT
    publish(file, new, replace=True)
    assert (root / "made/new.mp4").read_bytes() == b"other"
    assert below(root) == {"made/new.mp4"}


def test_a_name_that_a_killed_writer_has_kept_is_taken_by_who_brings_its_content(
    sftp, file, root, monkeypatch
):
    new = Address(f"{sftp.url}/new.mp4")

    def die(*_):
        raise NotImplementedError("killed")

    with monkeypatch.context() as patch:
        patch.setattr(file_system, "_rename", die)
        with pytest.raises(InputError):
            publish(file, new, replace=False)
    assert b"keeps this name" in (root / "new.mp4").read_bytes()
    other = root / "other"
    other.write_bytes(b"other")
    with pytest.raises(UsageError, match="was created by something else"):
        publish(other, new, replace=False)
    publish(file, new, replace=False)
    assert (root / "new.mp4").read_bytes() == CONTENT


def test_of_writers_at_once_one_is_told_and_nothing_is_mixed(place, new, root):
    check_takes_outputs(new)
    contents = [bytes([65 + number]) * 3000 for number in range(4)]
    (first,) = publish_at_once(root, new, contents)
    assert (root / "made/new.mp4").read_bytes() == contents[first]
    assert below(root) == {"made/new.mp4", "0", "1", "2", "3"}


def test_files_below_a_folder_are_told_and_removed_with_their_folders(place, new, root):
    prefix = f"{new}.seg-run/work/"
    assert list(objects_below(prefix)) == []
    names = [f"{prefix}{name}" for name in ("plan", "render/1.mp4", "segment/0.x", "segment/deep/1")]
    for name in names:
        put_new(b"1", Address(name))
    put_new(b"22", Address(names[0]))
    assert sorted(objects_below(prefix)) == [(name, 1, None) for name in names]
    remove_below(prefix)
    assert list(objects_below(prefix)) == []
    assert not (root / "made/new.mp4.seg-run/work").exists()


def test_one_who_lives_has_a_claim_and_one_who_died_has_it_no_longer(place, new, root, monkeypatch):
    for name, seconds in {"_BEAT_SECONDS": 0.05, "_STILL_SECONDS": 0.5, "_LOOK_SECONDS": 0.1}.items():
        monkeypatch.setattr(claim, name, seconds)
    path = root / "made/new.mp4"
    path.parent.mkdir()
    path.write_bytes(b"dead 1")
    with claimed(new, "me") as is_mine:
        assert is_mine
        monkeypatch.setattr(claim, "_STILL_SECONDS", 30.0)
        with claimed(new, "you") as is_yours:
            assert not is_yours
        assert path.read_bytes().startswith(b"me ")
    assert not is_there(new)
    with claimed(new, "me"):
        path.write_bytes(b"you 0")  # who took it over while I slept
        time.sleep(0.3)
    assert path.read_bytes() == b"you 0"


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("{ftp}/new.mp4", "nothing that refuses a name which is taken"),
        ("careless://{root}/new.mp4", "nothing that refuses a name which is taken"),
        ("memory://seg-video/new.mp4", "no rename"),
        ("https://host/new.mp4", "no rename"),
        ("zip://new.mp4::{root}/a.zip", "a chain of addresses"),
    ],
)
def test_a_storage_that_cannot_take_an_output_safely_is_told_with_the_reason(url, words, root, request):
    url = url.format(root=root, ftp=request.getfixturevalue("ftp").url if "{ftp}" in url else "")
    with pytest.raises(UsageError, match="cannot be an output") as told:
        check_takes_outputs(Address(url))
    assert words in str(told.value)
    assert below(root) == set()


def test_a_connection_that_is_lost_is_made_again(sftp, root):
    with ObjectFile(Address(f"{sftp.url}/trips/a.mp4")) as found:
        assert found.read(10) == CONTENT[:10]
        sftp.hang_up()
        found.seek(0)
        assert found.readall() == CONTENT


def test_a_call_that_does_not_come_back_is_made_again_and_one_after_the_other_is_told(root, monkeypatch):
    monkeypatch.setattr(reach, "STALL_SECONDS", 0.2)
    awake = threading.Event()
    address = Address(f"stuck://{root}/trips/a.mp4")
    monkeypatch.setattr(Stuck, "faults", [awake.wait])
    with ObjectFile(address) as found:
        assert found.read(10) == CONTENT[:10]
        monkeypatch.setattr(Stuck, "faults", [awake.wait] * 9)
        found.seek(2000)
        with pytest.raises(MediaError, match="does not answer"):
            found.read(1)
    awake.set()


def test_keys_are_told_by_no_error(sftp, ftp, monkeypatch):
    for name, serving in {"sftp": sftp, "ftp": ftp}.items():
        monkeypatch.setitem(fsspec.config.conf, name, {"password": f"{PASSWORD} of yesterday"})
        with pytest.raises(InputError, match="is refused by its storage") as told:
            look_at(Address(f"{serving.url}/trips/a.mp4"))
        assert PASSWORD not in str(told.value)
    with pytest.raises(UsageError, match="of no kind that is known"):
        look_at(Address("rtsp://camera/1"))


def test_a_package_that_is_missing_is_told():
    fsspec.register_implementation(
        "nowhere", "seg_video_no_package.Storage", errtxt="pip install nowhere", clobber=True
    )
    with pytest.raises(UsageError, match="not installed") as told:
        look_at(Address("nowhere://host/a.mp4"))
    assert "pip install nowhere" in str(told.value)
