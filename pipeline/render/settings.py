"""RenderSettings: what is painted, and how."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.errors import ConfigError
from pipeline.loading.choice import check_choice

#: Everything that can be painted over an object, from the bottom up.
STYLES = ("masks", "outlines", "boxes", "labels")

#: What is drawn: the objects; the class of each pixel; both, objects on top of what is not one.
VIEWS = ("instances", "semantic", "panoptic")

#: Which objects are named.
LABELS = ("auto", "all", "none")

#: What can decide an object's colour.
COLOR_KEYS = ("track", "class")


@dataclass(frozen=True)
class RenderSettings:
    """The settings of painting; a change redoes render, encode and mux, never the model's work.

    view : one of VIEWS; None: objects where the network finds some, else classes.
    style : any of STYLES.
    labels : "auto": names what is near or new on the scene, people and riders from farther away; "all"; "none".
    label_scores : a label shows the track's score too, the one that conf is compared with.
    alpha : share of the colour under a mask, 0..1.
    color_by : "track": an object keeps its colour; "class": a class has one.
    conf : least score of a track that is shown, over its best frames; it is shown as long as it is followed.
    classes : names or ids of the classes to show; empty: all.
    max_objects : as many of a frame are shown, those of the best tracks' scores; None: all.
    """

    view: str | None = None
    style: tuple[str, ...] = ("masks", "outlines", "labels")
    labels: str = "auto"
    label_scores: bool = False
    alpha: float = 0.45
    color_by: str = "track"
    conf: float = 0.5
    classes: tuple[str | int, ...] = ()
    max_objects: int | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.style if name not in STYLES]
        if unknown or not self.style:
            raise ConfigError(
                "style must name what is painted.",
                found=", ".join(unknown) or "nothing",
                do=f"choose from {', '.join(STYLES)}",
            )
        if self.view is not None:
            check_choice("view must name what is drawn.", self.view, VIEWS)
        check_choice("color-by must name what decides the colour.", self.color_by, COLOR_KEYS)
        check_choice("labels must say which objects are named.", self.labels, LABELS)
        if not 0.0 <= self.alpha <= 1.0:
            raise ConfigError("alpha must lie in 0..1.", found=str(self.alpha))
        if not 0.01 <= self.conf <= 1.0:
            raise ConfigError("conf must lie in 0.01..1.", found=str(self.conf), do="try 0.5")
        if self.max_objects is not None and self.max_objects < 1:
            raise ConfigError(
                "max-objects must be at least 1.", found=str(self.max_objects), do="leave it out for all"
            )
