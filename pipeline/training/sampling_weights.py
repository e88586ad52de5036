"""How often each picture is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from pipeline.labels.coco_folder import Entry


def picture_weights(
    entries: Sequence[Entry],
    held_out: frozenset[str],
    source_weights: Mapping[str, float],
    driver_weight: float = 1.0,
    rare_share: float = 0.0,
) -> NDArray[np.float64]:
    """Weights [N] of the pictures, 0 for those held out.

    rare_share : a picture counts sqrt(rare_share / share) times as much as others, with the least share of pictures
        that a class of its own is in, if that is below `rare_share` (repeat factors, Gupta et al. 2019).
    """
    classes = [{a["category_id"] for a in entry.annotations if not a.get("iscrowd", 0)} for entry in entries]
    used = [entry.name not in held_out for entry in entries]
    seen = Counter(one for row, held in zip(classes, used, strict=True) if held for one in row)
    total = max(sum(used), 1)
    weights = np.zeros(len(entries))
    for place, entry in enumerate(entries):
        if not used[place]:
            continue
        weight = source_weights.get(entry.source, 1.0)
        weight *= driver_weight if entry.record.get("view") == "driver" else 1.0
        rarest = min((seen[one] / total for one in classes[place]), default=1.0)
        weights[place] = weight * max(1.0, np.sqrt(rare_share / rarest))
    return weights
