"""The classes and the runtime of a network, without loading it, and the settings that it is loaded with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipeline.segment.settings import SegmentSettings
from pipeline.structures.pixel_classes import PixelClasses

if TYPE_CHECKING:
    from pipeline.networks.settings import LoadSettings


def network_classes(model: str) -> tuple[Mapping[int, str], PixelClasses | None]:
    """Names of the objects that a network finds, and its pixel classes, or None if it has none.

    Raises WeightsError, and UsageError for a network that does not exist.
    """
    from pipeline.networks import registry

    return registry.class_names(model), registry.pixel_classes(model)


def network_runtime(settings: SegmentSettings, *, class_maps: bool) -> str:
    """The runtime that would look at pictures here, with its number format and the digest of a branch for class maps.

    Raises ConfigError for a device that does not exist.
    """
    from pipeline.networks.registry import runtime_of

    return runtime_of(settings.model, load_settings(settings, class_maps=class_maps, film=False))


def load_settings(settings: SegmentSettings, *, class_maps: bool, film: bool) -> LoadSettings:
    """The settings that a network is loaded with; its runtime, a part of fingerprints, is asked for with the same.

    class_maps : it gives class maps too. film : the frames are of a film.
    """
    from pipeline.networks.settings import LoadSettings

    return LoadSettings(
        device=settings.device,
        precision=settings.precision,
        batch=settings.batch,
        score=settings.score,
        pixel_classes=class_maps,
        thorough=settings.thorough,
        film=film,
    )
