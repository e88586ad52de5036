"""Manifests and ledgers that anybody may have written: a SegVideoError or the right result, within a second."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import RunInTheWayError, SegVideoError
from pipeline.record.find_run import request_of
from pipeline.record.ledger import Ledger
from pipeline.record.lock import is_held, run_lock
from pipeline.record.manifest import Manifest
from pipeline.record.status import run_status
from tests.effort import calls_of

LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
VALUES = st.recursive(
    LEAVES | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=5,
)
MANIFEST = {
    "source": {"path": "/a.mp4", "size": 3, "mtime_ns": 4, "sha256": "0" * 64},
    "output": "/out.mp4",
    "settings": {"render": {"conf": 0.5, "classes": ["car"]}, "run": {"workers": 2}, "track": {}},
    "weights": {"model": "m", "sha256": "1", "runtime": "r", "stored": True},
    "class_names": {"1": "person"},
    "fingerprints": {"segment": "s", "track": "t", "render": "r", "mux": "m"},
    "chunks": [[0, 8], [8, 16]],
    "frames": 16,
    "seconds": 0.5,
    "versions": {"python": "3"},
    "format": 2,
}
ENTRY = {"step": "segment", "chunk": 0, "fingerprint": "s:0-8", "size": 1, "sha256": "0", "seconds": 1.0, "at": 2.0,
         "failed": None, "notes": [], "missing": [[1, 2]], "flawed": [], "also": [], "holds": []}  # fmt: skip


def places(value: object, before: tuple = ()) -> list[tuple]:
    """The way to each value within a JSON value."""
    found = [before]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        found += places(inner, (*before, key))
    return found


def with_value(whole: object, place: tuple, value: object) -> object:
    """A copy with something else at one place."""
    if not place:
        return value
    copied = json.loads(json.dumps(whole))
    holder = copied
    for key in place[:-1]:
        holder = holder[key]
    holder[place[-1]] = value
    return copied


def assert_told(folder: Path) -> None:
    """What is in the folder is read, or refused as ours, at once."""

    def read_all() -> None:
        for read in (Manifest.of_run, run_status, request_of):
            with contextlib.suppress(SegVideoError):
                read(folder)

    assert calls_of(read_all) < 100_000


@given(st.sampled_from(places(MANIFEST)), VALUES)
def test_a_manifest_with_anything_anywhere(place, value) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "manifest.json").write_text(json.dumps(with_value(MANIFEST, place, value)))
        (folder / "ledger.jsonl").write_text(json.dumps(ENTRY) + "\n")
        assert_told(folder)


@given(st.sampled_from(places(ENTRY)), VALUES)
def test_a_ledger_with_anything_anywhere_keeps_its_other_lines(place, value) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "manifest.json").write_text(json.dumps(MANIFEST))
        lines = [with_value(ENTRY, place, value), {**ENTRY, "chunk": 1, "fingerprint": "s:8-16"}]
        (folder / "ledger.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
        assert_told(folder)
        assert run_status(folder).segmented >= 8


@given(st.binary(max_size=200))
def test_any_bytes_as_manifest_and_ledger(content) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ledger.jsonl").write_bytes(content)
        (folder / "manifest.json").write_bytes(content)
        assert_told(folder)
        (folder / "manifest.json").write_text(json.dumps(MANIFEST))
        assert run_status(folder).segmented == 0


@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 50_000, "9" * 100_000, '{"format": 2}', "null"])
def test_json_that_is_deep_or_long(tmp_path, content) -> None:
    (tmp_path / "manifest.json").write_text(content)
    (tmp_path / "ledger.jsonl").write_text(content)
    with pytest.raises(RunInTheWayError):
        Manifest.of_run(tmp_path)
    assert Ledger(tmp_path / "ledger.jsonl").entries() == ()


def test_the_manifest_that_these_are_made_of_is_one(tmp_path) -> None:
    (tmp_path / "manifest.json").write_text(json.dumps(MANIFEST))
    assert request_of(tmp_path).settings.render.classes == ("car",)
    assert run_status(tmp_path).state == "stopped"


@pytest.mark.parametrize("name", ["manifest.json", "ledger.jsonl", "lock"])
@pytest.mark.parametrize("kind", ["link", "FIFO", "folder"])
def test_what_is_no_plain_file_is_neither_followed_nor_waited_for(tmp_path, name, kind) -> None:
    victim = tmp_path / "victim"
    victim.write_text(json.dumps(MANIFEST))
    path = tmp_path / name
    if kind == "link":
        path.symlink_to(victim)
    elif kind == "FIFO":
        os.mkfifo(path)
    else:
        path.mkdir()
    if name == "lock":
        assert not is_held(path)
        with pytest.raises(RunInTheWayError), run_lock(path):
            raise AssertionError("it was locked")
    else:
        with pytest.raises(RunInTheWayError):
            Manifest.read(path) if name == "manifest.json" else Ledger(path)
    assert victim.read_text() == json.dumps(MANIFEST)
