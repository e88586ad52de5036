from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.errors import UsageError
from pipeline.structures.address import Address, is_address, place_of


def test_an_address_has_the_name_of_its_object():
    address = Address("s3://bucket/trips/drive.one.mp4")
    assert (address.name, address.stem, str(address)) == (
        "drive.one.mp4",
        "drive.one",
        "s3://bucket/trips/drive.one.mp4",
    )


@pytest.mark.parametrize("name", ["s3://b/a.mp4", "gs://b/a.mp4", "az://b/a.mp4", "HTTPS://host/a.mp4"])
def test_storages_are_known_by_what_their_addresses_begin_with(name):
    assert is_address(name)
    assert place_of(name) == Address(name.replace("HTTPS", "https"))


@pytest.mark.parametrize("name", ["a.mp4", "s3/a.mp4", "/s3:/a.mp4", "rtsp://camera/1", "file:///etc/passwd"])
def test_everything_else_is_a_name_of_a_file(name):
    assert not is_address(name)
    assert place_of(name) == Path(name)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://me:secret@host/a.mp4", "a user or a password"),
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
