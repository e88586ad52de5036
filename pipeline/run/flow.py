"""The passes of a run, in order: probe and plan, segment, track, render, join, mux.

Each function does one pass's own part for a run, or one chunk of it, and knows nothing of when or whether.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.files import write_whole
from pipeline.job.inputs import Pair
from pipeline.job.spec import JobSpec
from pipeline.proof.check_output import check_output
from pipeline.record.fingerprint import Fingerprints
from pipeline.record.layout import RunLayout
from pipeline.record.manifest import Manifest, SourceIdentity
from pipeline.record.versions import versions
from pipeline.run.render_worker import RenderTask
from pipeline.run.segment_worker import SegmentTask
from pipeline.store.header import Header
from pipeline.store.join import join_detections
from pipeline.store.reader import DetectionsFile
from pipeline.store.writer import write_detections, write_tracks
from pipeline.structures.chunk import Chunk
from pipeline.structures.detections import Detections
from pipeline.structures.frame_damage import FrameDamage
from pipeline.structures.spans import numbers_of
from pipeline.structures.video_info import VideoInfo
from pipeline.track.state import TrackerState
from pipeline.track.tracker import Tracker
from pipeline.video.colour.light_metadata import keeps_light
from pipeline.video.colour.tone_map import is_hdr, shown
from pipeline.video.read.demux import cut_packets
from pipeline.video.read.plan import DEFAULT_CHUNK_FRAMES, plan
from pipeline.video.read.probe import probe
from pipeline.video.write.container import check_container
from pipeline.video.write.encoders import Encoder, probe_encoder
from pipeline.video.write.mux import mux
from pipeline.weights.digest import weights_digest


@dataclass(frozen=True, eq=False)
class Run:
    """A video on its way: everything that is known before the first frame is inferred."""

    spec: JobSpec
    info: VideoInfo
    chunks: tuple[Chunk, ...]
    source: SourceIdentity
    weights: str
    encoder: Encoder
    prints: Fingerprints
    layout: RunLayout
    warnings: tuple[str, ...]

    @property
    def shown(self) -> VideoInfo:
        """The source as its frames are painted, encoded and checked."""
        return shown(self.info, tone_map=self.spec.decode.tone_map)

    def manifest(self) -> Manifest:
        """What is written down about it."""
        return Manifest(
            source=self.source,
            output=str(self.layout.output),
            settings=asdict(self.spec),
            weights={"model": self.spec.segment.model, "sha256": self.weights},
            fingerprints=asdict(self.prints),
            chunks=[[chunk.start, chunk.stop] for chunk in self.chunks],
            frames=self.info.frame_count,
            seconds=float(self.info.duration_seconds),
            versions=versions(),
        )


def prepare(pair: Pair, spec: JobSpec, known: SourceIdentity | None = None) -> Run:
    """Probe the source and plan the run; whatever could make it fail at its end is tried now.

    known : the source's identity as an earlier run wrote it down.
    """
    size = pair.source.stat().st_size if pair.source.exists() else 0
    info = probe(pair.source.absolute())
    chunks = plan(info, spec.run.chunk_frames or DEFAULT_CHUNK_FRAMES)
    check = check_container(info, pair.output)
    if check.problems:
        raise UsageError(
            f"{pair.output.suffix} cannot hold all of {pair.source}.",
            found="; ".join(check.problems),
            do="name the output as it says",
        )
    becomes = shown(info, tone_map=spec.decode.tone_map)
    encoder = probe_encoder(becomes, spec.encode)
    source = SourceIdentity.of(pair.source, known)
    source.check_size(size)
    spec = replace(
        spec,
        inputs=(str(info.path),),
        output=str(pair.output.absolute()),
        segment=replace(spec.segment, model=_whole_path(spec.segment.model)),
    )
    weights = spec.weights or weights_digest(spec.segment.model)
    prints = Fingerprints.of(
        source.sha256,
        weights,
        spec.segment.score,
        spec.track,
        spec.render,
        encoder,
        spec.decode,
        chunks,
        pair.output.suffix,
        is_hdr(info),
    )
    work_dir = Path(spec.run.work_dir) if spec.run.work_dir else None
    layout = RunLayout.of(pair.output, work_dir)
    damage = (f"{pair.source}: {damage}" for damage in info.damage)
    warnings = (*damage, *check.warnings, *_warnings(pair.source, info, spec, encoder))
    return Run(spec, info, chunks, source, weights, encoder, prints, layout, warnings)


def _warnings(source: Path, info: VideoInfo, spec: JobSpec, encoder: Encoder) -> Iterator[str]:
    """What the user should know before anything is inferred, a sentence each."""
    if _is_program(spec.segment.model):
        yield f"{spec.segment.model} is a TensorFlow graph: a program, so use it only if you trust it"
    if info.interlaced:
        deinterlaced = spec.decode.deinterlace
        becomes = "is deinterlaced" if deinterlaced else "stays so; --deinterlace makes it progressive"
        yield f"{source} is interlaced, and {becomes}"
    if spec.decode.tone_map and not is_hdr(info):
        yield f"{source} is not HDR: --tone-map has nothing to map, and its colours stay as they are"
    light = shown(info, tone_map=spec.decode.tone_map).light
    if light is not None and not keeps_light(encoder.name):
        yield f"{source} has HDR's static metadata, which {encoder.name} cannot write; libx265 can"


def segment_task(run: Run, chunk: Chunk, with_packets: bool) -> SegmentTask:
    """What a worker needs to look at a chunk."""
    packets = cut_packets(run.info, chunk) if with_packets else None
    return SegmentTask(run.info, chunk, run.source.size, run.spec.decode, packets)


def store_detections(
    run: Run, chunk: Chunk, frames: Sequence[Detections], class_names: Mapping[int, str]
) -> Path:
    """Keep what was found in a chunk."""
    path = run.layout.detections(chunk.index)
    write_detections(path, _header(run, chunk, class_names), frames)
    return path


def track(run: Run, chunk: Chunk, detections: Path) -> Path:
    """Follow the objects through a chunk, on from where the chunk before it left them."""
    with DetectionsFile(detections) as file:
        names, frames = file.header.class_names, file.read(chunk.start, chunk.stop)
    tracker = Tracker(run.spec.track, names)
    before = run.layout.tracker_state(chunk.index - 1)
    state = TrackerState.from_json(before.read_text()) if chunk.index else tracker.start()
    seconds = (float(run.info.seconds(number)) for number in range(chunk.start, chunk.stop))
    state, tracked = tracker.follow(state, zip(seconds, frames, strict=True))
    path = run.layout.tracks(chunk.index)
    write_whole(run.layout.tracker_state(chunk.index), state.to_json().encode())
    write_tracks(path, _header(run, chunk, names), tracked)
    return path


def render_task(run: Run, chunk: Chunk, tracks: Path, damage: FrameDamage, with_packets: bool) -> RenderTask:
    """What a worker needs to paint and encode a chunk; `tracks` is a file that holds its frames."""
    with DetectionsFile(tracks) as file:
        names, frames = dict(file.header.class_names), file.read_tracks(chunk.start, chunk.stop)
    packets = cut_packets(run.info, chunk) if with_packets else None
    return RenderTask(
        info=run.info,
        chunk=chunk,
        size=run.source.size,
        tracks=frames,
        class_names=names,
        render=run.spec.render,
        encoder=run.encoder,
        decode=run.spec.decode,
        scratch=run.layout.work,
        packets=packets,
        left_out=left_out(run, damage),
    )


def left_out(run: Run, damage: FrameDamage) -> frozenset[int]:
    """Numbers of the damaged frames that the output is not to show."""
    return frozenset(numbers_of(damage.missing) if run.spec.decode.damaged == "drop" else ())


def store_part(run: Run, chunk: Chunk, part: bytes) -> Path:
    """Keep a chunk's painted video."""
    path = run.layout.part(chunk.index)
    write_whole(path, part)
    return path


