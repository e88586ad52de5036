from __future__ import annotations

import io
import tarfile

import pytest

from pipeline.errors import WeightsError
from pipeline.weights.archive import unpack_member

GRAPH = "net/frozen_inference_graph.pb"


def write_archive(path, *members):
    """A .tar.gz of (name, content) files and ready-made TarInfos."""
    with tarfile.open(path, "w:gz") as tar:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                tar.addfile(member)
            else:
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
    return path


def special(name, kind, target=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder


def test_only_the_needed_member_is_unpacked(tmp_path, folder):
    archive = write_archive(
        tmp_path / "net.tar.gz",
        special("net", tarfile.DIRTYPE),
        ("net/model.ckpt.data", b"checkpoint"),
        (GRAPH, b"graph"),
    )
    unpack_member(archive, GRAPH, folder)
    assert [str(path.relative_to(folder)) for path in folder.rglob("*")] == ["net", GRAPH]
    assert (folder / GRAPH).read_bytes() == b"graph"


def test_a_needed_folder_is_unpacked_with_all_below_it(tmp_path, folder):
    archive = write_archive(
        tmp_path / "net.tar.gz",
        ("./net/saved_model/saved_model.pb", b"graph"),
        ("./net/saved_model/variables/variables.index", b"index"),
        ("./net/pipeline.config", b"config"),
    )
    unpack_member(archive, "net/saved_model", folder)
    assert (folder / "net/saved_model/saved_model.pb").read_bytes() == b"graph"
    assert (folder / "net/saved_model/variables/variables.index").read_bytes() == b"index"
    assert not (folder / "net/pipeline.config").exists()


@pytest.mark.parametrize(
    "hostile",
    [
        ("../escaped", b"x"),
        ("net/../../escaped", b"x"),
        ("/tmp/escaped-by-absolute-path", b"x"),
        special("net/link", tarfile.SYMTYPE, "../../escaped"),
        special("net/link", tarfile.LNKTYPE, "../../escaped"),
        special("net/device", tarfile.CHRTYPE),
        special("net/pipe", tarfile.FIFOTYPE),
    ],
    ids=["dotdot", "inner-dotdot", "absolute", "symlink", "hardlink", "device", "pipe"],
)
def test_a_member_that_could_leave_the_folder_is_refused_and_nothing_stays(tmp_path, folder, hostile):
    archive = write_archive(tmp_path / "net.tar.gz", (GRAPH, b"graph"), hostile)
    with pytest.raises(WeightsError, match="not safe to unpack"):
        unpack_member(archive, GRAPH, folder)
    assert list(folder.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cache", "net.tar.gz"]


def test_an_archive_without_the_member_lists_what_it_has(tmp_path, folder):
    archive = write_archive(tmp_path / "net.tar.gz", ("net/other.pb", b"graph"))
    with pytest.raises(WeightsError, match=r"found: net/other\.pb"):
        unpack_member(archive, GRAPH, folder)
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize("keep", [0, 20, -12], ids=["empty", "head", "tail-missing"])
def test_a_damaged_archive_is_refused_and_nothing_stays(tmp_path, folder, keep):
    archive = write_archive(tmp_path / "net.tar.gz", (GRAPH, bytes(range(256)) * 64))
    archive.write_bytes(archive.read_bytes()[:keep])
    with pytest.raises(WeightsError, match="cannot be unpacked"):
        unpack_member(archive, GRAPH, folder)
    assert list(folder.iterdir()) == []


def test_a_folder_in_the_way_is_left_alone(tmp_path, folder):
    archive = write_archive(tmp_path / "net.tar.gz", (GRAPH, b"graph"))
    (folder / "net").mkdir()
    with pytest.raises(WeightsError, match="in the way"):
        unpack_member(archive, GRAPH, folder)


def test_what_a_killed_run_left_is_cleared(tmp_path, folder):
    archive = write_archive(tmp_path / "net.tar.gz", (GRAPH, b"graph"))
    (folder / ".net.unpacking/net").mkdir(parents=True)
    unpack_member(archive, GRAPH, folder)
    assert [path.name for path in folder.iterdir()] == ["net"]
