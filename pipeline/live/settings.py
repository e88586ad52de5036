"""LiveControls: what a viewer can change while the picture runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pipeline.errors import ConfigError


@dataclass(frozen=True)
class LiveControls:
    """The controls that a viewer can change while the picture runs.

    conf : an object is shown from the picture in which its score first reaches this. classes : names of those that are
        shown; empty: all. paused : the picture stands, and the network rests.
    """

    conf: float = 0.5
    classes: tuple[str, ...] = ()
    paused: bool = False

    def __post_init__(self) -> None:
        if not 0.01 <= self.conf <= 1.0:
            raise ConfigError("conf has to lie in 0.01..1.", found=str(self.conf))

    def changed(self, wishes: Mapping[str, Any], names: set[str]) -> LiveControls:
        """The controls with what JSON asks for, `names` being all classes. Raises ConfigError for what cannot be."""
        unknown = set(wishes) - {"conf", "classes", "paused"}
        if unknown:
            raise ConfigError("There is no such control.", found=", ".join(sorted(unknown)))
        conf = wishes.get("conf", self.conf)
        classes = wishes.get("classes", list(self.classes))
        paused = wishes.get("paused", self.paused)
        if isinstance(conf, bool) or not isinstance(conf, int | float):
            raise ConfigError("conf has to be a number.", found=repr(conf))
        if not isinstance(classes, list) or not all(name in names for name in classes):
            raise ConfigError("classes has to list names that the network knows.", found=repr(classes)[:200])
        if not isinstance(paused, bool):
            raise ConfigError("paused has to be true or false.", found=repr(paused))
        return LiveControls(float(conf), tuple(classes), paused)
