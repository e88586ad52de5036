"""Claims: of those who ask for one, one has it, and one that died has it no longer."""

from __future__ import annotations

import threading
import time

import pytest

from pipeline.storage import claim
from pipeline.storage.claim import claimed
from pipeline.structures.address import Address
from tests.storage.conftest import s3 as s3
from tests.storage.conftest import server as server

CLAIM, OBJECT = Address("s3://bucket/out.mp4.seg-run/claim"), "/bucket/out.mp4.seg-run/claim"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(claim, "_BEAT_SECONDS", 0.02)
    monkeypatch.setattr(claim, "_STILL_SECONDS", 0.3)
    monkeypatch.setattr(claim, "_LOOK_SECONDS", 0.05)


def leave(s3, owner):
    """A claim that nobody writes again."""
    s3.objects[OBJECT] = f"{owner} 0".encode()


def test_it_is_there_while_it_is_held(s3):
    with claimed(CLAIM, "me") as is_mine:
        assert is_mine
        assert s3.objects[OBJECT].startswith(b"me ")
    assert OBJECT not in s3.objects


def test_while_its_holder_lives_nobody_else_has_it(s3, monkeypatch):
    monkeypatch.setattr(claim, "_STILL_SECONDS", 30.0)
    with claimed(CLAIM, "me"):
        s3.put_faults.extend([503, None, "lost answer"])
        with claimed(CLAIM, "you") as is_yours:
            assert not is_yours
        time.sleep(0.1)
        assert s3.objects[OBJECT].startswith(b"me ")
    assert OBJECT not in s3.objects


def test_of_a_holder_that_died_it_is_taken_over(s3):
    leave(s3, "dead")
    began = time.monotonic()
    with claimed(CLAIM, "me") as is_mine:
        assert is_mine
        assert time.monotonic() - began > 0.3
    leave(s3, "me")
    with claimed(CLAIM, "me") as is_mine:  # of my own that died I need not wait
        assert is_mine


def test_one_that_was_taken_over_is_not_removed_by_who_had_it_before(s3):
    with claimed(CLAIM, "me"):
        leave(s3, "you")
        time.sleep(0.2)
    assert s3.objects[OBJECT] == b"you 0"


def test_of_several_at_once_one_has_it(s3):
    leave(s3, "dead")
    had, together = [], threading.Barrier(4)

    def ask(name):
        together.wait()
        with claimed(CLAIM, name) as is_ours:
            had.append(is_ours)
            time.sleep(1)

    asking = [threading.Thread(target=ask, args=(f"n{number}",)) for number in range(4)]
    for one in asking:
        one.start()
    for one in asking:
        one.join()
    assert had.count(True) == 1
