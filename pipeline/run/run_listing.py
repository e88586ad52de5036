"""Run a listing: thousands of videos of a storage, shared with other jobs that were given the same listing."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path, PurePosixPath

from pipeline.errors import ConfigError, InterruptedRunError, RunInTheWayError, UsageError
from pipeline.job.inputs import VIDEO_SUFFIXES, Pair, names_in
from pipeline.job.request import JobRequest
from pipeline.job.resolve import resolve
from pipeline.record.fingerprint import mark
from pipeline.record.listing import (
    LISTING_SUFFIX,
    SHARDS,
    ListedVideo,
    ListingRecord,
    ListingStatus,
    VideoOutcome,
)
from pipeline.record.lock import owner_of, run_lock
from pipeline.record.remote_run import remote_claim
from pipeline.run.pools import RunPools
from pipeline.run.report.events import Listed, Listener, SetAside, Skipped, VideoStarted
from pipeline.run.report.metrics import with_metrics
from pipeline.run.run_videos import OWN_TROUBLE, run_video
from pipeline.run.stopping import StopSignal
from pipeline.run.verdict import is_refused_unseen
from pipeline.run.work.meter import METER
from pipeline.storage.claim import claimed
from pipeline.storage.listing import ListedObject, objects_below
from pipeline.structures.address import (
    Address,
    in_full,
    is_address,
    place_of,
    recorded_place,
)
from pipeline.weights.digest import weights_digest

#: Interval at which videos that other jobs work on are checked; those of a job that died are taken over.
_WAIT_SECONDS = 5.0


def run_listing(request: JobRequest, listener: Listener, stop: StopSignal) -> ListingStatus:
    """Make the outputs of a listing; return when each is made or has failed, by whichever job.

    A lock makes sure that one job works on a video; it is released if that process dies. Outputs of earlier jobs are
    not checked again. Raises InterruptedRunError when the user stops it.
    """
    METER.restart()
    listener = with_metrics(listener, request.settings.run)
    record = ListingRecord(_folder(request))
    plan = record.write(request.inputs, str(request.output), listed_videos(request))
    listener.tell(Listed(str(record.folder), plan.videos, plan.nbytes))
    job = _Job(request, record, plan.videos, listener, stop)
    try:
        while busy := job.go_round():
            if busy == job.busy_before:
                time.sleep(_WAIT_SECONDS)
            job.busy_before = busy
    finally:
        job.pools.close()
    return record.status()


def listed_videos(request: JobRequest) -> Iterator[ListedVideo]:
    """The videos of a job's listings, with their outputs. Raises UsageError as `videos_and_targets` does."""
    settings = _settings_mark(request)
    for found, target in videos_and_targets(request):
        key = mark("listed", 1, *found, target, settings)
        yield ListedVideo(key, found.url, target, found.size, found.etag)


def videos_and_targets(request: JobRequest) -> Iterator[tuple[ListedObject, str]]:
    """The videos of a job's listings and where their outputs go; no weights are needed for it.

    Raises UsageError unless the output is a folder of a storage that is not part of a listing.
    """
    output = str(request.output)
    if not (is_address(output) and output.endswith("/")):
        raise UsageError(
            "The outputs of a listing must go to a folder of a storage.",
            found=f"output {output}",
            do="name one, as in s3://bucket/masks/",
        )
    for name in request.inputs:
        if is_address(name) and output.startswith(name):
            raise UsageError(
                f"The listing of {name} would contain the outputs in {output}.", do="name another folder"
            )
        for found in _objects(name):
            if PurePosixPath(found.url).suffix.lower() in VIDEO_SUFFIXES:
                if found.url.startswith(output):
                    raise UsageError(
                        f"{found.url} lies in the folder of the outputs, where it could be replaced.",
                        do="name another folder for the outputs",
                    )
                yield found, output + _below(found.url, name)


