"""Metrics of a job on a cluster, for Prometheus to scrape from the driver's node."""

from __future__ import annotations

from pipeline.job.settings import RunSettings
from pipeline.run.pools import LOCAL
from pipeline.run.report.events import (
    Begun,
    ChunkFailed,
    Counts,
    Ended,
    Event,
    Listener,
    Progressed,
    Retried,
    SetAside,
    Skipped,
)
from pipeline.workers.ray_metrics import Metric, RayMetrics

#: Prometheus sees each as ray_NAME, and a counter as ray_NAME_total.
METRICS = {
    "seg_video_videos": Metric("counter", "Videos that ended, by how", ("state",)),
    "seg_video_frames": Metric("counter", "Frames that a pass is through with", ("pass",)),
    "seg_video_chunks": Metric("counter", "Chunks, or films, that a pass is through with", ("pass",)),
    "seg_video_retries": Metric("counter", "Attempts at a chunk that failed and were repeated", ("pass",)),
    "seg_video_failed_chunks": Metric("counter", "Chunks that failed for good", ("pass",)),
    "seg_video_pass_seconds": Metric("counter", "Seconds that workers were busy with a pass", ("pass",)),
    "seg_video_cpu_seconds": Metric("counter", "Seconds of cores, by the pass that told of them", ("pass",)),
    "seg_video_gpu_seconds": Metric("counter", "Seconds of GPUs that were held"),
    "seg_video_bytes_in": Metric("counter", "Bytes fetched from storages"),
    "seg_video_bytes_out": Metric("counter", "Bytes put into storages"),
    "seg_video_frames_left": Metric("gauge", "Frames of the present video that wait to be painted"),
}


class MetricsListener:
    """A listener that updates metrics and passes every event on."""

    def __init__(self, listener: Listener) -> None:
        self._listener, self._metrics = listener, RayMetrics(METRICS)
        self._done = 0

    def tell(self, event: Event) -> None:
        """Take an event."""
        match event:
            case Begun(counts):
                self._follow(counts)
            case Progressed(counts, step):
                self._record("frames", self._follow(counts), step)
                self._record("chunks", 1, step)
                self._record("pass_seconds", event.seconds, step)
                self._record("cpu_seconds", event.spent.cpu_seconds, step)
                self._record("gpu_seconds", event.spent.gpu_seconds)
                self._record("bytes_in", event.spent.bytes_in)
                self._record("bytes_out", event.spent.bytes_out)
            case Retried(step):
                self._record("retries", 1, step)
            case ChunkFailed(step):
                self._record("failed_chunks", 1, step)
            case Ended(state):
                self._metrics.record("seg_video_videos", 1, state=state)
            case Skipped():
                self._metrics.record("seg_video_videos", 1, state="skipped")
            case SetAside():
                self._metrics.record("seg_video_videos", 1, state="failed")
        self._listener.tell(event)

    def _record(self, name: str, value: float, step: str | None = None) -> None:
        self._metrics.record(f"seg_video_{name}", value, **({} if step is None else {"pass": step}))

    def _follow(self, counts: Counts) -> int:
        """Frames done since the previous counts, over all passes; an event belongs to one pass."""
        self._record("frames_left", counts.frames - min(counts.done.values()))
        before, self._done = self._done, sum(counts.done.values())
        return self._done - before


def with_metrics(listener: Listener, settings: RunSettings) -> Listener:
    """The listener, preceded on a cluster by metrics; elsewhere there is no scraper, and Ray may not be installed."""
    return listener if settings.cluster in (None, LOCAL) else MetricsListener(listener)
