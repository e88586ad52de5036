"""The classes and the runtime of a network, without loading it."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.segment.settings import SegmentSettings
from pipeline.structures.pixel_classes import PixelClasses


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
    from pipeline.networks.settings import LoadSettings

    wanted = LoadSettings(
        device=settings.device,
        precision=settings.precision,
        pixel_classes=class_maps,
        thorough=settings.thorough,
    )
    return runtime_of(settings.model, wanted)
