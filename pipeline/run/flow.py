"""The passes of a run: segment, track, label, render, join, mux, and publish. Start reading at PASSES, near the end.

Each function does its pass's work on one chunk, or on the whole film; the runner decides when, and whether at all.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from pipeline.files import digest_of, write_whole
from pipeline.proof.check_output import check_output
from pipeline.record.layout import RunLayout
from pipeline.record.ledger import Made
from pipeline.record.receipt import Receipt
from pipeline.run.passes import Bench, InDriver, InPool, OfFilm, Pass
from pipeline.run.pools import RENDER, SEGMENT
from pipeline.run.run import Run
from pipeline.run.work.class_map_frames import class_maps_needed, painted_class_maps, paints_class_maps
from pipeline.run.work.label_pass import label, planned_labels, tracks_ahead
from pipeline.run.work.render_worker import Rendered, RenderTask
from pipeline.run.work.segment_worker import Segmented, SegmentTask
from pipeline.run.work.track_pass import own_car, painted_frames, track, track_needs, tracks_needed
from pipeline.storage.objects import publish
from pipeline.store.class_maps import class_maps_beside, join_class_maps, write_class_maps
from pipeline.store.join import join_detections
from pipeline.store.region_picture import write_region
from pipeline.store.writer import write_detections
from pipeline.structures.chunk import Chunk
from pipeline.structures.spans import numbers_of
from pipeline.video.colour.tone_map import is_hdr
from pipeline.video.read.demux import cut_packets
from pipeline.video.read.plan import with_frame_before
from pipeline.video.write.mux import mux


def _segment_task(bench: Bench, chunk: Chunk) -> SegmentTask:
    run = bench.run
    packets = cut_packets(run.info, with_frame_before(run.info, chunk)) if bench.with_packets else None
    return SegmentTask(
        info=run.info,
        chunk=chunk,
        size=run.source.size,
        decode=run.settings.decode,
        key_frames=run.key_frames.intersection(range(chunk.start, chunk.stop)),
        packets=packets,
    )


def _store_detections(bench: Bench, chunk: Chunk, found: Segmented) -> Made:
    path = bench.run.layout.detections(chunk.index)
    header = bench.run.header(chunk.start, found.motions, found.edges)
    write_detections(path, header, found.frames)
    seconds = {"segment": found.seconds, "network": found.network_seconds}
    also, classes = tuple[Path, ...](), bench.run.network.classes
    if classes is not None:
        also = (class_maps_beside(path),)
        write_class_maps(also[0], header, classes, found.class_maps)
    return Made(path, seconds, found.damage, _notes(chunk, found), also=also, spent=found.spent)


def _notes(chunk: Chunk, found: Segmented) -> tuple[str, ...]:
    if not found.fitted:
        return ()
    spans = f"frames {chunk.start} to {chunk.stop - 1}"
    return (f"{found.fitted} of {spans} have another size than the first, and are scaled to it",)


def _join(bench: Bench) -> Made:
    """Join the tracks of all chunks in one file, which does not depend on the chunks, and draw the own car.

    That picture is not a product: no pass needs it, so deleting it causes no work.
    """
    run = bench.run
    parts = [bench.product("track", chunk) for chunk in run.chunks]
    join_detections(run.layout.joined, [part for part in parts if part.stat().st_size])
    also: tuple[Path, ...] = ()
    if run.network.classes is not None:
        also = (class_maps_beside(run.layout.joined),)
        found = [bench.product("segment", chunk) for chunk in run.chunks]
        join_class_maps(also[0], [class_maps_beside(part) for part in found])
    region = own_car(run)
    run.layout.own_car.unlink(missing_ok=True)
    if region is not None:
        write_region(run.layout.own_car, region, run.info.width, run.info.height)
    return Made(
        run.layout.joined,
        damage=bench.damage(),
        also=also,
        holds=(bench.marks["segment"], bench.marks["track"]),
    )


def _render_task(bench: Bench, chunk: Chunk) -> RenderTask:
    run = bench.run
    return RenderTask(
        info=run.info,
        chunk=chunk,
        size=run.source.size,
        tracks=painted_frames(bench, chunk),
        labels=planned_labels(bench, chunk),
        class_maps=painted_class_maps(bench, chunk),
        classes=run.network.classes,
        class_names=run.network.class_names,
        render=run.settings.render,
        encoder=run.encoder,
        decode=run.settings.decode,
        part=run.layout.part(chunk.index),
        packets=cut_packets(run.info, chunk) if bench.with_packets else None,
        left_out=left_out(bench, chunk),
    )


def _store_part(bench: Bench, chunk: Chunk, made: Rendered) -> Made:
    path = bench.run.layout.part(chunk.index)
    if made.content is not None:
        write_whole(path, made.content)
    return Made(path, {"render": made.seconds}, sha256=made.sha256, spent=made.spent)


def _mux(bench: Bench) -> Made:
    """Mux the parts with the other streams of the source, check the result, and only then give it its name."""
    run = bench.run
    seen = run.source.check()
    parts = [bench.product("render", chunk) for chunk in run.chunks]
    kept = [part for part in parts if part.stat().st_size]  # a part whose frames are all left out is empty
    # The output numbers frames from its own first.
    missing = frozenset(number - run.film.span[0] for number in left_out(bench))

    def prove(path: Path, streams: Collection[int]) -> tuple[str, ...]:
        notes = check_output(path, run.shown, streams, missing)
        run.source.check_still(seen)  # sound and other streams were copied from it meanwhile
        bench.intend("mux", digest_of(path))
        return notes

    notes = mux(
        run.shown,
        kept,
        run.layout.output,
        prove=prove,
        left_out=missing,
        folder=run.layout.folder,
        may_replace=bench.may_replace,
    )
    return Made(run.layout.output, notes=notes)


def _publish(bench: Bench) -> Made:
    """Upload the output to the storage, and keep the object's facts as a receipt."""
    run = bench.run
    assert run.destination is not None
    facts = publish(run.layout.output, run.destination, replace=run.settings.run.force)
    tag = facts.etag or digest_of(run.layout.output)
    Receipt(run.destination.url, facts.size, tag).write(run.layout.receipt)
    return Made(run.layout.receipt)


