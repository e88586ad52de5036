"""What is shown cannot steer the terminal, and what cannot be shown fails nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli.command import aligned
from pipeline.cli.say import say, unprinted
from pipeline.terminal import one_line, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("bell\x07", "bell\\x07"),
        ("csi\x9b31m", "csi\\x9b31m"),
        ("gpj\u202e.mp4", "gpj\\u202e.mp4"),
        ("byte\udcff", "byte\\xff"),
        ("back\rforth", "back\\x0dforth"),
        ("Straße 駅\ttab\nline", "Straße 駅\ttab\nline"),
    ],
)
def test_control_characters_are_shown_not_sent(text, shown):
    assert printable(text) == shown


def test_a_name_with_a_line_break_makes_no_line_of_its_own():
    assert one_line("a\nseg-video: all is well") == "a seg-video: all is well"
    assert aligned([("done", "a\nb"), ("x", "\x1b[H")]) == ["done  a b", "x     \\x1b[H"]


def test_what_the_terminal_has_no_letter_for_is_escaped(monkeypatch, tmp_path):
    with (tmp_path / "out").open("w", encoding="ascii") as stream:
        monkeypatch.setattr("sys.stdout", stream)
        say("駅")
    assert (tmp_path / "out").read_text() == "\\u99c5\n"


def test_a_full_disk_is_remembered_once(monkeypatch):
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr("sys.stdout", full)
        say("a line")
        say("another")  # goes to nowhere
    error = unprinted()
    assert error is not None
    assert "No space left" in str(error)
    assert unprinted() is None
