"""Objects read by ranges from a server on this machine, which fails in the ways in which storages do."""

from __future__ import annotations

import random
import sys

import pytest

from pipeline.errors import InputError, MediaError, UsageError
from pipeline.record.source_identity import SourceIdentity
from pipeline.storage import objects, reach
from pipeline.storage.objects import ObjectFile, is_there, look_at, publish
from pipeline.structures.address import Address
from tests.storage.writers import publish_at_once

CONTENT = random.Random(1).randbytes(5000)


@pytest.fixture
def stored(server, monkeypatch):
    """The address of an object of five blocks."""
    monkeypatch.setattr(objects, "_BLOCK_BYTES", 1000)
    server.objects["/a.bin"] = CONTENT
    return Address(server.url("/a.bin"))


def test_only_the_ranges_that_are_read_are_fetched(server, stored):
    with ObjectFile(stored) as file:
        assert file.seek(-10, 2) == 4990
        assert file.read(100) == CONTENT[-10:]
        assert file.read(1) == b""
        file.seek(1500)
        assert (file.read(10), file.tell()) == (CONTENT[1500:1510], 1510)
        file.seek(-5, 1)
        assert file.read(3) == CONTENT[1505:1508]
    assert server.reads == [(4000, 5000), (1000, 2000)]


def test_blocks_that_were_not_used_for_long_go(server, stored, monkeypatch):
    monkeypatch.setattr(objects, "_BLOCKS", 2)
    with ObjectFile(stored) as file:
        assert file.readall() == CONTENT
        file.seek(0)
        file.read(1)
    assert server.reads.count((0, 1000)) == 2


@pytest.mark.parametrize("fault", [500, 503, 429, "reset", "slow", "cut"])
def test_a_read_that_fails_is_made_again(server, stored, fault):
    with ObjectFile(stored) as file:
        server.faults.extend([fault, fault])
        assert file.readall() == CONTENT


def test_a_storage_that_does_not_answer_any_more_is_told_and_never_taken_for_the_end(server, stored):
    with ObjectFile(stored) as file:
        server.faults.extend([503] * 9)
        with pytest.raises(MediaError, match="storage does not answer"):
            file.read(1)
        assert file.failure is not None
    assert len(server.faults) == 9 - 4


@pytest.mark.parametrize(
    ("fault", "words"),
    [("whole", "cannot be read in parts"), (403, "is refused by its storage"), (404, "not there")],
)
def test_what_another_try_cannot_mend_is_told_at_once(server, stored, fault, words):
    with ObjectFile(stored) as file:
        server.faults.extend([fault, None])
        with pytest.raises(InputError, match=words):
            file.read(1)
    assert len(server.faults) == 1


@pytest.mark.parametrize(("status", "kind"), [(403, InputError), (500, MediaError)])
def test_keys_of_an_address_that_a_server_sent_us_on_to_are_not_told(server, monkeypatch, status, kind):
    monkeypatch.setattr(reach, "PAUSES", ())

    def fail(_):
        signed = "https://me:KEY@cdn/x.mp4?X-Amz-Signature=KEY&v=1"
        error = OSError(f"{status}, message='Refused', url='{signed}' of x")
        error.status = status
        raise error

    with pytest.raises(kind, match=r"url='https://cdn/x\.mp4' of x") as told:
        reach.asked(Address(server.url("/x.mp4")), fail)
    assert "KEY" not in str(told.value)


def test_an_object_that_is_not_there_is_told(server):
    with pytest.raises(InputError, match="not there"):
        look_at(Address(server.url("/none.mp4")))


def test_a_place_where_nobody_answers_is_not_told_to_be_an_empty_one(server):
    address = Address(server.url("/a.mp4"))
    server.shutdown()
    server.server_close()
    with pytest.raises(MediaError, match="storage does not answer") as told:
        look_at(address)
    assert "Cannot connect to host 127.0.0.1" in str(told.value)  # and not that the file is missing


def test_an_object_is_known_by_its_content_and_read_again_only_where_its_tag_is_another(server, stored):
    first = SourceIdentity.of(stored)
    assert (first.size, first.path) == (5000, stored.url)
    read = len(server.reads)
    assert SourceIdentity.of(stored, first) == first
    first.check()
    assert len(server.reads) == read
    server.objects["/a.bin"] = CONTENT[::-1]
    with pytest.raises(InputError, match="was changed"):
        first.check()


def test_a_package_that_is_missing_is_told_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(UsageError, match=r"pip install -e '\.\[remote\]' in a checkout"):
        look_at(Address("https://host/a.mp4"))
    with pytest.raises(UsageError, match=r"pip install -e '\.\[remote\]' gcsfs in a checkout"):
        look_at(Address("gs://bucket/a.mp4"))


NEW = Address("s3://bucket/new.mp4")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


def test_a_file_is_put_under_a_free_name_only_and_by_one_request(s3, file):
    assert not is_there(NEW)
    facts = publish(file, NEW, replace=False)
    assert facts == look_at(NEW)
    assert s3.objects["/bucket/new.mp4"] == CONTENT
    assert s3.puts == [("/bucket/new.mp4", True)]


def test_an_object_that_is_there_stays_unless_it_is_to_be_replaced(s3, file):
    s3.objects["/bucket/new.mp4"] = b"another's"
    with pytest.raises(UsageError, match="created by something else during the run"):
        publish(file, NEW, replace=False)
    assert s3.objects["/bucket/new.mp4"] == b"another's"
    publish(file, NEW, replace=True)
    assert s3.objects["/bucket/new.mp4"] == CONTENT


@pytest.mark.parametrize("fault", [503, 500, "lost answer"])
def test_a_write_that_fails_is_made_again_also_where_only_the_answer_was_lost(s3, file, fault):
    s3.put_faults.append(fault)
    publish(file, NEW, replace=False)
    assert s3.objects["/bucket/new.mp4"] == CONTENT


def test_of_two_writers_at_once_one_is_told_and_nothing_is_mixed(s3, tmp_path):
    contents = [bytes([number]) * 3000 for number in range(4)]
    (first,) = publish_at_once(tmp_path, NEW, contents)
    assert s3.objects["/bucket/new.mp4"] == contents[first]
