"""Plan a run: check that it can work, and resolve its settings, without starting or writing anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from pipeline.errors import ConfigError
from pipeline.job.inputs import Pair
from pipeline.job.request import StoredWeights
from pipeline.job.resolve import resolve
from pipeline.job.settings import Settings
from pipeline.networks import registry
from pipeline.networks.settings import LoadSettings
from pipeline.record.layout import RunLayout
from pipeline.record.source_identity import SourceIdentity
from pipeline.render.drawn_view import DrawnView
from pipeline.run.run import Network, Run
from pipeline.segment.key_frames import film_key_frames
from pipeline.segment.network_classes import load_settings, network_classes
from pipeline.segment.settings import SegmentSettings
from pipeline.storage.frame_film import gaps_in
from pipeline.structures.address import FrameFolder, Place, in_full
from pipeline.structures.video_info import VideoInfo
from pipeline.video.colour.light_metadata import keeps_light
from pipeline.video.colour.tone_map import as_painted, is_hdr
from pipeline.video.cut.excerpt import excerpt
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe
from pipeline.video.read.source import size_of
from pipeline.video.settings import CHUNK_FRAMES
from pipeline.video.write.container import check_container, check_encoder
from pipeline.video.write.encoders import Encoder, probe_encoder, tells_fields
from pipeline.weights.digest import weights_digest


def plan_run(
    pair: Pair,
    settings: Settings,
    stored: StoredWeights | None = None,
    known: SourceIdentity | None = None,
    *,
    fetch: bool = True,
) -> Run:
    """The run that makes `pair.output`. Everything that could make it fail late is tried now.

    Raises InputError for a source that cannot be read, UsageError and ConfigError for what cannot be done with it,
    WeightsError for weights that cannot be had.

    Parameters
    ----------
    pair : the source and the output.
    settings : as they were asked for.
    stored : the weights, if stored detections are used instead.
    known : the source's identity in an earlier run, which saves hashing it again.
    fetch : download missing weights; otherwise their digest is left empty, in a plan that is never run.

    """
    resolved = resolve(settings)
    # Before the weights are downloaded: class names are known without them.
    view = _view(resolved, stored)
    resolved = resolved.with_changes({"render": {"view": view.name}})
    view.check(settings.render.classes)
    size = size_of(pair.source)
    info = probe(in_full(pair.source))
    film = excerpt(info, settings.decode)
    check_regions(settings.track.ignore_regions, info)
    network = _network(resolved.segment, stored, view, fetch)
    check = check_container(film, pair.output)
    check.refuse_losses(info, pair.output)
    tone_map, deinterlace = settings.decode.tone_map, settings.decode.deinterlace
    encoder = probe_encoder(as_painted(info, tone_map=tone_map, deinterlace=deinterlace), settings.encode)
    check_encoder(info, encoder.name, pair.output)
    source = SourceIdentity.of(pair.source, known)
    source.check_size(size)
    work_dir = Path(settings.run.work_dir) if settings.run.work_dir else None
    damage = (f"{pair.source}: {damage}" for damage in info.damage)
    return Run(
        asked=settings,
        settings=resolved,
        info=info,
        film=film,
        chunks=plan(film, settings.run.chunk_frames or CHUNK_FRAMES),
        key_frames=film_key_frames(film, resolved.segment.every or 1),
        source=source,
        network=network,
        encoder=encoder,
        layout=RunLayout.of(pair.output, work_dir, keeps_output=pair.destination is None),
        destination=pair.destination,
        warnings=(*damage, *check.warnings, *_warnings(pair.source, info, resolved, encoder)),
    )


def _view(settings: Settings, stored: StoredWeights | None) -> DrawnView:
    asked, model = settings.render.view, settings.segment.model
    if stored is None:
        return DrawnView.of(asked, model, *network_classes(model))
    return DrawnView.of(asked, model, stored.class_names, stored.classes)


def _network(
    settings: SegmentSettings, stored: StoredWeights | None, view: DrawnView, fetch: bool
) -> Network:
    """The network; stored class maps exist whatever is drawn."""
    if stored is not None:
        return Network(**vars(stored), stored=True)
    wanted = load_settings(settings, class_maps=view.classes is not None, film=True)
    return replace(_known_network(settings.model, wanted, fetch), classes=view.classes)


def _known_network(model: str, wanted: LoadSettings, fetch: bool) -> Network:
    source = registry.find_source(model)
    path = source.known_path()
    if not fetch and (path is None or not path.exists()):
        return Network(model, "", registry.class_names(source), registry.runtime_of(source, wanted))
    if path is None or not path.is_file():
        return _looked_at(model, wanted)
    status = path.stat()
    # The videos of a folder share a network: its file is read and hashed once, while it stays the same.
    return _known(model, wanted, source.loader, status.st_ino, status.st_size, status.st_ctime_ns)


@lru_cache(maxsize=4)
def _known(model: str, wanted: LoadSettings, *_: str | int) -> Network:
    return _looked_at(model, wanted)


def _looked_at(model: str, wanted: LoadSettings) -> Network:
    source = registry.find_source(model)
    runtime = registry.runtime_of(source, wanted)
    digest = weights_digest(model)  # fetches the weights
    registry.check_file(source)
    return Network(model, digest, registry.class_names(source), runtime)


def check_regions(regions: tuple[tuple[float, float, float, float], ...], info: VideoInfo) -> None:
    """Raise ConfigError for an ignored region that touches no pixel of the picture."""
    for left, top, width, height in regions:
        if left >= info.width or top >= info.height or left + width <= 0 or top + height <= 0:
            raise ConfigError(
                "An ignored region lies outside the picture.",
                found=f"{left:g},{top:g},{width:g},{height:g} in a picture of {info.width}x{info.height}",
                do="give x,y,width,height in pixels of the upright picture",
            )


def _warnings(source: Place, info: VideoInfo, settings: Settings, encoder: Encoder) -> Iterator[str]:
    """Warnings for the user, a sentence each."""
    if _is_program(settings.segment.model):
        yield f"{settings.segment.model} is a TensorFlow graph, which is a program: use it only if you trust it"
    if isinstance(info.path, FrameFolder):
        yield from _gaps(info.path)
    if info.interlaced:
        deinterlaced = settings.decode.deinterlace
        becomes = "is deinterlaced" if deinterlaced else "stays so; use --deinterlace to make it progressive"
        yield f"{source} is interlaced, and {becomes}"
        if not deinterlaced and not tells_fields(encoder):
            yield f"{source} is interlaced, which {encoder.name} cannot signal to players"
    for words in info.side_data:
        yield f"{source} has {words}, which is lost except for what a Matroska header keeps"
    if settings.decode.tone_map and not is_hdr(info):
        yield f"{source} is not HDR, so --tone-map leaves its colours as they are"
    light = as_painted(info, tone_map=settings.decode.tone_map).light
    if light is not None and not keeps_light(encoder.name):
        yield f"{source} has HDR's static metadata, which {encoder.name} cannot write; libx265 can"


def _gaps(place: FrameFolder) -> Iterator[str]:
    """A sentence about missing frame numbers, if there are any."""
    found = gaps_in(place)
    if found:
        (before, behind), plural = found[0], "s" * (len(found) != 1)
        yield (
            f"{place.folder}: frame numbers are missing in {len(found)} place{plural}, first between {before} and "
            f"{behind}; the film continues there without a pause"
        )


def _is_program(model: str) -> bool:
    """True for a path of weights that is a frozen graph or a SavedModel."""
    path = Path(model)
    return (path.is_file() and path.suffix == ".pb") or (path / "saved_model.pb").is_file()