def left_out(bench: Bench, chunk: Chunk | None = None) -> frozenset[int]:
    """Numbers of the damaged frames, of a chunk or of all, that the output leaves out."""
    is_dropped = bench.run.settings.decode.damaged == "drop"
    return frozenset(numbers_of(bench.damage(chunk).missing) if is_dropped else ())


SEGMENT_PASS = Pass(
    name="segment",
    participle="segmented",
    release=6,
    work=InPool(SEGMENT, _segment_task, _store_detections),
    needs=lambda run, index: (),
    makes=RunLayout.detections,
    parts=lambda run: (
        run.source.sha256,
        run.network.sha256,
        run.network.runtime,
        run.settings.segment.score,
        run.settings.decode.deinterlace,
        is_hdr(run.info),
        run.settings.segment.every,
        *(() if run.film is run.info else (run.film.span,)),
        *(() if run.network.classes is None else ("class maps without black borders",)),
    ),
    kept_in="join",
)

TRACK_PASS = Pass(
    name="track",
    participle="tracked",
    release=11,
    work=InDriver(track),
    needs=track_needs,
    makes=RunLayout.tracks,
    parts=lambda run: (run.settings.track,),
    after=("segment",),
    kept_in="join",
)

JOIN_PASS = Pass(
    name="join",
    participle="joined",
    release=1,
    work=OfFilm(_join),
    needs=lambda run, _: (
        (name, chunk.index)
        for name in (("segment", "track") if run.network.classes else ("track",))
        for chunk in run.chunks
    ),
    makes=lambda layout, _: layout.joined,
    parts=lambda run: (),
    after=("track",),
)

LABEL_PASS = Pass(
    name="label",
    participle="labelled",
    release=9,
    work=InDriver(label),
    needs=lambda run, index: (tracks_ahead(run, index), *((("label", index - 1),) if index else ())),
    makes=RunLayout.labels,
    parts=lambda run: (run.settings.render,),
    after=("track",),
)

RENDER_PASS = Pass(
    name="render",
    participle="rendered",
    release=4,
    work=InPool(RENDER, _render_task, _store_part),
    needs=lambda run, index: (("label", index), tracks_needed(run, index), *class_maps_needed(run, index)),
    makes=RunLayout.part,
    parts=lambda run: (
        run.encoder,
        run.settings.decode.damaged,
        is_hdr(run.info) and run.settings.decode.tone_map,
        *(("class maps by vote",) if paints_class_maps(run) else ()),
    ),
    after=("label",),
)

MUX_PASS = Pass(
    name="mux",
    participle="muxed",
    release=3,
    work=OfFilm(_mux),
    needs=lambda run, _: (("join", None), *(("render", chunk.index) for chunk in run.chunks)),
    makes=lambda layout, _: layout.output,
    parts=lambda run: (
        [[chunk.start, chunk.stop] for chunk in run.chunks],
        run.layout.output.suffix,
        *(("times kept",) if run.film.excerpt is not None and run.film.excerpt.keeps_times else ()),
    ),
    after=("render",),
)

#: The flow: each pass leaves a finished file for each chunk, and the last one makes the output. The driver looks for
#: work in this order, so it joins while the workers are busy: only the last pass waits for that.
PASSES = (SEGMENT_PASS, TRACK_PASS, LABEL_PASS, RENDER_PASS, JOIN_PASS, MUX_PASS)

PUBLISH_PASS = Pass(
    name="publish",
    participle="published",
    release=1,
    work=OfFilm(_publish),
    needs=lambda run, _: (("mux", None),),
    makes=lambda layout, _: layout.receipt,
    parts=lambda run: (str(run.destination),),
    after=("mux",),
)


def passes_of(run: Run) -> tuple[Pass, ...]:
    """The passes of a run; one more if its output goes to a storage."""
    return PASSES if run.destination is None else (*PASSES, PUBLISH_PASS)
