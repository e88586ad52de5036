"""The classes that a network gives, known without loading it."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.structures.pixel_classes import PixelClasses


def network_classes(model: str) -> tuple[Mapping[int, str], PixelClasses | None]:
    """Names of the objects that a network finds, and the classes that it gives pixels; None: it gives them none.

    Raises WeightsError, UsageError for a network that is not there.
    """
    from pipeline.networks import registry

    return registry.class_names(model), registry.pixel_classes(model)


def class_map_runtime(model: str, device: str) -> str:
    """The runtime that computes class maps here, with the digest of the weights that do. Nothing is loaded.

    Raises ConfigError for a device that is not there.
    """
    from pipeline.networks.registry import runtime_of
    from pipeline.networks.settings import LoadSettings

    return runtime_of(model, LoadSettings(device=device, pixel_classes=True))
