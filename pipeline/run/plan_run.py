"""A source, an output and settings to a Run, or an error that tells what cannot work; nothing is started or written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from pipeline.errors import ConfigError, UsageError
from pipeline.job.inputs import Pair
from pipeline.job.request import StoredWeights
from pipeline.job.resolve import resolve
from pipeline.job.settings import Settings
from pipeline.networks import registry
from pipeline.networks.settings import LoadSettings
from pipeline.record.layout import RunLayout
from pipeline.record.source_identity import SourceIdentity
from pipeline.render.settings import possible_view
from pipeline.run.run import Network, Run
from pipeline.segment.settings import SegmentSettings
from pipeline.structures.address import Place, in_full
from pipeline.structures.pixel_classes import PixelClasses
from pipeline.structures.video_info import VideoInfo
from pipeline.track.key_frames import key_frames
from pipeline.video.colour.light_metadata import keeps_light
from pipeline.video.colour.tone_map import as_painted, is_hdr
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe
from pipeline.video.read.source import size_of
from pipeline.video.settings import CHUNK_FRAMES
from pipeline.video.write.container import check_container
from pipeline.video.write.encoders import Encoder, probe_encoder, tells_fields
from pipeline.weights.digest import weights_digest


def plan_run(
    pair: Pair,
    settings: Settings,
    stored: StoredWeights | None = None,
    known: SourceIdentity | None = None,
) -> Run:
    """The run that makes `pair.output`. Whatever could make it fail at its end is tried now.

    Raises InputError for a source that cannot be read, UsageError and ConfigError for what cannot be done with it,
    WeightsError for weights that cannot be had.

    Parameters
    ----------
    pair : the source and the output.
    settings : as they were asked for.
    stored : the weights, where stored detections stand for them.
    known : the source's identity as an earlier run wrote it down, which spares hashing it again.

    """
    resolved = resolve(settings)
    # Before the weights are fetched: names of classes are known without them.
    names, classes = _known_classes(resolved.segment.model, stored)
    view = possible_view(
        settings.render.view, resolved.segment.model, objects=bool(names), classes=classes is not None
    )
    resolved = resolved.with_changes({"render": {"view": view}})
    _check_classes(settings.render.classes, _drawn_names(view, names, classes))
    network = _network(resolved.segment, stored, classes if view != "instances" else None)
    size = size_of(pair.source)
    info = probe(in_full(pair.source))
    _check_regions(settings.track.ignore_regions, info)
    check = check_container(info, pair.output)
    if check.problems:
        raise UsageError(
            f"{pair.output.suffix} cannot hold all of {pair.source}.",
            found="; ".join(check.problems),
            do="name the output as it says",
        )
    decode = settings.decode
    painted = as_painted(info, tone_map=decode.tone_map, deinterlace=decode.deinterlace)
    encoder = probe_encoder(painted, settings.encode)
    source = SourceIdentity.of(pair.source, known)
    source.check_size(size)
    work_dir = Path(settings.run.work_dir) if settings.run.work_dir else None
    damage = (f"{pair.source}: {damage}" for damage in info.damage)
    return Run(
        asked=settings,
        settings=resolved,
        info=info,
        chunks=plan(info, settings.run.chunk_frames or CHUNK_FRAMES),
        key_frames=_key_frames(info, resolved.segment.every or 1),
        source=source,
        network=network,
        encoder=encoder,
        layout=RunLayout.of(pair.output, work_dir),
        warnings=(*damage, *check.warnings, *_warnings(pair.source, info, resolved, encoder)),
    )


def _known_classes(model: str, stored: StoredWeights | None) -> tuple[Mapping[int, str], PixelClasses | None]:
    """Names of the objects that are found, and the classes that pixels are given."""
    if stored is not None:
        return stored.class_names, stored.classes
    return registry.class_names(model), registry.pixel_classes(model)


def _drawn_names(view: str, names: Mapping[int, str], classes: PixelClasses | None) -> list[tuple[int, str]]:
    """Number and name of each class that a view can draw."""
    objects = [] if view == "semantic" else list(names.items())
    return [*objects, *(enumerate(classes.names) if classes is not None and view != "instances" else ())]


def _network(
    settings: SegmentSettings, stored: StoredWeights | None, classes: PixelClasses | None
) -> Network:
    """The network. classes : of the class maps that it is asked for; stored ones are there whatever is drawn."""
    if stored is not None:
        return Network(**vars(stored), stored=True)
    wanted = LoadSettings(
        device=settings.device, precision=settings.precision, pixel_classes=classes is not None
    )
    return replace(_known_network(settings.model, wanted), classes=classes)


def _known_network(model: str, wanted: LoadSettings) -> Network:
    source = registry.find_source(model)
    path = source.known_path()
    if path is None or not path.is_file():
        return _looked_at(model, wanted)
    status = path.stat()
    # A folder of videos has one network: its file is read and counted once, as long as it stays the same.
    return _known(model, wanted, source.loader, status.st_ino, status.st_size, status.st_ctime_ns)


@lru_cache(maxsize=4)
def _known(model: str, wanted: LoadSettings, *_: str | int) -> Network:
    return _looked_at(model, wanted)


def _looked_at(model: str, wanted: LoadSettings) -> Network:
    source = registry.find_source(model)
    runtime = registry.runtime_of(source, wanted)
    digest = weights_digest(model)  # fetches the weights
    network = registry.describe(source)
    return Network(model, digest, network.class_names, runtime, network.arrays_sha256)


def _key_frames(info: VideoInfo, every: int) -> frozenset[int]:
    """Numbers of the frames that the network looks at."""
    return frozenset(key_frames([float(info.seconds(number)) for number in range(info.frame_count)], every))


def _check_classes(asked: tuple[str | int, ...], names: Sequence[tuple[int, str]]) -> None:
    """Raise ConfigError for classes that the network does not find, all of them at once."""
    known = {word.lower() for key, name in names for word in (str(key), name)}
    wrong = [str(name) for name in asked if str(name).strip().lower() not in known]
    if not wrong:
        return
    near = [get_close_matches(name.lower(), sorted(known), n=1) for name in wrong]
    guesses = [f"did you mean {match[0]}?" for match in near if match]
    raise ConfigError(
        f"The network finds no {' and no '.join(wrong)}.",
        found=f"it finds {', '.join(sorted({name for _, name in names}))}",
        do=" ".join(guesses) or "choose from these",
    )


def _check_regions(regions: tuple[tuple[float, float, float, float], ...], info: VideoInfo) -> None:
    """Raise ConfigError for an ignored region that touches no pixel of the picture."""
    for left, top, width, height in regions:
        if left >= info.width or top >= info.height or left + width <= 0 or top + height <= 0:
            raise ConfigError(
                "An ignored region lies outside of the picture.",
                found=f"{left:g},{top:g},{width:g},{height:g} in a picture of {info.width}x{info.height}",
                do="give x,y,width,height in pixels of the upright picture",
            )


def _warnings(source: Place, info: VideoInfo, settings: Settings, encoder: Encoder) -> Iterator[str]:
    """Sentences for the user before anything is inferred."""
    if _is_program(settings.segment.model):
        yield f"{settings.segment.model} is a TensorFlow graph: a program, so use it only if you trust it"
    if info.interlaced:
        deinterlaced = settings.decode.deinterlace
        becomes = "is deinterlaced" if deinterlaced else "stays so; --deinterlace makes it progressive"
        yield f"{source} is interlaced, and {becomes}"
        if not deinterlaced and not tells_fields(encoder):
            yield f"{source} is interlaced, which {encoder.name} cannot tell players here"
    for words in info.side_data:
        yield f"{source} has {words}, which is lost but for what Matroska's header hands on"
    if settings.decode.tone_map and not is_hdr(info):
        yield f"{source} is not HDR: --tone-map has nothing to map, and its colours stay as they are"
    light = as_painted(info, tone_map=settings.decode.tone_map).light
    if light is not None and not keeps_light(encoder.name):
        yield f"{source} has HDR's static metadata, which {encoder.name} cannot write; libx265 can"


def _is_program(model: str) -> bool:
    """True for weights of the user's that are a frozen graph or a SavedModel."""
    path = Path(model)
    return (path.is_file() and path.suffix == ".pb") or (path / "saved_model.pb").is_file()
