"""Given: values from outside, and where each of them stands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, UsageError

#: Faults that one error tells; finding more would take long in a hostile file.
_MOST_FAULTS = 8


@dataclass(frozen=True)
class Given:
    """Values by key, as YAML, JSON or a command line has them.

    places : where a key stands, such as `job.yaml, line 3`. place : where all of them stand, which is said of a key
    that has no place of its own; "" where there is nothing to say. folder : relative paths count from it.
    of_json : the values have types of their own, and a text is never read as a number or a switch.
    """

    values: Mapping[str, Any]
    places: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    folder: Path = field(default_factory=Path)
    of_json: bool = False

    def under(self, stronger: Mapping[str, Any]) -> Given:
        """These values with stronger ones in their stead, which stand nowhere."""
        places = {**self.places, **dict.fromkeys(stronger, "")}
        return replace(self, values={**self.values, **stronger}, places=places)

    def check(self, faults: Iterable[tuple[str | None, UsageError]]) -> None:
        """Raise one ConfigError that tells the faults, each with its place, where there are any.

        faults : the key, if one is to blame, and what is wrong with it.
        """
        told = list(islice(faults, _MOST_FAULTS))
        if not told:
            return
        whats = [self._placed(key, error.what.rstrip(".")) for key, error in told]
        found = [error.found for _, error in told if error.found]
        # What is to be done is said once, even of several keys.
        do = dict.fromkeys(error.do for _, error in told if error.do)
        raise ConfigError(
            "; ".join(whats) + ".", found="; ".join(found) or None, do="; ".join(map(str, do)) or None
        )

    def _placed(self, key: str | None, what: str) -> str:
        place = self.place if key is None else self.places.get(key, self.place)
        return f"{place}: {what}" if place else what
