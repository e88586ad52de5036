"""DrawnView: what of a network's findings is drawn: the objects, the class of each pixel, or both."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from pipeline.errors import ConfigError
from pipeline.render.asked_classes import as_asked
from pipeline.render.settings import VIEWS
from pipeline.structures.pixel_classes import PixelClasses


@dataclass(frozen=True)
class DrawnView:
    """A view that a network can give.

    name : one of VIEWS. class_names : of the objects that the network finds. classes : of the class maps that the view
    needs; None: it needs none. possible : the views that the network can give.
    """

    name: str
    class_names: Mapping[int, str]
    classes: PixelClasses | None
    possible: tuple[str, ...]

    @classmethod
    def of(
        cls, asked: str | None, model: str, class_names: Mapping[int, str], classes: PixelClasses | None
    ) -> DrawnView:
        """The view that is asked for; None: objects where the network finds some, else classes.

        class_names, classes : all that the network gives. Raises ConfigError for a view that it cannot give.
        """
        can = {"instances": bool(class_names), "semantic": classes is not None}
        can["panoptic"] = all(can.values())
        possible = tuple(name for name in VIEWS if can[name])
        name = asked or next(iter(possible), VIEWS[0])
        if name not in possible:
            lacks = "gives no class to each pixel" if class_names else "finds no objects"
            raise ConfigError(
                f"{model} {lacks}.",
                found=f"--view {name}",
                do=f"give --view {' or '.join(possible)}, or another --model",
            )
        return cls(name, class_names, None if name == "instances" else classes, possible)

    @property
    def names(self) -> list[tuple[int, str]]:
        """Number and name of each class that can be drawn."""
        objects = [] if self.name == "semantic" else list(self.class_names.items())
        return [*objects, *(() if self.classes is None else enumerate(self.classes.names))]

    def check(self, asked: Iterable[str | int]) -> None:
        """Raise ConfigError for classes that cannot be drawn, all of them at once. asked : names or numbers."""
        known = {as_asked(word) for pair in self.names for word in pair}
        wrong = [str(name) for name in asked if as_asked(name) not in known]
        if not wrong:
            return
        near = [get_close_matches(as_asked(name), sorted(known), n=1) for name in wrong]
        guesses = [f"did you mean {match[0]}?" for match in near if match]
        raise ConfigError(
            f"The network finds no {' and no '.join(wrong)}.",
            found=f"it finds {', '.join(sorted({name for _, name in self.names}))}",
            do=" ".join(guesses) or "choose from these",
        )
