from __future__ import annotations

import io
import json

from pipeline.run.events import Begun, Counts, Ended, Progressed, Ready, Redone, Retried
from pipeline.run.reporter import ConsoleReporter, JsonReporter, SilentReporter


def counts(segmented=16, tracked=8, rendered=8):
    return Counts("out.mp4", 40, {"segmented": segmented, "tracked": tracked, "rendered": rendered})


MADE = Ended("made", "out.mp4", {"frames": 40, "seconds": 8.0})


class Terminal(io.StringIO):
    def isatty(self):
        return True


def said(make):
    stream = io.StringIO()
    reporter = make(stream)
    reporter.tell(Begun(counts(), 8))
    reporter.tell(Progressed(counts()))
    reporter.tell(Retried("segment", 3, "a worker died\n  do: this"))
    reporter.tell(Redone(("render", "mux"), ("alpha: 0.4 -> 0.6",)))
    reporter.tell(MADE)
    reporter.close()
    return stream.getvalue()


def test_people_are_told_in_sentences_and_without_a_bar_where_nobody_watches():
    assert said(ConsoleReporter).splitlines() == [
        "going on: what was found in 8 of 40 frames is there",
        "segment of chunk 3 failed; trying again: a worker died do: this",
        "render, mux to be done again; changed: alpha: 0.4 -> 0.6",
        "out.mp4: 40 frames in 8.0 s, 5.0 a second",
    ]


def test_the_bar_counts_painted_frames():
    stream = Terminal()
    reporter = ConsoleReporter(stream)
    reporter.tell(Begun(counts(), 0))
    reporter.tell(Progressed(counts(rendered=32)))
    reporter.tell(MADE)
    assert "32/40" in stream.getvalue()


def test_the_bar_says_what_goes_on_before_it_moves():
    stream = Terminal()
    reporter = ConsoleReporter(stream)
    reporter.tell(Begun(counts(rendered=0), 0))
    assert "starting the network" in stream.getvalue()
    reporter.tell(Ready(counts(rendered=0)))
    assert "looking at the first frames" in stream.getvalue()
    kept = Terminal()
    ConsoleReporter(kept).tell(Begun(counts(), 40))
    assert "starting" not in kept.getvalue()


def test_programs_get_an_object_a_line():
    events = [json.loads(line) for line in said(JsonReporter).splitlines()]
    assert [event["event"] for event in events] == ["begin", "progress", "retry", "redo", "made"]
    assert events[1]["rendered"] == 8
    assert all(event["at"] >= 0 for event in events)


def test_the_silent_one_speaks_of_trouble_alone():
    assert said(SilentReporter).splitlines() == [
        "seg-video: segment of chunk 3 failed; trying again: a worker died do: this"
    ]
