from __future__ import annotations

import hashlib
import io
import os
import socket
import stat
import subprocess
import sys
import tarfile

import pytest

from pipeline.errors import WeightsError
from pipeline.weights.cache import WeightsCache
from pipeline.weights.catalog import CatalogEntry, find
from pipeline.weights.fetch import fetch

CONTENT = bytes(range(256)) * 1200  # 307200 bytes


def entry_for(url, **changes):
    known = {
        "name": "toy",
        "title": "a toy",
        "kind": "own",
        "url": url,
        "file_name": "toy.pth",
        "member": None,
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "sha256_prefix": None,
        "size_bytes": len(CONTENT),
        "licence": "Apache-2.0",
        "licence_source": "here",
        "label_map": "dashcam8",
        "box_ap": None,
        "mask_ap": None,
        "ap_source": None,
        "input_size": None,
        "notes": "",
    }
    return CatalogEntry(**{**known, **changes})


def archive_of(**files):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(f"net/{name}.pb")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def archive_entry(url, content, **changes):
    return entry_for(
        url,
        file_name="net.tar.gz",
        member="net/graph.pb",
        sha256=hashlib.sha256(content).hexdigest(),
        size_bytes=len(content),
        **changes,
    )


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


@pytest.fixture
def closed_url():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return f"http://127.0.0.1:{port}/toy.pth"


@pytest.fixture
def toy(publisher):
    publisher.content = CONTENT
    return entry_for(publisher.url("toy.pth"))


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_download_is_checked_and_lies_under_its_published_name(toy, cache):
    path = fetch(toy, cache)
    assert path == cache / "toy.pth"
    assert path.read_bytes() == CONTENT
    assert names(cache) == ["toy.pth", "toy.pth.checked", "toy.pth.lock"]


def test_a_new_cache_is_for_its_owner_alone(toy, cache):
    fetch(toy, cache)
    assert stat.S_IMODE(cache.stat().st_mode) == 0o700


def test_what_was_fetched_is_not_asked_for_again(toy, cache, publisher):
    assert fetch(toy, cache) == fetch(toy, cache)
    assert publisher.asked == [""]


def test_a_transfer_that_breaks_is_continued_where_it_stopped(toy, cache, publisher):
    publisher.break_after = [100_000, 50_000]
    assert fetch(toy, cache).read_bytes() == CONTENT
    assert publisher.asked == ["", "bytes=100000-", "bytes=150000-"]


def test_a_later_call_continues_what_an_earlier_one_left(toy, cache, publisher):
    publisher.break_after = [100_000, 0]
    with pytest.raises(WeightsError, match="after 100000 of 307200 bytes"):
        fetch(toy, cache)
    assert (cache / "toy.pth.part").read_bytes() == CONTENT[:100_000]
    publisher.asked.clear()
    assert fetch(toy, cache).read_bytes() == CONTENT
    assert publisher.asked == ["bytes=100000-"]
    assert names(cache) == ["toy.pth", "toy.pth.checked", "toy.pth.lock"]


def break_off_once(toy, cache, publisher):
    publisher.break_after = [100_000, 0]
    with pytest.raises(WeightsError):
        fetch(toy, cache)
    (cache / "toy.pth.part").write_bytes(b"\0" * 100_000)  # would be seen if it were continued


def test_a_server_that_ignores_ranges_is_read_from_the_start(toy, cache, publisher):
    break_off_once(toy, cache, publisher)
    publisher.honours_range = False
    assert fetch(toy, cache).read_bytes() == CONTENT


@pytest.mark.parametrize("checks_if_range", [True, False])
def test_a_part_of_changed_content_is_not_continued(toy, cache, publisher, checks_if_range):
    break_off_once(toy, cache, publisher)
    publisher.etag, publisher.checks_if_range = '"second"', checks_if_range
    assert fetch(toy, cache).read_bytes() == CONTENT


def test_a_part_of_unmarked_content_is_not_continued(toy, cache, publisher):
    publisher.etag = ""
    break_off_once(toy, cache, publisher)
    assert fetch(toy, cache).read_bytes() == CONTENT


