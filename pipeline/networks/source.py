"""NetworkSource: a network before it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.weights.cache import WeightsCache
from pipeline.weights.catalog import CatalogEntry


@dataclass(frozen=True)
class NetworkSource:
    """The source of a network and the module that loads it; can be sent to another process.

    model : as it was given: a name of the catalog or a path.
    kind : name of its kind.
    loader : dotted name of the module that loads it.
    entry : of the catalog; None for a path.
    """

    model: str
    kind: str
    loader: str
    entry: CatalogEntry | None = None

    def path(self) -> Path:
        """Its file or folder, downloaded if necessary. Raises WeightsError."""
        if self.entry is None:
            return Path(self.model)
        if self.entry.url is None and self.entry.available:
            return self.entry.embedded_path
        from pipeline.weights.fetch import fetch  # takes a tenth of a second to import

        return fetch(self.entry)

    def known_path(self) -> Path | None:
        """Its file or folder if it is on this machine; None otherwise."""
        if self.entry is None:
            return Path(self.model)
        cache = WeightsCache.at()
        return cache.usable(self.entry) if cache.holds(self.entry) else None
