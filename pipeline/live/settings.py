"""LiveControls: what a viewer can change while the picture runs."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.errors import ConfigError
from pipeline.loading.given import Given
from pipeline.loading.load import load


@dataclass(frozen=True)
class LiveControls:
    """The controls that a viewer can change while the picture runs.

    conf : an object is shown from the picture in which its score first reaches this. classes : names of those that are
        shown; empty: all. view : what is drawn, of render.settings.VIEWS. paused : the picture stands, and the
        network rests.
    """

    conf: float = 0.5
    classes: tuple[str, ...] = ()
    view: str = "instances"
    paused: bool = False

    def __post_init__(self) -> None:
        if not 0.01 <= self.conf <= 1.0:
            raise ConfigError("conf must lie in 0.01..1.", found=str(self.conf))

    def changed(self, wishes: Mapping[str, Any], names: set[str], views: Collection[str]) -> LiveControls:
        """The controls with what JSON asks for. Raises ConfigError for what cannot be.

        names, views : of all classes and views that there are.
        """
        controls = load(LiveControls, Given({**asdict(self), **wishes}, of_json=True))
        unknown = sorted(set(controls.classes) - names)
        if unknown:
            raise ConfigError("The network finds no such classes.", found=", ".join(unknown))
        if controls.view not in views:
            raise ConfigError("The network cannot give this view.", found=controls.view)
        return controls
