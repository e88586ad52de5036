"""The classes that a network gives, and the runtime that computes it here, known without loading it."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.segment.settings import SegmentSettings
from pipeline.structures.pixel_classes import PixelClasses


def network_classes(model: str) -> tuple[Mapping[int, str], PixelClasses | None]:
    """Names of the objects that a network finds, and the classes that it gives pixels; None: it gives them none.

    Raises WeightsError, UsageError for a network that is not there.
    """
    from pipeline.networks import registry

    return registry.class_names(model), registry.pixel_classes(model)


def network_runtime(settings: SegmentSettings, *, class_maps: bool) -> str:
    """The runtime and numbers that compute the network here, and the digest of what gives class maps; loads nothing.

    Raises ConfigError for a device that is not there.
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
