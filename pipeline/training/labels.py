"""Labels: which classifier outputs a category stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import ConfigError


@dataclass(frozen=True)
class Labels:
    """The outputs of a network by category id.

    class_ids : category id of each output, the background's first.
    unions : pseudo-categories, each with the category ids that it may stand for.
    """

    class_ids: tuple[int, ...]
    unions: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for union, members in self.unions.items():
            unknown = sorted(set(members) - set(self.class_ids[1:]))
            if unknown or not members or union in self.class_ids[1:]:
                raise ConfigError(
                    f"The union {union} must stand for classes of the network and not be one of them.",
                    found=f"members {list(members)}",
                    do=f"name some of {list(self.class_ids[1:])}",
                )

    def outputs(self, category: int) -> tuple[int, ...]:
        """Classifier outputs that are right for the category; none if the network does not know it."""
        wanted = self.unions.get(category, (category,))
        return tuple(output for output, known in enumerate(self.class_ids) if output and known in wanted)

    def scope(self, categories: frozenset[int]) -> NDArray[np.bool_]:
        """bool [C]: the outputs whose every object is labelled, given the categories that are.

        Where every object of a union is labelled, none of its members is left out.
        """
        named = categories.union(*(self.unions.get(one, ()) for one in categories))
        return np.array([known in named and output > 0 for output, known in enumerate(self.class_ids)])
