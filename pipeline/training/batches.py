"""Batches: the pictures of step n, a pure function of the seed and n, made ahead of time by a thread."""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pipeline.labels.coco_folder import PictureEntry
from pipeline.model.learning.targets import Targets
from pipeline.training.copy_paste import paste
from pipeline.training.labels import Labels
from pipeline.training.photometry import random_photometry
from pipeline.training.picture_cache import PictureCache
from pipeline.training.placement import (
    PlacedInstance,
    centred_placement,
    placed_instance,
    placed_pixels,
    random_placement,
)

#: Batches that are made in advance.
_AHEAD = 6

#: Side of a target mask, twice the network's.
MASK_SIDE = 56


@dataclass(frozen=True)
class Variety:
    """Limits of how a picture is changed before it is trained on.

    canvas : height and width in px that is trained on; a part of the full one teaches the same sizes in less time.
    full_canvas : the network's own; a scale of 1 is that of a picture letterboxed into it.
    scales : least and largest scale.
    flip : probability of a mirrored picture.
    photometry : strength of changes of light, colour, focus and compression, 0 to 1.
    paste : probability of an object pasted from another picture, and the categories that are.
    """

    canvas: tuple[int, int]
    full_canvas: tuple[int, int]
    scales: tuple[float, float] = (0.6, 1.7)
    flip: float = 0.5
    photometry: float = 1.0
    paste: float = 0.0
    paste_categories: frozenset[int] = frozenset()


class BatchMaker:
    """Batches of a cache.

    Parameters
    ----------
    cache : the pictures.
    weights : float [N], how often each is drawn; 0 for those that are held out.
    labels : what the network calls the categories.
    variety : how the pictures are changed.
    batch, objects : pictures a batch, and objects a picture at most (G).
    seed : of everything that is drawn.

    """

    def __init__(
        self,
        cache: PictureCache,
        weights: NDArray[np.float64],
        labels: Labels,
        variety: Variety,
        batch: int,
        objects: int = 64,
        seed: int = 0,
    ) -> None:
        self.cache, self.labels, self.variety = cache, labels, variety
        self.batch, self.objects, self.seed = batch, objects, seed
        self.probability = weights / weights.sum()
        holds = [bool(variety.paste_categories & cache.categories(place)) for place in range(len(cache))]
        self.donors = np.flatnonzero(np.array(holds) & (weights > 0))

    def make(self, step: int) -> tuple[NDArray[np.uint8], Targets]:
        """Pictures uint8 [B, H, W, 3] and targets of that step, numpy."""
        random = np.random.default_rng((self.seed, step))
        places = random.choice(len(self.probability), self.batch, p=self.probability)
        shown = [self._picture(int(place), random) for place in places]
        pixels = np.stack([picture for picture, _ in shown])
        return pixels, Targets(*(np.stack(column) for column in zip(*(t for _, t in shown), strict=True)))

    def _picture(self, place: int, random: np.random.Generator) -> tuple[NDArray[np.uint8], Any]:
        variety, picture = self.variety, self.cache[place]
        if len(self.donors) and random.random() < variety.paste:
            donor = self.cache[int(random.choice(self.donors))]
            picture = paste(picture, donor, variety.paste_categories, random)
        size = (picture.pixels.shape[0], picture.pixels.shape[1])
        base = centred_placement(size, variety.full_canvas).scale_x
        placement = random_placement(size, variety.canvas, base, variety.scales, variety.flip, random)
        pixels = placed_pixels(picture.pixels, placement, smooth=bool(random.random() < 0.7))
        pixels = random_photometry(pixels, variety.photometry, random)
        placed = [placed_instance(instance, placement, MASK_SIDE) for instance in picture.instances]
        known = [instance for instance in placed if instance is not None]
        return pixels, target_columns(known, self.labels.scope(picture.scope), self.labels, self.objects)


def target_columns(
    instances: Sequence[PlacedInstance], scope: NDArray[np.bool_], labels: Labels, count: int
) -> tuple[NDArray[Any], ...]:
    """One picture's columns of `Targets`. Beyond `count` the ignored ones go first, then the smallest."""
    boxes, index = np.zeros((count, 4), np.float32), np.zeros(count, np.int32)
    members = np.zeros((count, len(scope)), bool)
    masks, has_mask = np.zeros((count, MASK_SIDE, MASK_SIDE), np.uint8), np.zeros(count, bool)
    known = [(one, labels.outputs(one.category)) for one in instances]
    known = [(one, outputs) for one, outputs in known if outputs]
    known.sort(key=lambda pair: (pair[0].ignored, -float(np.prod(pair[0].box[2:] - pair[0].box[:2]))))
    for row, (one, outputs) in enumerate(known[:count]):
        boxes[row] = one.box
        index[row] = -1 if one.ignored else outputs[0]
        members[row, list(outputs)] = True
        if one.mask is not None:
            masks[row], has_mask[row] = one.mask, True
    return boxes, index, members, masks, has_mask, scope


class Maker(Protocol):
    """Something that makes the batch of a step."""

    def make(self, step: int) -> tuple[NDArray[np.uint8], Any]:
        """Pictures uint8 [B, H, W, 3] and their targets, a named tuple of arrays; the same for the same step."""
        ...


def ahead(maker: Maker, first: int, last: int) -> Generator[tuple[Any, Any], None, None]:
    """The batches of the steps [first, last), made by a thread that is a few of them ahead."""
    ready: queue.Queue[Any] = queue.Queue(_AHEAD)
    stopped = threading.Event()

    def work() -> None:
        for step in range(first, last):
            try:
                made: Any = maker.make(step)
            except Exception as failure:
                made = failure
            while not stopped.is_set():
                try:
                    ready.put(made, timeout=0.2)
                    break
                except queue.Full:
                    continue
            if stopped.is_set():
                return

    thread = threading.Thread(target=work, name="batches", daemon=True)
    thread.start()
    try:
        for _ in range(first, last):
            made = ready.get()
            if isinstance(made, Exception):
                raise made
            yield made
    finally:
        stopped.set()
        thread.join()


def picture_weights(
    entries: Sequence[PictureEntry],
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
