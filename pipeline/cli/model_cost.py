"""The cost of a network that has not run here yet: its download, and a guess at its speed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.weights.cache import WeightsCache
from pipeline.weights.catalog import find

#: Weights up to this size are taken to run as fast as dashcam-lite; time grows roughly in proportion beyond it.
_LITE_BYTES = 10e6


@dataclass(frozen=True)
class ModelCost:
    """factor : estimated time relative to dashcam-lite. download_mb : what a run would fetch first."""

    factor: float
    download_mb: float


def model_cost(model: str) -> ModelCost:
    """The cost of a name of the catalog or a file of weights; none for anything else, which the run refuses."""
    path = Path(model)
    if path.is_file():
        return ModelCost(max(path.stat().st_size / _LITE_BYTES, 1.0), 0.0)
    try:
        entry = find(model)
    except UsageError:
        return ModelCost(1.0, 0.0)
    size = entry.size_bytes or 0
    return ModelCost(max(size / _LITE_BYTES, 1.0), 0.0 if WeightsCache.at().holds(entry) else size / 1e6)
