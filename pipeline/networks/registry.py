"""The kinds of networks, and the way from a name or a file to a network.

A new kind is one module in this room and one line of KINDS. The module has the three functions of NetworkLoader, of
which the first two import no framework, so that class names can be checked before anything starts. A kind whose
networks can classify pixels also has `pixel_classes`, see below.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, cast

from pipeline.errors import ConfigError, WeightsError
from pipeline.formats.own_file import check_weights
from pipeline.model.thorough import ThoroughPanoptic, ThoroughSegmenter, thorough_runtime
from pipeline.networks.semantic import is_semantic
from pipeline.networks.settings import LoadSettings
from pipeline.networks.source import NetworkSource
from pipeline.networks.yolo_file import kind_of
from pipeline.structures.frame_segmenter import FrameSegmenter
from pipeline.structures.panoptic_segmenter import PanopticSegmenter
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.weights.catalog import find


class NetworkLoader(Protocol):
    """The functions of a kind's module."""

    def class_names(self, source: NetworkSource) -> Mapping[int, str]:
        """Name of each class id that the network can return; imports no framework."""
        ...

    def runtime(self, source: NetworkSource, settings: LoadSettings) -> str:
        """The runtime that would be used here, with version and number format, as one short line; imports nothing.

        With the same source and runtime, results are the same.
        """
        ...

    def load(self, source: NetworkSource, settings: LoadSettings) -> FrameSegmenter:
        """The network, on the device that it claims. Raises WeightsError, ConfigError."""
        ...


@dataclass(frozen=True)
class NetworkKind:
    """A kind of network.

    name : as the catalog calls it.
    loader : dotted name of the module that loads it.
    endings : of its files; "/" for folders.
    """

    name: str
    loader: str
    endings: tuple[str, ...] = ()


_MASK_RCNN, _ZOO = "pipeline.networks.mask_rcnn", "pipeline.networks.zoo_graph"
_YOLO = "pipeline.networks.yolo_kind"
_SEMANTIC = "pipeline.networks.semantic"

KINDS: dict[str, NetworkKind] = {
    kind.name: kind
    for kind in (
        NetworkKind("own", _MASK_RCNN, (".safetensors",)),
        NetworkKind("torchvision", _MASK_RCNN, (".pth", ".pt")),  # either version, detected from the file
        NetworkKind("torchvision_v1", _MASK_RCNN),
        NetworkKind("torchvision_v2", _MASK_RCNN),
        NetworkKind("matterport", _MASK_RCNN, (".h5", ".hdf5")),
        NetworkKind("tf1_frozen_graph", _ZOO, (".pb",)),
        NetworkKind("tf2_saved_model", _ZOO, ("/",)),
        NetworkKind("yolo", _YOLO, (".onnx", ".tflite")),
    )
}


def register(kind: NetworkKind) -> None:
    """Add a kind in this process; its sources can be loaded in any process, because they name the loader."""
    known = KINDS.setdefault(kind.name, kind)
    if known != kind:
        raise ConfigError(f"There is already another kind of network called {kind.name}.", found=known.loader)


def find_source(model: str | Path) -> NetworkSource:
    """The source of a network: a name of the catalog, or a path that exists or has a known ending.

    Nothing is downloaded. Raises WeightsError for a path that does not exist or is of no known kind, UsageError for a
    name that is not in the catalog.
    """
    path, by_ending = Path(model), {ending: kind for kind in KINDS.values() for ending in kind.endings}
    if not path.exists() and path.suffix not in by_ending:
        entry = find(str(model))
        return _of_its_loader(NetworkSource(str(model), entry.kind, KINDS[entry.kind].loader, entry))
    if not path.exists():
        raise WeightsError(f"There are no weights at {model}.", do="check the path")
    if not path.is_file() and not path.is_dir():
        raise WeightsError(f"{model} is neither a file nor a folder.", do="name a file of weights")
    ending = "/" if path.is_dir() else path.suffix
    if ending not in by_ending:
        raise WeightsError(
            f"{model} is not a kind of weight file that can be read.",
            found=f"the ending {ending!r}" + ("" if path.is_dir() else f"; it seems to be {kind_of(path)}"),
            do=f"use one of {', '.join(sorted(set(by_ending) - {'/'}))}, or a SavedModel's folder",
        )
    return _of_its_loader(NetworkSource(str(model), by_ending[ending].name, by_ending[ending].loader))


def class_names(model: str | Path | NetworkSource) -> Mapping[int, str]:
    """Name of each class id; nothing is loaded. Raises as `find_source` does."""
    source = _source(model)
    # A plain dict, because a read-only view cannot be sent to another process.
    return dict(_loader(source).class_names(source))


def pixel_classes(model: str | Path | NetworkSource) -> PixelClasses | None:
    """The pixel classes of the network; None if it has none. Nothing is loaded.

    Raises as `find_source` does.
    """
    source = _source(model)
    asked = getattr(_loader(source), "pixel_classes", None)
    return None if asked is None else cast(PixelClasses | None, asked(source))


def check_file(source: NetworkSource) -> None:
    """Raise WeightsError where a weight file in our own format, which has a checksum, is here and damaged."""
    path = source.known_path()
    if source.kind == "own" and path is not None:
        check_weights(path)


def runtime_of(model: str | Path | NetworkSource, settings: LoadSettings | None = None) -> str:
    """The runtime that would run the network here, such as `openvino 2026.4.1 bfloat16`; nothing is loaded.

    Raises ConfigError for a device that does not exist.
    """
    source, wanted = _source(model), settings or LoadSettings()
    here = _loader(source).runtime(source, wanted)
    return thorough_runtime(here) if wanted.thorough else here


def load(model: str | Path | NetworkSource, settings: LoadSettings | None = None) -> FrameSegmenter:
    """The network, ready to segment frames; missing weights are downloaded.

    Raises as `find_source` does, WeightsError if the weights cannot be had or read, ConfigError for a device that does
    not exist.
    """
    source, wanted = _source(model), settings or LoadSettings()
    loader = _loader(source)
    return _thorough(loader, source, wanted) if wanted.thorough else loader.load(source, wanted)


def _thorough(loader: NetworkLoader, source: NetworkSource, settings: LoadSettings) -> FrameSegmenter:
    # Detections below the requested score in a single look contribute to the mean too.
    halved = None if settings.score is None else settings.score / 2
    network = loader.load(source, replace(settings, thorough=False, score=halved))
    if settings.pixel_classes:
        return ThoroughPanoptic(cast(PanopticSegmenter, network), settings.score or 0.0)
    return ThoroughSegmenter(network, settings.score or 0.0)


def _of_its_loader(source: NetworkSource) -> NetworkSource:
    """The source, with the loader of semantic networks if its file is one, which the ending does not show."""
    return replace(source, loader=_SEMANTIC) if is_semantic(source) else source


def _source(model: str | Path | NetworkSource) -> NetworkSource:
    return model if isinstance(model, NetworkSource) else find_source(model)


def _loader(source: NetworkSource) -> NetworkLoader:
    return cast(NetworkLoader, importlib.import_module(source.loader))
