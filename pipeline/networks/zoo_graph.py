"""The kinds of the TensorFlow zoo: frozen graphs and SavedModels, run by TensorFlow on every device."""

from __future__ import annotations

from collections.abc import Mapping

from pipeline.errors import ConfigError
from pipeline.networks.devices import claim_tensorflow, takes_gpu, version_of
from pipeline.networks.settings import LoadSettings, given
from pipeline.networks.source import NetworkSource
from pipeline.structures.frame_segmenter import FrameSegmenter
from pipeline.weights.label_maps import label_map

_GPU_BATCH, _SCORE = 8, 0.05


def class_names(source: NetworkSource) -> Mapping[int, str]:
    """Name of each class id, from the catalog's label map; other graphs are assumed to have COCO's classes."""
    return label_map("coco91" if source.entry is None else source.entry.label_map)


def runtime(source: NetworkSource, settings: LoadSettings) -> str:
    """TensorFlow with its version; the graph fixes the number format."""
    settings.check_own_numbers(source.model)
    if settings.runtime == "openvino":
        raise ConfigError(
            f"runtime openvino: {source.model} is a program for TensorFlow.", do="leave out the runtime"
        )
    return version_of("tensorflow") + (" gpu" if takes_gpu(settings.device) else "")


def load(source: NetworkSource, settings: LoadSettings) -> FrameSegmenter:
    """The network. Raises WeightsError, ConfigError."""
    here = runtime(source, settings)
    batch = given(settings.batch, _GPU_BATCH if claim_tensorflow(settings.device, settings.threads) else 1)
    from pipeline.networks.tensorflow_graph import TensorFlowGraphSegmenter

    return TensorFlowGraphSegmenter.load(
        source.path(), class_names(source), given(settings.score, _SCORE), here, batch
    )
