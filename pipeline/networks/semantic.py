"""The semantic kind: our own `.safetensors` of a network that classifies pixels, through Keras."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.errors import WeightsError
from pipeline.formats.account import Rule, account
from pipeline.formats.branch_file import trunk_arrays
from pipeline.formats.own_file import load_weights, read_metadata
from pipeline.model.semantic.config import SemanticConfig
from pipeline.networks.checkpoint_config import CONFIG, KIND, SEMANTIC, parsed_config
from pipeline.networks.devices import claim_backend, keras_backend, takes_gpu, version_of
from pipeline.networks.settings import LoadSettings
from pipeline.networks.source import NetworkSource
from pipeline.structures.class_map import PixelClassifier
from pipeline.structures.panoptic_segmenter import ClassesAlone
from pipeline.structures.pixel_classes import PixelClasses

if TYPE_CHECKING:
    from pipeline.model.semantic.semantic_network import SemanticNetwork


def pixel_classes(source: NetworkSource) -> PixelClasses:
    """The classes named in its file; imports no framework. Raises WeightsError."""
    return semantic_config(source.path(), read_metadata(source.path())).classes


def runtime(source: NetworkSource, settings: LoadSettings) -> str:
    """The Keras backend with version and number format."""
    del source
    backend = keras_backend()
    gpu = " gpu" if takes_gpu(settings.device) else ""
    return f"{version_of(backend)}{gpu} float32"


def class_names(source: NetworkSource) -> Mapping[int, str]:
    """No names, because it finds no objects."""
    del source
    return {}


def load(source: NetworkSource, settings: LoadSettings) -> ClassesAlone:
    """The network, as a segmenter that finds no objects. Raises WeightsError, ConfigError."""
    return ClassesAlone(load_classifier(source, settings))


def load_classifier(source: NetworkSource, settings: LoadSettings) -> PixelClassifier:
    """The network. Raises WeightsError, ConfigError."""
    here = runtime(source, settings)
    claim_backend(settings.device, settings.threads)
    from pipeline.model.semantic.predictor import SemanticPredictor

    return SemanticPredictor(load_semantic(source.path()), settings.jit, here)


def load_semantic(path: Path) -> SemanticNetwork:
    """The network in a file, with every variable set and every array used. Raises WeightsError."""
    from pipeline.model.semantic.semantic_network import make_semantic
    from pipeline.networks.checkpoint import assign, shapes_of

    arrays, metadata = load_weights(path)
    config = semantic_config(path, metadata)
    arrays |= trunk_arrays(path, metadata, config.network)
    model = make_semantic(config)
    variables = shapes_of(model)
    assign(model, account(variables, arrays, {name: Rule(name) for name in variables}, where=str(path)))
    return model


def is_semantic(source: NetworkSource) -> bool:
    """True for our own file of a network that classifies pixels; nothing is downloaded."""
    path = source.known_path() if source.kind == "own" else None
    if path is None or not path.is_file():
        return False
    return read_metadata(path).get(KIND) == SEMANTIC


def semantic_config(path: Path, metadata: dict[str, str]) -> SemanticConfig:
    """The config in the metadata of a file. Raises WeightsError if it is of another network or unreadable."""
    if metadata.get(KIND) != SEMANTIC or CONFIG not in metadata:
        raise WeightsError(
            f"{path} is not a network that classifies pixels.",
            found=f"the metadata {sorted(metadata)}",
            do="use weights that `seg-video train` made with `task: semantic`",
        )
    return parsed_config(path, metadata, SemanticConfig.from_json)
