"""RayMetrics: figures that Ray's node shows to Prometheus beside its own."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Thread
from typing import Any, Literal

#: Ray forgets a gauge that was not set for 20 s (2.60), and a chunk may well take longer: it is set again so often.
_AGAIN_SECONDS = 5.0


@dataclass(frozen=True)
class Metric:
    """A figure. kind : a counter only grows. tags : names of what it is told apart by."""

    kind: Literal["counter", "gauge"]
    description: str
    tags: tuple[str, ...] = ()


class RayMetrics:
    """Figures of this process, which is connected to Ray some time; until then they wait here."""

    def __init__(self, metrics: Mapping[str, Metric]) -> None:
        self._metrics = metrics
        self._known: dict[str, Any] = {}
        self._waiting: list[tuple[str, float, dict[str, str]]] = []
        self._gauges: dict[str, tuple[float, dict[str, str]]] = {}

    def record(self, name: str, value: float, **tags: str) -> None:
        """Add to a counter, or set a gauge."""
        import ray

        self._waiting.append((name, value, tags))
        if ray.is_initialized():
            while self._waiting:
                self._send(*self._waiting.pop(0))

    def _send(self, name: str, value: float, tags: dict[str, str]) -> None:
        from ray.util.metrics import Counter, Gauge

        metric = self._metrics[name]
        if name not in self._known:
            kind = Counter if metric.kind == "counter" else Gauge
            self._known[name] = kind(name, metric.description, metric.tags)
        if metric.kind == "gauge":
            if not self._gauges:
                Thread(target=self._set_again, name="gauges", daemon=True).start()
            self._gauges[name] = value, tags
            self._known[name].set(value, tags)
        elif value:  # Ray refuses nothing
            self._known[name].inc(value, tags)

    def _set_again(self) -> None:
        import ray

        while ray.is_initialized():
            for name, (value, tags) in list(self._gauges.items()):
                self._known[name].set(value, tags)
            time.sleep(_AGAIN_SECONDS)
