"""The YOLO-seg kind: ONNX through OpenVINO, TFLite through LiteRT, on the CPU."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError

from pipeline.errors import ConfigError
from pipeline.networks.devices import version_of
from pipeline.networks.settings import LoadSettings, given
from pipeline.networks.source import NetworkSource
from pipeline.networks.yolo import YoloSegmenter, class_names_of
from pipeline.networks.yolo_file import read_yolo_file
from pipeline.networks.yolo_program import missing_package
from pipeline.structures.frame_segmenter import FrameSegmenter

_SCORE = 0.05

_PACKAGES = {"onnx": "openvino", "tflite": "ai-edge-litert"}


def class_names(source: NetworkSource) -> Mapping[int, str]:
    """Name of each class id from the file's metadata; COCO's if it has none."""
    return class_names_of(read_yolo_file(source.path()))


def runtime(source: NetworkSource, settings: LoadSettings) -> str:
    """The library that runs the file, with its version. Raises ConfigError for a GPU, WeightsError if it is missing."""
    settings.check_own_numbers(source.model)
    if settings.device == "gpu":
        raise ConfigError(f"device gpu: {source.model} runs on the CPU.", do="leave out --device")
    package = _PACKAGES[read_yolo_file(source.path()).kind]
    try:
        return f"{version_of(package)} float32"
    except PackageNotFoundError:
        raise missing_package(source.path(), package, "it is not installed") from None


def load(source: NetworkSource, settings: LoadSettings) -> FrameSegmenter:
    """The network. Raises WeightsError."""
    return YoloSegmenter.load(source.path(), given(settings.score, _SCORE), runtime(source, settings))
