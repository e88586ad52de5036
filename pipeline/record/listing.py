"""ListingRecord: the videos of a listing in shards, and the outcome of each; several jobs can share it."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Literal, TypeVar

from pipeline.errors import RunInTheWayError, UsageError, WriteError
from pipeline.files import PRIVATE, whole_stream, write_whole
from pipeline.loading.typed_json import typed_json
from pipeline.record.layout import check_private
from pipeline.record.own_file import read_own
from pipeline.structures.address import Address

#: Ending of the folder of a listing.
LISTING_SUFFIX = ".seg-listing"

#: The shard follows from the digest of the output, so that two videos with one output meet in the same shard.
SHARDS = 64


@dataclass(frozen=True)
class ListedVideo:
    """A video of a listing. key : a fingerprint of the object, its output and the job's settings.

    size, etag : of the object, if the listing has them.
    """

    key: str
    source: str
    output: str
    size: int | None = None
    etag: str | None = None

    @property
    def shard(self) -> int:
        """The number of its shard."""
        return hashlib.sha256(self.output.encode()).digest()[0] % SHARDS


@dataclass(frozen=True)
class VideoOutcome:
    """The outcome of one video. state : as in VideoResult. at : seconds since 1970. error : why it failed."""

    key: str
    state: Literal["made", "kept", "skipped", "failed"]
    at: float
    frames: int = 0
    error: str | None = None


@dataclass(frozen=True)
class ListingPlan:
    """A listing as it was read. inputs, output : as asked for. videos, nbytes : their number and total size."""

    inputs: tuple[str, ...]
    output: str
    videos: int
    nbytes: int
    at: float


@dataclass(frozen=True)
class ListingStatus:
    """The state of a listing. states : number of videos by outcome. frames : of all finished videos."""

    folder: str
    output: str
    videos: int
    frames: int
    states: Mapping[str, int] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """Number of videos that are unfinished or failed."""
        return self.videos - sum(count for state, count in self.states.items() if state != "failed")


class ListingRecord:
    """The files of a listing in `folder`: plan.json, shards/NN.jsonl, outcomes/NN.jsonl, runs, claims.

    Never more than one shard is in memory.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    def write(self, inputs: tuple[str, ...], output: str, videos: Iterable[ListedVideo]) -> ListingPlan:
        """Write the shards, then the plan; the order of the videos does not matter.

        Raises UsageError if two videos would share an output, RunInTheWayError for a folder of another user.
        """
        for name in ("", "shards", "outcomes", "claims"):
            folder = self.folder / name
            folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            check_private(folder)
        count = nbytes = 0
        with ExitStack() as stack:
            streams = [stack.enter_context(whole_stream(self._shard(number))) for number in range(SHARDS)]
            for video in videos:
                streams[video.shard].write(_line(video))
                count, nbytes = count + 1, nbytes + (video.size or 0)
            for stream in streams:
                stream.flush()
                _sort(Path(stream.name))
        plan = ListingPlan(inputs, output, count, nbytes, time.time())
        write_whole(self.folder / "plan.json", (json.dumps(asdict(plan), indent=1) + "\n").encode())
        return plan

    def plan(self) -> ListingPlan:
        """The plan. Raises RunInTheWayError if there is none or it cannot be read."""
        try:
            return typed_json(ListingPlan, read_own(self.folder / "plan.json"))
        except (OSError, ValueError) as error:
            raise RunInTheWayError(
                f"The listing at {self.folder} cannot be read.",
                found=str(error),
                do="run its job again, or delete the folder",
            ) from error

    def shard(self, number: int) -> list[ListedVideo]:
        """The videos of a shard, sorted by output."""
        return _lines(self._shard(number), ListedVideo)

    def outcomes(self, number: int) -> dict[str, VideoOutcome]:
        """The last outcome for each key of a shard, including videos that are no longer listed."""
        return {outcome.key: outcome for outcome in _lines(self._outcomes(number), VideoOutcome)}

    def add(self, video: ListedVideo, outcome: VideoOutcome) -> None:
        """Append an outcome. Several processes may do so at once, since a line is a single appending write."""
        path = self._outcomes(video.shard)
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW
            descriptor = os.open(path, flags, 0o600)
            try:
                os.write(descriptor, b"\n" + _line(outcome))  # the newline ends a line that a kill cut off
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise WriteError(f"Cannot write {path}.", found=error.strerror, do="free space") from error

    def output_of(self, video: ListedVideo) -> Path:
        """The file that the video's run is named after, in the folder of its shard."""
        return self.folder / "runs" / f"{video.shard:02x}" / f"{video.key}{Address(video.output).suffix}"

    def claim(self, video: ListedVideo) -> Path:
        """The lock of a video; the file exists while a job works on it, or after that job was killed."""
        return self.folder / "claims" / video.key

    def status(self) -> ListingStatus:
        """The state of the listing. Raises RunInTheWayError if it cannot be read."""
        plan, states, frames = self.plan(), Counter[str](), 0
        for number in range(SHARDS):
            outcomes = self.outcomes(number)
            if not outcomes:
                continue
            for video in self.shard(number):
                if outcome := outcomes.get(video.key):
                    states[outcome.state] += 1
                    frames += outcome.frames
        return ListingStatus(str(self.folder), plan.output, plan.videos, frames, dict(states))

    def _shard(self, number: int) -> Path:
        return self.folder / "shards" / f"{number:02x}.jsonl"

    def _outcomes(self, number: int) -> Path:
        return self.folder / "outcomes" / f"{number:02x}.jsonl"


_Line = TypeVar("_Line", ListedVideo, VideoOutcome)


def find_listings(folder: Path) -> list[ListingRecord]:
    """The listing in this folder, or those in it and its subfolders, of which each job of a cluster has one."""
    if folder.name.endswith(LISTING_SUFFIX) and folder.is_dir():
        return [ListingRecord(folder)]
    found = (*folder.glob(f"*{LISTING_SUFFIX}"), *folder.glob(f"*/*{LISTING_SUFFIX}"))
    return [ListingRecord(entry) for entry in sorted(found) if entry.is_dir()]


def _line(value: ListedVideo | VideoOutcome) -> bytes:
    return (json.dumps(asdict(value), separators=(",", ":")) + "\n").encode()


def _lines(path: Path, kind: type[_Line]) -> list[_Line]:
    """The readable lines of a file; none if it does not exist."""
    try:
        lines = list(filter(None, read_own(path).splitlines()))
    except FileNotFoundError:
        return []
    try:
        return typed_json(list[kind], f"[{','.join(lines)}]")  # type: ignore[valid-type]
    except ValueError:  # one of them was cut off by a kill; its video is done again
        return [value for line in lines for value in _readable(kind, line)]


def _readable(kind: type[_Line], line: str) -> Iterator[_Line]:
    with suppress(ValueError):
        yield typed_json(kind, line)


def _sort(path: Path) -> None:
    """Sort a shard's lines by output. Raises UsageError if two videos share one."""
    videos = sorted(_lines(path, ListedVideo), key=lambda video: video.output)
    for one, other in pairwise(videos):
        if one.output == other.output and one.source != other.source:
            raise UsageError(
                f"2 videos of the listing would be written to {one.output}.",
                found=f"{one.source}, {other.source}",
                do="put them into separate folders",
            )
    path.write_bytes(b"".join(_line(video) for video in videos))