def test_a_part_longer_than_the_content_is_begun_anew(toy, cache, publisher):
    break_off_once(toy, cache, publisher)
    (cache / "toy.pth.part").write_bytes(CONTENT + b"more")
    assert fetch(toy, cache).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sha256": "0" * 64}, f"SHA-256 {hashlib.sha256(CONTENT).hexdigest()}"),
        ({"sha256": None, "sha256_prefix": "00000000"}, "begins with 00000000"),
        ({"size_bytes": 7}, "307200 bytes where 7 bytes should be"),
    ],
    ids=["sha256", "prefix", "size"],
)
def test_content_that_is_not_what_the_catalog_says_is_thrown_away(publisher, cache, changes, message):
    publisher.content = CONTENT
    with pytest.raises(WeightsError, match=message):
        fetch(entry_for(publisher.url("toy.pth"), **changes), cache)
    assert names(cache) == ["toy.pth.lock"]


def test_a_prefix_of_the_digest_is_enough_where_no_more_is_known(publisher, cache):
    publisher.content = CONTENT
    prefix = hashlib.sha256(CONTENT).hexdigest()[:8]
    entry = entry_for(publisher.url("toy.pth"), sha256=None, sha256_prefix=prefix)
    assert fetch(entry, cache).read_bytes() == CONTENT


def test_without_a_network_the_error_names_file_address_and_folder(closed_url, cache):
    with pytest.raises(WeightsError) as caught:
        fetch(entry_for(closed_url), cache)
    assert "toy.pth for 'toy' cannot be downloaded" in caught.value.what
    assert "refused" in caught.value.found
    assert closed_url in caught.value.do
    assert str(cache) in caught.value.do


def test_a_missing_file_is_told_apart_from_a_missing_network(toy, cache, publisher):
    publisher.status = 404
    with pytest.raises(WeightsError, match="the server answered 404 Not Found"):
        fetch(toy, cache)
    assert publisher.asked == [""]


def test_a_file_put_there_by_hand_is_checked_and_used(closed_url, cache):
    cache.mkdir()
    (cache / "toy.pth").write_bytes(CONTENT)
    assert fetch(entry_for(closed_url), cache) == cache / "toy.pth"


def test_a_wrong_file_put_there_by_hand_is_refused_and_left_there(closed_url, cache):
    cache.mkdir()
    (cache / "toy.pth").write_bytes(CONTENT[:-1] + b"?")
    with pytest.raises(WeightsError, match=r"toy\.pth is not the file that 'toy' stands for"):
        fetch(entry_for(closed_url), cache)
    assert (cache / "toy.pth").exists()


def test_a_file_that_changed_after_it_was_fetched_is_hashed_again(toy, cache):
    path = fetch(toy, cache)
    status = path.stat()
    path.write_bytes(CONTENT[:-1] + b"?")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1))
    with pytest.raises(WeightsError, match="SHA-256"):
        fetch(toy, cache)


def test_a_catalog_that_learned_another_digest_does_not_trust_the_old_note(toy, cache, publisher):
    fetch(toy, cache)
    with pytest.raises(WeightsError, match="begins with 00000000"):
        fetch(entry_for(toy.url, sha256=None, sha256_prefix="00000000"), cache)


def test_an_archive_is_unpacked_and_not_kept_twice(publisher, cache):
    publisher.content = archive_of(graph=b"graph", other=b"checkpoint")
    entry = archive_entry(publisher.url("net.tar.gz"), publisher.content)
    path = fetch(entry, cache)
    assert path == cache / "net/graph.pb"
    assert path.read_bytes() == b"graph"
    assert names(cache) == ["net", "net.tar.gz.lock"]
    assert fetch(entry, cache) == path
    assert publisher.asked == [""]


def test_an_archive_put_there_by_hand_is_checked_unpacked_and_left_there(closed_url, cache):
    cache.mkdir()
    content = archive_of(graph=b"graph")
    (cache / "net.tar.gz").write_bytes(content)
    path = fetch(archive_entry(closed_url, content), cache)
    assert path.read_bytes() == b"graph"
    assert (cache / "net.tar.gz").exists()


