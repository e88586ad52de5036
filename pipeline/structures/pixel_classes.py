"""PixelClasses: the classes that each pixel of a picture is one of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.structures.colour import Rgb

#: Number in a class map of a pixel whose class is not known.
VOID = 255

#: Name of the file of the classes' names and colours, beside the folder of their label pictures or class maps.
CLASS_FILE = "classes.json"


@dataclass(frozen=True)
class PixelClasses:
    """The classes by their numbers in label pictures and class maps: the first is 0.

    names : of each class.
    colours : red, green and blue of each, 0..255.
    ignored : further numbers in label pictures, of pixels whose class is not known; 255 always is one of them.

    Raises ValueError where there are none or too many, a name is there twice, or a colour is none.
    """

    names: tuple[str, ...]
    colours: tuple[Rgb, ...]
    ignored: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        count = len(self.names)
        if not 1 <= count < VOID or len(set(self.names)) != count:
            raise ValueError(f"names: expected 1 to {VOID - 1}, each once, found {list(self.names)}")
        if len(self.colours) != count or not all(_is_colour(one) for one in self.colours):
            raise ValueError(
                f"colours: expected red, green and blue in 0..255 of each of the {count} classes, "
                f"found {[list(one) for one in self.colours]}"
            )
        if not all(count <= number <= VOID for number in self.ignored):
            raise ValueError(
                f"ignored: expected numbers from {count} to {VOID}, which no class has, found {sorted(self.ignored)}"
            )

    def __len__(self) -> int:
        return len(self.names)

    @classmethod
    def of(cls, colours: Mapping[str, Sequence[int]], ignored: Sequence[int] = ()) -> PixelClasses:
        """The classes with these names and colours, in their order. Raises ValueError."""
        triples = tuple(tuple(int(part) for part in colour) for colour in colours.values())
        return cls(tuple(colours), triples, frozenset(ignored))  # type: ignore[arg-type]  # checked above

    @property
    def by_name(self) -> dict[str, Rgb]:
        """Colour of each class by its name, in the classes' order."""
        return dict(zip(self.names, self.colours, strict=True))


def _is_colour(colour: Sequence[int]) -> bool:
    return len(colour) == 3 and all(0 <= part <= 255 for part in colour)