def join(run: Run) -> Path:
    """All chunks' tracks as one file, the same however the video was cut."""
    join_detections(run.layout.joined, [run.layout.tracks(chunk.index) for chunk in run.chunks])
    return run.layout.joined


def finish(run: Run, damage: FrameDamage) -> tuple[str, ...]:
    """The output, checked and under its name; what the user should know about it, a sentence each."""
    run.source.check()
    parts = [run.layout.part(chunk.index) for chunk in run.chunks]
    kept = [part for part in parts if part.stat().st_size]  # one of which all frames are left out is empty
    missing = left_out(run, damage)

    def prove(path: Path, streams: Collection[int]) -> tuple[str, ...]:
        return check_output(path, run.shown, streams, missing)

    return mux(run.shown, kept, run.layout.output, prove=prove, left_out=missing, overwrite=True)


def _header(run: Run, chunk: Chunk, class_names: Mapping[int, str]) -> Header:
    return Header(
        width=run.info.width,
        height=run.info.height,
        time_base=run.info.time_base,
        first_frame=chunk.start,
        pts=run.info.pts[chunk.start : chunk.stop],
        class_names=dict(class_names),
    )


def _is_program(model: str) -> bool:
    """Whether weights of the user's are a frozen graph or a SavedModel."""
    path = Path(model)
    return (path.is_file() and path.suffix == ".pb") or (path / "saved_model.pb").is_file()


def _whole_path(model: str) -> str:
    """A path of weights from the root on, so that the run can be resumed from anywhere; a name as it is."""
    return str(Path(model).absolute()) if Path(model).exists() else model
