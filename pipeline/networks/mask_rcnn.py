"""The Mask R-CNN kinds: torchvision's `.pth`, matterport's `.h5`, our `.safetensors`; on OpenVINO or through Keras."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from pipeline.cores import usable_cores
from pipeline.errors import ConfigError
from pipeline.formats.branch_file import branch_path, checked_trunk
from pipeline.formats.own_file import read_metadata
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.frames import config_class_names
from pipeline.model.precision import cpu_precision, resolve_precision
from pipeline.model.presets import for_stills
from pipeline.networks import semantic
from pipeline.networks.checkpoint_config import SEMANTIC, checkpoint_config, published_config
from pipeline.networks.devices import claim_backend, computing_runtime, keras_backend, takes_gpu, version_of
from pipeline.networks.settings import LoadSettings, given
from pipeline.networks.source import NetworkSource
from pipeline.structures.frame_segmenter import FrameSegmenter
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.weights.digest import weights_digest
from pipeline.weights.label_maps import label_map

_GPU_BATCH = 8


def class_names(source: NetworkSource) -> Mapping[int, str]:
    """Name of each class id, from the label map of a published checkpoint or the header of our own file."""
    return config_class_names(_config(source))


def pixel_classes(source: NetworkSource) -> PixelClasses | None:
    """The pixel classes of its branch; None if it has none. Raises WeightsError."""
    branch = branch_source(source)
    return None if branch is None else semantic.pixel_classes(branch)


def runtime(source: NetworkSource, settings: LoadSettings) -> str:
    """OpenVINO or the Keras backend with version and number format; stills, if they are; the branch for class maps."""
    branch = branch_source(source) if settings.pixel_classes else None
    stills = " stills" if _is_for_stills(source, settings) else ""
    classes = "" if branch is None else f" classes {weights_digest(str(branch.path()))[:12]}"
    return _runtime_of_objects(source, settings) + stills + classes


def _runtime_of_objects(source: NetworkSource, settings: LoadSettings) -> str:
    on_openvino = computing_runtime(settings) == "openvino"
    if settings.precision == "int8":
        return _int8_runtime(source, on_openvino)
    if on_openvino:
        return f"{version_of('openvino')} {cpu_precision(settings.precision)}"
    backend = keras_backend()
    if takes_gpu(settings.device):
        return f"{version_of(backend)} gpu {settings.precision}"
    return f"{version_of(backend)} {cpu_precision(settings.precision)}"


def _int8_runtime(source: NetworkSource, on_openvino: bool) -> str:
    from pipeline.networks.programs import int8_path

    if on_openvino and int8_path(source) is not None:
        return f"{version_of('openvino')} int8"
    raise ConfigError(
        f"precision int8: {source.model} cannot run in it here.",
        found="no 8-bit program for it" if on_openvino else "a runtime other than OpenVINO",
        do="leave out the precision" if on_openvino else "use --device cpu, or leave out the precision",
    )


def load(source: NetworkSource, settings: LoadSettings) -> FrameSegmenter:
    """The network. Raises WeightsError, ConfigError."""
    here = runtime(source, settings)
    branch = branch_source(source) if settings.pixel_classes else None
    if computing_runtime(settings) == "openvino":
        return _on_openvino(source, branch, settings, here)
    from pipeline.model.semantic.paired import PairedNetworks

    objects = _through_keras(source, settings, here)
    return objects if branch is None else PairedNetworks(objects, semantic.load_classifier(branch, settings))


def branch_source(source: NetworkSource) -> NetworkSource | None:
    """Source of a network's branch for pixel classes; None if it has none. Nothing is downloaded."""
    path = source.known_path()
    branch = branch_path(path) if source.kind == "own" and path is not None else None
    return None if branch is None else NetworkSource(str(branch), SEMANTIC, semantic.__name__)


def _on_openvino(
    source: NetworkSource, branch: NetworkSource | None, settings: LoadSettings, here: str
) -> FrameSegmenter:
    """The network on OpenVINO, without importing TensorFlow or Keras; missing programs are made by another process."""
    from pipeline.model.staged.compiled import CompiledStages
    from pipeline.model.staged.panoptic import PanopticPredictor
    from pipeline.model.staged.predictor import StagedPredictor
    from pipeline.model.staged.shapes import StageShapes
    from pipeline.networks.programs import find_int8_program, find_program

    config = _adapted(_config(source), source, settings)
    # The 8-bit graphs keep some operations, and both heads, in float32.
    find, precision = (
        (find_int8_program, "float32")
        if settings.precision == "int8"
        else (find_program, cpu_precision(settings.precision))
    )
    cores = settings.threads or usable_cores()
    callers = min(given(settings.callers, cores), cores)

    def compiled(canvas: tuple[int, int]) -> CompiledStages:
        graphs = dict(find(source, canvas))
        if branch is not None:
            graphs |= find_program(branch, canvas)
        return CompiledStages(graphs, StageShapes.of(config, canvas), precision, callers, cores // callers)

    if branch is None:
        return StagedPredictor(config, compiled, here, callers)
    checked_trunk(branch.path(), read_metadata(branch.path()), source.path())
    return PanopticPredictor(config, compiled, here, callers, semantic.pixel_classes(branch))


def _through_keras(source: NetworkSource, settings: LoadSettings, here: str) -> FrameSegmenter:
    on_gpu = claim_backend(settings.device, settings.threads)
    from pipeline.model.predictor import MaskRCNNPredictor
    from pipeline.networks.checkpoint import load_checkpoint

    model = load_checkpoint(
        source.path(),
        source.kind,
        classes=_published_names(source),
        precision=resolve_precision(settings.precision),
        adapt=partial(_adapted, source=source, settings=settings),
    )
    batch = given(settings.batch, _GPU_BATCH if on_gpu else 1)
    return MaskRCNNPredictor(model, batch, settings.jit, here)


def _adapted(config: MaskRCNNConfig, source: NetworkSource, settings: LoadSettings) -> MaskRCNNConfig:
    """The config with the settings applied. A published network computes what its source does, whatever it looks at."""
    return settings.adapt(for_stills(config) if _is_for_stills(source, settings) else config)


def _is_for_stills(source: NetworkSource, settings: LoadSettings) -> bool:
    return source.kind == "own" and not settings.film


def _config(source: NetworkSource) -> MaskRCNNConfig:
    if source.entry is not None and source.kind != "own":
        return published_config(source.kind, label_map(source.entry.label_map))
    return checkpoint_config(source.path(), source.kind, _published_names(source))


def _published_names(source: NetworkSource) -> Mapping[int, str] | None:
    return None if source.entry is None else label_map(source.entry.label_map)