def test_a_wrong_archive_put_there_by_hand_is_refused_and_left_there(closed_url, cache):
    cache.mkdir()
    (cache / "net.tar.gz").write_bytes(archive_of(graph=b"other"))
    entry = archive_entry(closed_url, archive_of(graph=b"graph"))
    with pytest.raises(WeightsError, match=r"net\.tar\.gz is not the file that 'toy' stands for"):
        fetch(entry, cache)
    assert names(cache) == ["net.tar.gz", "net.tar.gz.lock"]


def test_an_archive_unpacked_there_by_hand_is_used(closed_url, cache):
    (cache / "net").mkdir(parents=True)
    (cache / "net/graph.pb").write_bytes(b"graph")
    assert fetch(archive_entry(closed_url, b""), cache) == cache / "net/graph.pb"


def test_a_saved_model_is_there_when_its_graph_is(closed_url, cache):
    entry = archive_entry(closed_url, b"", kind="tf2_saved_model")
    entry = CatalogEntry(**{**vars(entry), "member": "net/saved_model"})
    folder = cache / "net/saved_model"
    folder.mkdir(parents=True)
    with pytest.raises(WeightsError, match="cannot be downloaded"):
        fetch(entry, cache)
    (folder / "saved_model.pb").write_bytes(b"graph")
    assert fetch(entry, cache) == folder


def test_of_two_processes_one_fetches(toy, cache, publisher):
    publisher.pause = 1.0  # long enough for the second to come while the first is at it
    script = (
        "import sys, pathlib; from pipeline.weights.catalog import CatalogEntry;"
        "from pipeline.weights.fetch import fetch;"
        f"fetch(CatalogEntry(**{vars(toy)!r}), pathlib.Path(sys.argv[1]))"
    )
    command = [sys.executable, "-c", script, str(cache)]
    processes = [subprocess.Popen(command) for _ in range(2)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    assert publisher.asked == [""]


@pytest.mark.parametrize("is_terminal", [True, False])
def test_progress_is_drawn_on_a_terminal_and_nowhere_else(toy, cache, capsys, monkeypatch, is_terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: is_terminal)
    fetch(toy, cache)
    output = capsys.readouterr()
    assert output.out == ""
    assert ("toy.pth: 100%" in output.err) == is_terminal
    assert is_terminal or not output.err


def test_a_cache_that_cannot_be_made_names_the_variable_to_set(toy, tmp_path):
    blocker = tmp_path / "file"
    blocker.write_text("not a folder")
    with pytest.raises(WeightsError, match="SEG_VIDEO_CACHE"):
        fetch(toy, blocker / "cache")


def test_the_cache_folder_comes_from_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("SEG_VIDEO_CACHE", str(tmp_path / "mine"))
    assert WeightsCache.at().folder == tmp_path / "mine"
    monkeypatch.delenv("SEG_VIDEO_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    assert WeightsCache.at().folder == tmp_path / "user/seg-video"


def test_a_file_of_the_wrong_size_does_not_count_as_held(closed_url, cache):
    store, entry = WeightsCache.at(cache), entry_for(closed_url)
    cache.mkdir()
    assert not store.holds(entry)
    (cache / "toy.pth").write_bytes(CONTENT[:-1])
    assert not store.holds(entry)
    (cache / "toy.pth").write_bytes(CONTENT)
    assert store.holds(entry)


def test_embedded_weights_that_are_not_there_yet_are_one_clear_error(cache, tmp_path, monkeypatch):
    entry = find("dashcam-lite")
    monkeypatch.setattr("pipeline.weights.catalog.DATA", tmp_path)
    with pytest.raises(WeightsError, match="'dashcam-lite' are not part of this version"):
        fetch(entry, cache)
    (tmp_path / "dashcam-lite.safetensors").write_bytes(b"weights")
    assert fetch(entry, cache) == tmp_path / "dashcam-lite.safetensors"
