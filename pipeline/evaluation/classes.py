"""Classes: what is measured, one class or several as one, and which labels and detections that is about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pipeline.errors import InputError


@dataclass(frozen=True)
class MeasuredClass:
    """One row of the result.

    name : what it is called. members : its categories; more than one where several are measured as one.
    also_true : pseudo-categories whose objects are of the class too.
    doubtful : pseudo-categories whose objects may be of the class, and are neither right nor wrong for it.
    """

    name: str
    members: frozenset[int]
    also_true: frozenset[int] = frozenset()
    doubtful: frozenset[int] = frozenset()

    @property
    def is_group(self) -> bool:
        """True if several categories are measured as one."""
        return len(self.members) > 1

    def judged_in(self, scope: frozenset[int]) -> bool:
        """True if all its objects are labelled in a picture of that scope, so that a detection can be wrong."""
        return self.members <= scope


def measured_classes(
    names: Mapping[int, str], found: Iterable[str], groups: Mapping[str, tuple[str, ...]]
) -> tuple[MeasuredClass, ...]:
    """The categories of `names` that a network with the class names `found` knows, and then the groups of them.

    Raises InputError where there are none.
    """
    known = set(found)
    # A network that knows the whole as a class of its own is measured on it like on any other.
    groups = {whole: parts for whole, parts in groups.items() if whole not in known}
    ids = {name: category for category, name in sorted(names.items()) if name in known}
    if not ids:
        raise InputError(
            "The labels and the network have no class in common.",
            found=f"labels {sorted(names.values())}, network {sorted(known)}",
            do="give the labels' categories the network's names",
        )
    wholes = {whole: frozenset(ids[part] for part in parts if part in ids) for whole, parts in groups.items()}
    stand_ins = {whole: frozenset(one for one, name in names.items() if name == whole) for whole in groups}
    singles = [
        MeasuredClass(
            name,
            frozenset({category}),
            doubtful=frozenset().union(*(stand_ins[one] for one in groups if category in wholes[one])),
        )
        for name, category in ids.items()
    ]
    merged = [
        MeasuredClass(whole, members, also_true=stand_ins[whole])
        for whole, members in wholes.items()
        if len(members) > 1
    ]
    return (*singles, *merged)


def same_names(ours: Mapping[int, str], theirs: Mapping[int, str]) -> dict[int, int]:
    """The category of the labels `theirs` that has the name of a class id of `ours`."""
    ids = {name: category for category, name in theirs.items()}
    return {class_id: ids[name] for class_id, name in ours.items() if name in ids}
