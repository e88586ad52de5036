"""Read the config of the network in a checkpoint, without building the network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from pipeline.errors import ConfigError, WeightsError
from pipeline.formats.foreign_file import ForeignKind, Tensors, read_foreign
from pipeline.formats.own_file import read_metadata
from pipeline.model import presets
from pipeline.model.config import MaskRCNNConfig
from pipeline.weights.label_maps import label_map

Config = TypeVar("Config")

#: Key of the network's config in our own files, and the format's version.
CONFIG, FORMAT, VERSION = "config", "format", "seg-video 1"

#: Key of a network's kind, if it does not find instances, and its value for a class per pixel.
KIND, SEMANTIC = "kind", "semantic"

#: Tensors whose last dimension counts the classes, by kind.
_CLASSIFIER = {
    "torchvision_v1": "roi_heads.box_predictor.cls_score.bias",
    "torchvision_v2": "roi_heads.box_predictor.cls_score.bias",
    "matterport": "mrcnn_class_logits/bias",
}


def checkpoint_config(path: Path, kind: str | None, names: Mapping[int, str] | None) -> MaskRCNNConfig:
    """The config of the network in a file; of our own file only the header is read.

    kind, names : as `load_checkpoint` takes them. Raises WeightsError as it does.
    """
    if is_own(path, kind):
        return own_config(path, read_metadata(path))
    return foreign_config(*read_foreign(path, kind), names, path)


def published_config(kind: str, names: Mapping[int, str]) -> MaskRCNNConfig:
    """The config of a published checkpoint, whose classifier has an output for each id of its label map."""
    return _preset(kind, names, max(names) + 1)


def is_own(path: Path, kind: str | None) -> bool:
    """True if the file is in our own format, judged by its kind or its name."""
    return kind == "own" or (kind is None and path.suffix == ".safetensors")


def own_config(path: Path, metadata: Mapping[str, str]) -> MaskRCNNConfig:
    """The config in the metadata of our own file. Raises WeightsError if it is of another network or unreadable."""
    if metadata.get(FORMAT) != VERSION or CONFIG not in metadata:
        raise WeightsError(
            f"{path} is a safetensors file of another program.",
            found=f"the metadata {sorted(metadata)}",
            do="use a file written by seg-video",
        )
    if KIND in metadata:
        raise WeightsError(
            f"{path} is a network that classifies pixels and finds no objects.",
            found=f"the kind {metadata[KIND]}",
            do="use it on pictures: seg-video photo.jpg out.png --model FILE",
        )
    return parsed_config(path, metadata, MaskRCNNConfig.from_json)


def parsed_config(path: Path, metadata: Mapping[str, str], parse: Callable[[str], Config]) -> Config:
    """The config that `parse` makes of the text in a file's metadata. Raises WeightsError, which names the file."""
    try:
        return parse(metadata[CONFIG])
    except ConfigError as fault:
        raise WeightsError(
            f"{path} has a config that cannot be read.",
            found=f"{fault.what} {fault.found or ''}",
            do="fetch the file again, or use the version of seg-video that wrote it",
        ) from fault


def foreign_config(
    source: Tensors, kind: ForeignKind, names: Mapping[int, str] | None, path: Path
) -> MaskRCNNConfig:
    """The preset of that kind with as many classes as the file's classifier has outputs."""
    if _CLASSIFIER[kind] not in source:
        raise WeightsError(
            f"{path} lacks the classifier of a {kind} network.",
            found=f"{len(source)} tensors, none of them {_CLASSIFIER[kind]}: {sorted(source)[:4]} ...",
            do="check that the file is a complete Mask R-CNN of this kind",
        )
    count = len(source[_CLASSIFIER[kind]])
    published = label_map("coco80" if kind == "matterport" else "coco91")
    if names is None:
        names = published if count == max(published) + 1 else {}
    if any(not 0 < class_id < count for class_id in names):
        raise WeightsError(
            f"The class names do not fit {path}.",
            found=f"class ids up to {max(names)}, and a classifier with {count} outputs",
            do=f"use ids from 1 to {count - 1}; 0 is the background",
        )
    return _preset(kind, names, count)


def _preset(kind: str, names: Mapping[int, str], count: int) -> MaskRCNNConfig:
    """The preset with the names in the order of the classifier's `count` outputs."""
    listed = ("background", *(names.get(i, f"class {i}") for i in range(1, count)))
    config: MaskRCNNConfig = getattr(presets, kind)((listed, tuple(range(count))))
    return config
