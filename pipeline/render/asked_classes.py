"""The classes that the setting `classes` asks for, by name or by number."""

from __future__ import annotations

from collections.abc import Iterable


def as_asked(entry: str | int) -> str:
    """A class's name or number as it is compared: in small letters, without blanks around it."""
    return str(entry).strip().lower()


def asked_numbers(asked: Iterable[str | int], classes: Iterable[tuple[int, str]]) -> list[int]:
    """Numbers of the classes that are asked for, in their order; of all where none is asked for.

    classes : number and name of each; what is asked for and not among them is left out.
    """
    wanted = {as_asked(entry) for entry in asked}
    return [number for number, name in classes if not wanted or {as_asked(number), as_asked(name)} & wanted]
