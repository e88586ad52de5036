from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.structures.address import Address, is_address, links_of, place_of


def test_an_address_has_the_name_of_its_object():
    address = Address("s3://bucket/trips/drive.one.mp4")
    assert (address.name, address.stem, str(address)) == (
        "drive.one.mp4",
        "drive.one",
        "s3://bucket/trips/drive.one.mp4",
    )


@pytest.mark.parametrize(
    "name",
    [
        *("s3://b/a.mp4", "gs://b/a.mp4", "az://b/a.mp4", "HTTPS://host/a.mp4"),
        *("SFTP://me@host:2222/a.mp4", "ftp://host/a.mp4", "hdfs:///a.mp4", "rtsp://camera/1"),
        *("github://org:repo@main/a.mp4", "memory://a.mp4", "abfs://box@account.host/a.mp4"),
    ],
)
def test_storages_are_known_by_what_their_addresses_begin_with(name):
    assert is_address(name)
    assert place_of(name) == Address(name.replace("HTTPS", "https").replace("SFTP", "sftp"))


@pytest.mark.parametrize("name", ["a.mp4", "s3/a.mp4", "/s3:/a.mp4", "c://a", "zip::a.mp4"])
def test_everything_else_is_a_name_of_a_file(name):
    assert not is_address(name)
    assert place_of(name) == Path(name)


@pytest.mark.parametrize(
    "name", ["file:///etc/a b%20.mp4", "FILE://localhost/etc/a b%20.mp4", "local:///etc/a b%20.mp4"]
)
def test_a_file_that_is_named_by_an_address_is_a_file(name):
    assert not is_address(name)
    assert place_of(name) == Path("/etc/a b%20.mp4")


@pytest.mark.parametrize(
    ("url", "links"),
    [
        ("zip://one/a.mp4::s3://b/x.zip", ["zip://one/a.mp4", "s3://b/x.zip"]),
        ("simplecache::s3://b/a.mp4", ["simplecache://", "s3://b/a.mp4"]),
        ("zip://a.mp4::/x.zip", ["zip://a.mp4", "file:///x.zip"]),
        ("http://[::1]:80/a.mp4", ["http://[::1]:80/a.mp4"]),
    ],
)
def test_an_address_may_be_a_chain(url, links):
    assert is_address(url)
    assert links_of(url) == links
    assert place_of(url).name == "a.mp4"
    assert links_of(str(place_of(url))) == links


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://me:secret@host/a.mp4", "a user or a password"),
        ("https://secret@host/a.mp4", "a user or a password"),
        ("ftp://me:secret@host/a.mp4", "a user or a password"),
        ("zip://a.mp4::sftp://me:secret@host/a.zip", "a user or a password"),
        ("zip://a.mp4::https://host/a.zip?key=secret", "a query"),
        ("reference://a.mp4::https://host/secret.json", "runs what its file says"),
        ("https://host/a.mp4?X-Amz-Signature=secret", "a query"),
        ("s3://bucket/a.mp4?X-Amz-Signature=secret", "a query"),
        ("az://store/a.mp4?sv=2024&sig=secret", "a query"),
        ("http://[::1/a.mp4", "no address"),
        ("s3://bucket", "no object"),
        ("s3://bucket/folder/", "no object"),
    ],
)
def test_what_would_give_a_key_away_or_names_no_object_is_refused(url, words):
    with pytest.raises(UsageError, match=words) as told:
        place_of(url)
    assert "secret" not in str(told.value)
