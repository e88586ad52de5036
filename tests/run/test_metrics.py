"""What Prometheus is told of a job; that it can be read from a node is shown by test_hand_over.py."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from pipeline.job.settings import Settings
from pipeline.record.spent import NOTHING, Spent
from pipeline.run.report import metrics
from pipeline.run.report.bill import Bill
from pipeline.run.report.events import (
    Begun,
    ChunkFailed,
    Counts,
    Ended,
    Progressed,
    Retried,
    SetAside,
    Skipped,
    VideoFacts,
)
from pipeline.run.report.metrics import METRICS, MetricsListener, with_metrics
from pipeline.run.report.sentences import sentence
from pipeline.run.work.meter import Meter
from pipeline.storage.traffic import TRAFFIC

#: Two chunks of eight frames, one of them known before; the work of the other is tried twice.
EVENTS = (
    Begun(Counts("a.mp4", 16, {"segmented": 8, "rendered": 0}), 8),
    Retried("segment", 1, "a worker died"),
    Progressed(
        Counts("a.mp4", 16, {"segmented": 16, "rendered": 0}), "segment", 3.0, Spent(6.0, 4.0, 500, 0)
    ),
    Progressed(Counts("a.mp4", 16, {"segmented": 16, "rendered": 8}), "render", 2.0, Spent(2.5)),
    ChunkFailed("render", 1, "the disk is full"),
    Progressed(Counts("a.mp4", 16, {"segmented": 16, "rendered": 8}), "mux", 1.0, Spent(0.5, 0.0, 0, 70)),
    Ended("made", "a.mp4", VideoFacts(16, 2, 96, 64, "00", "a runtime", video_seconds=1.8)),
    Skipped("b.mp4"),
    SetAside("c.mp4", "no video"),
)


class Heard:
    def __init__(self):
        self.events = []

    def tell(self, event):
        self.events.append(event)


@pytest.fixture
def figures(monkeypatch):
    """The last values of gauges, and the sums of counters, that Ray is given."""
    found = {}

    class Recorded:
        def __init__(self, known):
            self._known = known

        def record(self, name, value, **tags):
            assert set(tags) == set(self._known[name].tags)
            key = " ".join((name, *tags.values()))
            found[key] = value if self._known[name].kind == "gauge" else found.get(key, 0) + value

    monkeypatch.setattr(metrics, "RayMetrics", Recorded)
    return found


def test_a_job_becomes_figures(figures):
    heard = Heard()
    listener = MetricsListener(heard)
    for event in EVENTS:
        listener.tell(event)
    assert heard.events == list(EVENTS)
    assert {name.removeprefix("seg_video_"): value for name, value in figures.items()} == {
        **{"frames segment": 8, "frames render": 8, "frames mux": 0, "frames_left": 8},
        **{"chunks segment": 1, "chunks render": 1, "chunks mux": 1},
        **{"retries segment": 1, "failed_chunks render": 1},
        **{"pass_seconds segment": 3.0, "pass_seconds render": 2.0, "pass_seconds mux": 1.0},
        **{"cpu_seconds segment": 6.0, "cpu_seconds render": 2.5, "cpu_seconds mux": 0.5},
        **{"gpu_seconds": 4.0, "bytes_in": 500, "bytes_out": 70},
        **{"videos made": 1, "videos skipped": 1, "videos failed": 1},
    }
    assert {key.split()[0] for key in figures} == set(METRICS)


def test_a_job_elsewhere_than_on_a_cluster_is_not_counted():
    heard, alone = Heard(), Settings().run
    for settings in (alone, replace(alone, cluster="local")):
        assert with_metrics(heard, settings) is heard
    assert isinstance(with_metrics(heard, replace(alone, cluster="head:1")), MetricsListener)


def test_the_dashboard_shows_each_figure_and_no_other(repo_root):
    dashboard = json.loads((repo_root / "docs" / "seg_video_dashboard.json").read_text())
    asked = " ".join(target["expr"] for panel in dashboard["panels"] for target in panel["targets"])
    named = {f"ray_{name}_total" if one.kind == "counter" else f"ray_{name}" for name, one in METRICS.items()}
    assert set(re.findall(r"\bray_\w+", asked)) == named
    # Prometheus sees a driver's counter first when it counts already, and `increase` leaves that out.
    assert "increase" not in asked
    tags = {tag for one in METRICS.values() for tag in one.tags}
    assert {tag for by in re.findall(r"by \((.*?)\)", asked) for tag in by.split(", ")} == tags


def test_a_bill_is_the_sum_of_all_that_was_told_and_of_the_rest(monkeypatch):
    monkeypatch.setattr("pipeline.run.report.bill.METER", meter := Meter())
    meter.restart()
    bill = Bill(Heard())
    for event in EVENTS:
        bill.tell(event)
    facts = VideoFacts(16, 2, 96, 64, "00", "a runtime", spent_before=Spent(bytes_in=9_000_000))
    bill.tell(Ended("made", "d.mp4", facts))
    total = bill.total()
    assert total.spent.cpu_seconds == pytest.approx(9.0, abs=0.5)
    assert replace(total.spent, cpu_seconds=9.0) == Spent(9.0, 4.0, 500, 70)
    assert (total.videos, total.video_seconds) == (2, 1.8)
    assert sentence(replace(total, spent=replace(total.spent, cpu_seconds=9.0))) == (
        "spent: 0.0025 core hours, 0.00111 GPU hours, 0.0005 MB read, 7e-05 MB written; "
        "by earlier jobs on the same videos: 9 MB read; "
        "for an hour of video: 5 core hours, 2.22 GPU hours, 18000 MB read, 0.14 MB written"
    )
    assert sentence(replace(total, videos=1, spent=Spent(9.0))) == ""


def test_a_meter_tells_each_second_and_byte_once():
    meter = Meter()
    assert meter.take().cpu_seconds > 0  # the process's whole life so far
    meter.restart()
    TRAFFIC.add(fetched=100, put=7)
    sum(range(300_000))
    pieces = [meter.take(gpus=0.5), meter.take(gpus=0.5)]
    assert pieces[0].cpu_seconds > pieces[1].cpu_seconds
    assert (pieces[0].bytes_in, pieces[0].bytes_out) == (100, 7)
    assert (pieces[1].bytes_in, pieces[1].bytes_out) == (0, 0)
    assert pieces[0].gpu_seconds >= 0.25 * pieces[0].cpu_seconds > 0
    assert meter.take().gpu_seconds == 0
    assert NOTHING + pieces[0] == pieces[0]
