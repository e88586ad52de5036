"""Given: values from outside, and where each of them was given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import Any

from pipeline.errors import ConfigError, UsageError

#: Most faults that one error lists; finding more could take long in a hostile file.
_MOST_FAULTS = 8


@dataclass(frozen=True)
class Given:
    """Values by key, from YAML, JSON or a command line.

    places : where each key was given, such as `job.yaml, line 3`. place : where all of them were given, for keys
    without a place of their own; "" if there is nothing to say. folder : relative paths are resolved against it.
    of_json : the values have types, so text is never read as a number or a switch. flags : keys that are long flags of
    a command line, and are spelt so in errors.
    """

    values: Mapping[str, Any]
    places: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    folder: Path = field(default_factory=Path)
    of_json: bool = False
    flags: frozenset[str] = frozenset()

    @classmethod
    def of_flags(cls, values: Mapping[str, Any]) -> Given:
        """Values of a command line, by the names of their long flags."""
        return cls(values, flags=frozenset(values))

    def under(self, stronger: Mapping[str, Any]) -> Given:
        """These values, overridden by those of a command line, which have no place."""
        places = {**self.places, **dict.fromkeys(stronger, "")}
        flags = self.flags.union(stronger)
        return replace(self, values={**self.values, **stronger}, places=places, flags=flags)

    def check(self, faults: Iterable[tuple[str | None, UsageError]]) -> None:
        """Raise one ConfigError that lists the faults, if any, each with its place.

        faults : the key, if one is to blame, and what is wrong with it.
        """
        told = list(islice(faults, _MOST_FAULTS))
        if not told:
            return
        whats = [self._placed(key, error.what.rstrip(".")) for key, error in told]
        found = [error.found for _, error in told if error.found]
        # The same advice for several keys is given once.
        do = dict.fromkeys(error.do for _, error in told if error.do)
        raise ConfigError(
            "; ".join(whats) + ".", found="; ".join(found) or None, do="; ".join(map(str, do)) or None
        )

    def _placed(self, key: str | None, what: str) -> str:
        if key in self.flags and what.startswith(f"{key} ") and not what.startswith(f"{key} and "):
            what = f"--{what}"
        place = self.place if key is None else self.places.get(key, self.place)
        return f"{place}: {what}" if place else what
