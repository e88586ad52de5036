"""Google's and Azure's storages, against servers that speak their dialects; for faults see test_objects.py."""

from __future__ import annotations

import time

import pytest

from pipeline.errors import InputError, UsageError
from pipeline.storage import claim, reach
from pipeline.storage.claim import claimed
from pipeline.storage.listing import objects_below
from pipeline.storage.objects import ObjectFile, is_there, look_at, publish, put_new, remove
from pipeline.structures.address import Address
from tests.storage.dialects import AzureHandler, GoogleHandler
from tests.storage.server import ObjectServer

CONTENT, OTHER = bytes(range(256)) * 20, b"another's"


#: The package that reaches each storage.
PACKAGES = {"gs": "gcsfs", "az": "adlfs"}


@pytest.fixture(params=PACKAGES)
def scheme(request, monkeypatch):
    """What addresses of a storage begin with; the storage is this process."""
    # Read as gcsfs is imported: else it asks Google's own servers of what kind a bucket is.
    monkeypatch.setenv("GCSFS_EXPERIMENTAL_ZB_HNS_SUPPORT", "false")
    pytest.importorskip(PACKAGES[request.param])
    monkeypatch.setattr(reach, "PAUSES", (0.01, 0.02))
    return request.param


@pytest.fixture
def storage(scheme, monkeypatch):
    fsspec = pytest.importorskip("fsspec")
    serving = ObjectServer({"gs": GoogleHandler, "az": AzureHandler}[scheme])
    place = serving.url("")
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", place)
    account = f"AccountName=me;AccountKey=a2V5;BlobEndpoint={place}/me"
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", f"DefaultEndpointsProtocol=http;{account};")
    kind = fsspec.get_filesystem_class(scheme)
    kind.clear_instance_cache()
    yield serving
    kind.clear_instance_cache()
    serving.shutdown()
    serving.server_close()


@pytest.fixture
def new(scheme):
    return Address(f"{scheme}://bucket/made/new.mp4")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(CONTENT)
    return path


PATH = "/bucket/made/new.mp4"


def test_a_file_is_put_under_a_free_name_only_and_read_by_ranges(storage, new, file):
    assert not is_there(new)
    facts = publish(file, new, replace=False)
    assert facts == look_at(new)
    assert facts.size == len(CONTENT)
    assert storage.puts == [(PATH, True)]
    assert publish(file, new, replace=False) == facts  # as where an answer was lost
    with ObjectFile(new) as found:
        found.seek(300)
        assert found.read(10) == CONTENT[300:310]
    file.write_bytes(OTHER)
    with pytest.raises(UsageError, match="created by something else during the run"):
        publish(file, new, replace=False)
    assert storage.objects[PATH] == CONTENT
    assert publish(file, new, replace=True).etag != facts.etag
    assert storage.objects[PATH] == OTHER


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
def test_a_large_file_is_put_as_a_whole_and_under_a_free_name_only(storage, new, file):
    file.write_bytes(CONTENT * 1100)  # more than gcsfs sends by one request
    storage.objects[PATH] = OTHER
    with pytest.raises(UsageError, match="created by something else during the run"):
        publish(file, new, replace=False)
    assert storage.objects.pop(PATH) == OTHER
    publish(file, new, replace=False)
    assert storage.objects[PATH] == CONTENT * 1100


def test_objects_are_listed_a_page_at_a_time_and_removed(storage, scheme, new):
    storage.page = 2
    names = [f"{new.url}.seg-run/work/segment/{number:06d}.{'ab' * 8}" for number in range(5)]
    for name in names:
        put_new(b"1", Address(name))
    put_new(b"2", Address(names[0]))
    below = f"{new.url}.seg-run/work/"
    assert [found.url for found in objects_below(below)] == names
    assert next(objects_below(below)) == (names[0], 1, look_at(Address(names[0])).etag)
    assert storage.objects[f"/{names[0].split('://')[1]}"] == b"1"
    assert not is_there(new)  # what lies below its name is not itself
    remove([Address(name) for name in [*names, f"{scheme}://bucket/none"]])
    assert list(objects_below(below)) == []


def test_one_who_lives_has_a_claim_and_one_who_died_has_it_no_longer(storage, new, monkeypatch):
    for name, seconds in {"_BEAT_SECONDS": 0.02, "_STILL_SECONDS": 0.3, "_LOOK_SECONDS": 0.05}.items():
        monkeypatch.setattr(claim, name, seconds)
    storage.objects[PATH] = b"dead 1"
    with claimed(new, "me") as is_mine:
        assert is_mine
        monkeypatch.setattr(claim, "_STILL_SECONDS", 30.0)
        with claimed(new, "you") as is_yours:
            assert not is_yours
        assert storage.objects[PATH].startswith(b"me ")
    assert not is_there(new)
    with claimed(new, "me"):
        storage.objects[PATH] = b"you 0"  # who took it over while I slept
        time.sleep(0.2)
    assert storage.objects[PATH] == b"you 0"


def test_what_is_refused_is_told_at_once(storage, new):
    storage.put_faults.append(403)
    with pytest.raises(InputError, match="refused by its storage"):
        put_new(b"1", new)
    storage.objects[PATH] = CONTENT
    storage.faults.extend([403] * 4)
    with pytest.raises(InputError, match="refused by its storage"), ObjectFile(new) as found:
        found.read(1)
