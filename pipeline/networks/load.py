"""Load: a catalog name, a checkpoint or a TensorFlow graph, all behind the one `FrameSegmenter` contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pipeline.errors import WeightsError
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.precision import resolve_precision
from pipeline.model.predictor import MaskRCNNPredictor
from pipeline.networks.checkpoint import CheckpointKind, load_checkpoint
from pipeline.networks.tensorflow_graph import TensorFlowGraphSegmenter
from pipeline.structures.frame_segmenter import FrameSegmenter
from pipeline.weights.catalog import CatalogEntry, find
from pipeline.weights.fetch import fetch
from pipeline.weights.label_maps import label_map

Value = TypeVar("Value")

#: Layout of a checkpoint by the file name's ending; None: told by its content.
_SUFFIXES: Mapping[str, CheckpointKind | None] = {
    ".pth": None, ".pt": None, ".h5": "matterport", ".hdf5": "matterport", ".safetensors": "own"
}  # fmt: skip


@dataclass(frozen=True)
class LoadSettings:
    """How a network is to run; None leaves a setting as its source has it.

    precision : `auto`, `float32` or `bfloat16`.
    batch : frames computed at a time.
    jit : compile with XLA; None: on a GPU only.
    score : least probability of a detection.
    proposals, detections : regions looked at and objects returned a frame.
    min_size, max_size : px, under the source's own resize rule.
    """

    precision: str = "auto"
    batch: int = 1
    jit: bool | None = None
    score: float | None = None
    proposals: int | None = None
    detections: int | None = None
    min_size: int | None = None
    max_size: int | None = None

    def adapt(self, config: MaskRCNNConfig) -> MaskRCNNConfig:
        """The config with these settings in it."""
        detection, rpn, size = config.detection, config.rpn, config.input
        return replace(
            config,
            detection=replace(
                detection, score=_given(self.score, detection.score), count=_given(self.detections, detection.count)
            ),
            rpn=replace(rpn, post_nms=_given(self.proposals, rpn.post_nms)),
            input=replace(
                size,
                min_size=_given(self.min_size, size.min_size),
                max_size=_given(self.max_size, size.max_size),
            ),
        )  # fmt: skip


def load_segmenter(weights: str | Path, settings: LoadSettings | None = None) -> FrameSegmenter:
    """The network of that catalog name or path, ready to segment frames.

    A path is anything that exists, or that looks like one: `.pth`, `.h5`, `.safetensors`, a frozen graph's `.pb`,
    a SavedModel's folder. Anything else is a name of the catalog, fetched if it is not in the cache.

    Raises WeightsError if the weights cannot be had or read, UsageError for a name that is not in the catalog.
    """
    settings = settings or LoadSettings()
    path = Path(weights)
    if path.exists() or path.suffix in (*_SUFFIXES, ".pb"):
        return _load_file(path, settings)
    return _load_entry(find(str(weights)), settings)


def _load_entry(entry: CatalogEntry, settings: LoadSettings) -> FrameSegmenter:
    path, names = fetch(entry), label_map(entry.label_map)
    if entry.kind == "tf1_frozen_graph" or entry.kind == "tf2_saved_model":
        return _load_graph(path, names, settings)
    return _load_mask_rcnn(path, entry.kind, names, settings)


def _load_file(path: Path, settings: LoadSettings) -> FrameSegmenter:
    if path.is_dir() or path.suffix == ".pb":
        return _load_graph(path, label_map("coco91"), settings)
    if path.suffix not in _SUFFIXES:
        raise WeightsError(
            f"{path} is no kind of weight file that can be read",
            found=f"the ending {path.suffix!r}",
            do=f"give one of {', '.join(_SUFFIXES)}, a frozen graph (.pb) or a SavedModel's folder",
        )
    return _load_mask_rcnn(path, _SUFFIXES[path.suffix], None, settings)


def _load_mask_rcnn(
    path: Path, kind: CheckpointKind | None, names: Mapping[int, str] | None, settings: LoadSettings
) -> FrameSegmenter:
    model = load_checkpoint(
        path,
        kind,
        classes=names,
        precision=resolve_precision(settings.precision),
        adapt=settings.adapt,
    )
    return MaskRCNNPredictor(model, settings.batch, settings.jit)


def _load_graph(path: Path, names: Mapping[int, str], settings: LoadSettings) -> FrameSegmenter:
    return TensorFlowGraphSegmenter.load(path, names, _given(settings.score, 0.05))


def _given(asked: Value | None, default: Value) -> Value:
    return default if asked is None else asked
