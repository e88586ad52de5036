"""EvalSettings: what is counted, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from pipeline.errors import ConfigError

#: Vans, pickups and lorries are drawn apart in no two data sets, so road vehicles are also measured as one.
GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType({"vehicle": ("car", "bus", "truck")})


@dataclass(frozen=True)
class EvalSettings:
    """The rules by which objects are counted.

    conf : score from which on an object counts as found, in recall, precision, pixels and identities.
    min_score : score from which on a detection has a place in the precision-recall curve.
    min_side : px of the picture; what is narrower or lower is neither right nor wrong.
    groups : classes that are also measured as one, by the name of the whole. A category of the labels with that
        name stands for any of them.
    """

    conf: float = 0.5
    min_score: float = 0.02
    min_side: float = 8.0
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: GROUPS)

    def __post_init__(self) -> None:
        for name in ("conf", "min_score"):
            if not 0.0 <= getattr(self, name) <= 1.0:
                raise ConfigError(f"{name} must lie in 0..1.", found=str(getattr(self, name)))
        if self.min_score > self.conf:
            raise ConfigError(
                "min_score cannot be above conf: what counts as found must have a place in the curve.",
                found=f"min_score {self.min_score}, conf {self.conf}",
            )
        if self.min_side < 0:
            raise ConfigError("min_side must be 0 px or more.", found=str(self.min_side))
