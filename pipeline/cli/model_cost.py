"""The cost of a network before it was ever run here: what is to be fetched, and a guess at its speed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.weights.cache import WeightsCache
from pipeline.weights.catalog import find

#: Bytes of weights that take as long as dashcam-lite. Networks of the catalog take longer about as their weights grow.
_LITE_BYTES = 10e6


@dataclass(frozen=True)
class ModelCost:
    """factor : times the time of dashcam-lite, a guess. download_mb : what a run would fetch first."""

    factor: float
    download_mb: float


def model_cost(model: str) -> ModelCost:
    """The cost of a name of the catalog or a file of weights; of what is neither, as the run will say, none."""
    path = Path(model)
    if path.is_file():
        return ModelCost(max(path.stat().st_size / _LITE_BYTES, 1.0), 0.0)
    try:
        entry = find(model)
    except UsageError:
        return ModelCost(1.0, 0.0)
    size = entry.size_bytes or 0
    return ModelCost(max(size / _LITE_BYTES, 1.0), 0.0 if WeightsCache.at().holds(entry) else size / 1e6)
