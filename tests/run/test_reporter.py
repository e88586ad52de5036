from __future__ import annotations

import io
import json
import time

import pytest

from pipeline.run.report.events import (
    Begun,
    Counts,
    Ended,
    PassStarted,
    Progressed,
    Ready,
    Redone,
    Retried,
    StopAsked,
    VideoFacts,
    Warned,
)
from pipeline.run.report.reporter import ConsoleReporter, JsonReporter, SilentReporter
from pipeline.run.report.sentences import sentence
from pipeline.run.stopping import StopSignal


def counts(segmented=16, tracked=8, rendered=8):
    return Counts("out.mp4", 40, {"segmented": segmented, "tracked": tracked, "rendered": rendered})


FACTS = VideoFacts(40, 1, 1280, 720, "00", "a runtime", seconds=8.0, frames_per_second=5.0)
MADE = Ended("made", "out.mp4", FACTS)


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self):
        return True


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def watched():
    """A reporter on a terminal, its stream and its clock; the thread is ended, so that the test ticks by hand."""
    stream, clock = Terminal(), Clock()
    stop = StopSignal()
    reporter = ConsoleReporter(stream, stop, now=clock)
    reporter.close()
    return reporter, stream, clock, stop


def last(stream):
    return stream.getvalue().split("\r")[-1].strip()


def said(make, kept=8):
    stream = io.StringIO()
    reporter = make(stream)
    reporter.tell(Begun(counts(), kept))
    reporter.tell(Progressed(counts(), "render"))
    reporter.tell(Retried("segment", 3, "a worker died\n  do: this"))
    reporter.tell(Redone(("render", "mux"), ("alpha: 0.4 -> 0.6",)))
    reporter.tell(MADE)
    reporter.close()
    return stream.getvalue()


def test_people_are_told_in_sentences_and_without_a_bar_where_nobody_watches():
    assert said(ConsoleReporter).splitlines() == [
        "continuing: 8 of 40 frames have their detections",
        "segment of chunk 3 failed; trying again: a worker died do: this",
        "redoing render, mux; changed: alpha: 0.4 -> 0.6",
        "out.mp4: 40 frames in 8.0 s, 8 of them found before, 5.0 frames/s",
    ]
    assert said(ConsoleReporter, kept=0).splitlines()[-1] == "out.mp4: 40 frames in 8.0 s, 5.0 frames/s"


def test_what_another_release_made_is_said_to_be_why_it_is_made_again():
    assert sentence(Redone(("render",), ())) == "redoing render; this release makes it in another way"


def test_the_bar_says_how_far_how_fast_how_long_and_what_goes_on(watched):
    reporter, stream, clock, _ = watched
    reporter.tell(Begun(counts(0, 0, 0), 0))
    assert "starting the network" in last(stream)
    clock.now += 3.0
    reporter.tick()
    assert last(stream) == "░░░░░░░░░░ 0%, 0:03 so far, 0 of 40 painted, starting the network"
    reporter.tell(Ready(counts(0, 0, 0)))
    assert "finding objects" in last(stream)
    clock.now += 2.0
    reporter.tell(Progressed(counts(20, 20, 20), "render"))
    assert last(stream) == "█████░░░░░ 50%, 0:02 left, 10.0 frames/s, 20 of 40 painted, finding objects"
    reporter.tell(PassStarted("mux"))
    assert "writing the file" in last(stream)
    reporter.tell(MADE)
    assert stream.getvalue().endswith("out.mp4: 40 frames in 8.0 s, 5.0 frames/s\n")


def test_the_bar_moves_while_no_chunk_ends(watched):
    reporter, stream, clock, _ = watched
    reporter.tell(Begun(counts(0, 0, 0), 0))
    clock.now += 2.0
    reporter.tell(Progressed(counts(10, 10, 10), "render"))
    before = last(stream)
    clock.now += 1.0
    reporter.tick()
    assert last(stream) != before
    assert " 37%" in last(stream)


def test_on_resume_the_bar_begins_where_the_run_is(watched):
    reporter, stream, _, _ = watched
    reporter.tell(Begun(counts(30, 30, 30), 30))
    assert "75%" in last(stream)


def test_a_line_now_and_then_where_nobody_watches():
    stream, clock = io.StringIO(), Clock()
    reporter = ConsoleReporter(stream, now=clock)
    reporter.close()
    reporter.tell(Begun(counts(0, 0, 0), 0))
    clock.now += 29.0
    reporter.tick()
    assert stream.getvalue() == ""
    clock.now += 2.0
    reporter.tell(Progressed(counts(20, 20, 20), "render"))
    reporter.tick()
    reporter.tick()
    (line,) = stream.getvalue().splitlines()
    assert line.startswith("50%, 0:31 left, 0.6 frames/s, 20 of 40 painted")


def test_ctrl_c_is_answered_at_once_and_once(watched):
    reporter, stream, clock, stop = watched
    reporter.tell(Begun(counts(0, 0, 0), 0))
    clock.now += 2.0
    reporter.tell(Progressed(counts(10, 10, 10), "render"))
    stop.asked = True
    reporter.tick()
    reporter.tick()
    reporter.tell(StopAsked(2))
    answers = [line for line in stream.getvalue().replace("\r", "\n").splitlines() if "again to stop" in line]
    assert answers == ["finishing the chunks in flight, about 2 s; press Ctrl-C again to stop now"]


def test_the_thread_answers_while_the_run_is_busy():
    stream, stop = Terminal(), StopSignal()
    reporter = ConsoleReporter(stream, stop)
    reporter.tell(Begun(counts(0, 0, 0), 0))
    stop.asked = True
    deadline = time.monotonic() + 5
    while "again to stop now" not in stream.getvalue() and time.monotonic() < deadline:
        time.sleep(0.02)
    reporter.close()
    assert "again to stop now" in stream.getvalue()


@pytest.mark.parametrize("make", [ConsoleReporter, SilentReporter, JsonReporter])
def test_a_stream_that_is_full_or_closed_fails_nothing(make):
    reporter = make(Full())
    reporter.tell(Begun(counts(), 8))
    reporter.tell(Warned("odd"))
    reporter.tell(MADE)
    reporter.close()


class Full(io.StringIO):
    def write(self, text):
        raise OSError(28, "No space left on device")


def test_names_cannot_steer_the_terminal(watched):
    reporter, stream, _, _ = watched
    reporter.tell(Warned("a\x1b[2Jb"))
    reporter.tell(Ended("kept", "out\x1b]0;title\x07.mp4", FACTS))
    assert "\x1b" not in stream.getvalue()
    assert "a\\x1b[2Jb" in stream.getvalue()


def test_programs_get_an_object_a_line():
    events = [json.loads(line) for line in said(JsonReporter).splitlines()]
    assert [event["event"] for event in events] == ["begin", "progress", "retry", "redo", "made"]
    assert events[1]["rendered"] == 8
    assert all(event["at"] >= 0 for event in events)


def test_the_silent_one_speaks_of_trouble_alone():
    assert said(SilentReporter).splitlines() == [
        "seg-video: segment of chunk 3 failed; trying again: a worker died do: this"
    ]
