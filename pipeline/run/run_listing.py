"""A listing to its outputs: thousands of videos of a storage, by this job and by others that were given the same."""

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
    OUTPUT_STORAGES,
    Address,
    in_full,
    is_address,
    place_of,
    recorded_place,
)
from pipeline.weights.digest import weights_digest

#: Where only videos are left that other jobs work on, they are looked at so often: one whose job died is taken over.
_WAIT_SECONDS = 5.0


def run_listing(request: JobRequest, listener: Listener, stop: StopSignal) -> ListingStatus:
    """Make an output of each video of a listing, and return when each is there or has failed, whoever made it.

    A video is one job's alone while it is worked on: a lock says so, which is free when its process dies.
    What an earlier job has made is not looked at again. Raises InterruptedRunError when the user stops it.
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
    """The videos of the listings that a job names, with the outputs that it makes of them.

    Raises UsageError for an output that is no folder of a storage, or lies within a listing.
    """
    output = str(request.output)
    if not (output.partition("://")[0] in OUTPUT_STORAGES and output.endswith("/")):
        raise UsageError(
            "The outputs of a listing go into a folder of a storage.",
            found=f"output {output}",
            do="name one, as in s3://bucket/masks/",
        )
    settings = _settings_mark(request)
    for name in request.inputs:
        if is_address(name) and output.startswith(name):
            raise UsageError(
                f"The outputs in {output} would be found by the listing of {name}.", do="name another folder"
            )
        for found in _objects(name):
            if PurePosixPath(found.url).suffix.lower() in VIDEO_SUFFIXES:
                if found.url.startswith(output):
                    raise UsageError(
                        f"{found.url} lies where the outputs go, and could be replaced by one.",
                        do="name another folder for them",
                    )
                target = output + _below(found.url, name)
                key = mark("listed", 1, *found, target, settings)
                yield ListedVideo(key, found.url, target, found.size, found.etag)


class _Job:
    """One job's work on a listing. busy_before : videos that others worked on in the round before."""

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
        """Make what nobody has made; the number of videos that other jobs work on. Jobs begin at different places."""
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
        """True for a video that is there, or has failed since this job began."""
        if outcome is None:
            return False
        is_old = self._request.settings.run.force or outcome.state == "failed"
        return outcome.at >= self._began or not is_old

    def _work(self, video: ListedVideo) -> bool:
        """Make an output, and write down how that ended; False where another job is at it."""
        claim = self._record.claim(video)
        try:
            with run_lock(claim):
                # Read again: another job may have ended it since its shard was read.
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
        """The end of a video; None where a job of another cluster's works on it."""
        try:
            with claimed(remote_claim(Address(video.output)), owner) as is_ours:
                return self._made(video) if is_ours else None
        except ConfigError:
            raise  # of the settings, which all videos share
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
    """The folder of the listing: the same for the same inputs, outputs and settings."""
    output = str(request.output).rstrip("/")
    name = output.rpartition("/")[2]
    same = mark("listing", 1, request.inputs, output, _settings_mark(request))
    return Path(request.settings.run.work_dir or "") / f"{name}.{same[:8]}{LISTING_SUFFIX}"


def _settings_mark(request: JobRequest) -> str:
    """A fingerprint of all that decides about an output but its source."""
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
    """The name of an output below the job's folder: as the source lies below its prefix, or in its storage."""
    whole = url.partition("://")[2] if is_address(url) else url.lstrip("/")
    path = url.removeprefix(listing) if url.startswith(listing) else whole
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{Path(name).stem}_seg.mp4"