class _Job:
    """One job's share of a listing. busy_before : videos that other jobs worked on in the round before."""

    def __init__(
        self,
        request: JobRequest,
        record: ListingRecord,
        videos: int,
        listener: Listener,
        stop: StopSignal,
    ) -> None:
        self.pools, self.busy_before = RunPools(request.settings), 0
        self._request, self._record, self._listener, self._stop = request, record, listener, stop
        self._began, self._count, self._videos = time.time(), 0, videos

    def go_round(self) -> int:
        """Make what is not made yet, starting at a random shard; the number of videos that other jobs work on."""
        busy, first = 0, random.randrange(SHARDS)  # noqa: S311 - nothing secret
        for step in range(SHARDS):
            shard = (first + step) % SHARDS
            known = self._record.outcomes(shard)
            for video in self._record.shard(shard):
                if self._is_through(known.get(video.key)):
                    continue
                if self._stop.asked:
                    raise InterruptedRunError("Stopped.", do="run the same command again to go on")
                busy += not self._work(video)
        return busy

    def _is_through(self, outcome: VideoOutcome | None) -> bool:
        """True for a video that is made, or has failed since this job began."""
        if outcome is None:
            return False
        is_old = self._request.settings.run.force or outcome.state == "failed"
        return outcome.at >= self._began or not is_old

    def _work(self, video: ListedVideo) -> bool:
        """Make an output and record the outcome; False if another job is working on it."""
        claim = self._record.claim(video)
        try:
            with run_lock(claim):
                # Read again: another job may have finished it since the shard was read.
                if not self._is_through(self._record.outcomes(video.shard).get(video.key)):
                    outcome = self._outcome(video, owner_of(claim))
                    if outcome is None:
                        return False
                    self._record.add(video, outcome)
                claim.unlink()
        except RunInTheWayError:
            return False
        return True

    def _outcome(self, video: ListedVideo, owner: str) -> VideoOutcome | None:
        """The outcome of a video; None if a job elsewhere is working on it."""
        try:
            with claimed(remote_claim(Address(video.output)), owner) as is_ours:
                return self._made(video) if is_ours else None
        except ConfigError:
            raise  # about the settings, which all videos share
        except OWN_TROUBLE as error:
            self._listener.tell(SetAside(video.source, str(error)))
            return VideoOutcome(video.key, "failed", time.time(), error=str(error))

    def _made(self, video: ListedVideo) -> VideoOutcome:
        pair = Pair(recorded_place(video.source), self._record.output_of(video), Address(video.output))
        self._count += 1
        self._listener.tell(VideoStarted(video.source, self._count, self._videos))
        if is_refused_unseen(pair, self._request.settings.run):
            self._listener.tell(Skipped(video.output))
            return VideoOutcome(video.key, "skipped", time.time())
        result = run_video(pair, self._request, self.pools, self._listener, self._stop)
        frames = 0 if result.facts is None else result.facts.frames
        return VideoOutcome(video.key, result.state, time.time(), frames)


def _folder(request: JobRequest) -> Path:
    """The folder of the listing's record, which depends on inputs, outputs and settings."""
    output = str(request.output).rstrip("/")
    name = output.rpartition("/")[2]
    same = mark("listing", 1, request.inputs, output, _settings_mark(request))
    return Path(request.settings.run.work_dir or "") / f"{name}.{same[:8]}{LISTING_SUFFIX}"


def _settings_mark(request: JobRequest) -> str:
    """A fingerprint of everything but the source that an output depends on."""
    settings = resolve(request.settings)
    values = asdict(replace(settings, run=type(settings.run)()))
    return mark("settings", 1, values, weights_digest(settings.segment.model))


def _objects(name: str) -> Iterator[ListedObject]:
    if is_address(name):
        yield from objects_below(name)
        return
    for line in names_in(name):
        yield ListedObject(str(in_full(place_of(line))), None, None)


def _below(url: str, listing: str) -> str:
    """The path of an output below the job's folder: that of the source below its prefix, or in its storage."""
    whole = url.partition("://")[2] if is_address(url) else url.lstrip("/")
    path = url.removeprefix(listing) if url.startswith(listing) else whole
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{Path(name).stem}_seg.mp4"
