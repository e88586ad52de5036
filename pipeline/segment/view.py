"""The view that a network is asked for: what of its findings is drawn."""

from __future__ import annotations

from pipeline.structures.drawn_view import DrawnView


def view_of(model: str, asked: str | None) -> DrawnView:
    """The view `asked` for of the network `model`; None: the one that it has most to show in. Nothing is loaded.

    Raises ConfigError for a view that the network cannot give; WeightsError, UsageError for one that is not there.
    """
    from pipeline.networks import registry

    return DrawnView.of(asked, model, registry.class_names(model), registry.pixel_classes(model))


def class_map_runtime(model: str, device: str) -> str:
    """The runtime that computes class maps here, with the digest of the weights that do. Nothing is loaded.

    Raises ConfigError for a device that is not there.
    """
    from pipeline.networks.registry import runtime_of
    from pipeline.networks.settings import LoadSettings

    return runtime_of(model, LoadSettings(device=device, pixel_classes=True))
