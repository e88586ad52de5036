"""segment_pictures: a batch of pictures, each found in, painted and written once."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Protocol

from pipeline.cores import usable_cores
from pipeline.errors import InputError, InterruptedRunError, SegVideoError, UsageError, joint_exit_code
from pipeline.files import digest_of, fingerprint_of
from pipeline.job.protection import check_replaceable
from pipeline.pictures.job import PictureJob, PictureResult
from pipeline.pictures.one_picture import Finder, FoundInPicture, MadePicture, make_picture
from pipeline.pictures.pairs import PicturePair, picture_pairs
from pipeline.pictures.picture import Picture
from pipeline.pictures.read import read_picture
from pipeline.pictures.stored import KnownPicture, PictureStore
from pipeline.render.drawn_view import DrawnView
from pipeline.render.shown import ShownTracks
from pipeline.segment.network_classes import network_classes, network_runtime
from pipeline.segment.segmenter import Segmenter
from pipeline.store.header import StoredPicture
from pipeline.weights.digest import weights_digest

#: Rises when the same settings make something else.
_RELEASE = 6


#: Pictures are written together once the first has waited so many seconds or they have so many bytes: a file of facts
#: takes 3 CPU ms, whether it is of one picture or of eight.
_SECONDS, _BYTES = 0.5, 16 << 20


class PictureListener(Protocol):
    """Hears of each picture as it is through."""

    def __call__(self, result: PictureResult, done: int, total: int) -> None:
        """One more: `done` of `total`."""
        ...


@dataclass(frozen=True, eq=False)
class _Opened:
    """A picture that is read, the fingerprints of what is found in it and made of it, and the SHA-256 of its file."""

    found: str
    made: str
    content: str
    picture: Picture


def segment_pictures(
    job: PictureJob,
    listener: PictureListener | None = None,
    stop: Callable[[], bool] = lambda: False,
    finder: Finder | None = None,
) -> list[PictureResult]:
    """Make the pictures of a job, with one file of detections and the class maps beside them; what became of each.

    A broken picture is set aside and the others are made. What a run before has made with the same settings is kept,
    and what it found in the same picture is not looked for again.

    Parameters
    ----------
    job : the pictures and settings.
    listener : hears of each picture, in order.
    stop : asked before each picture; when it says so, those under way are ended and no other is begun.
    finder : looks at pictures; None: the network that the job's settings name, loaded when it is first needed.

    Raises UsageError, InputError, ConfigError, WeightsError, WriteError, RunInTheWayError where another command works
    on the same batch, and InterruptedRunError where it was stopped.

    """
    view = DrawnView.of(job.render.view, job.segment.model, *network_classes(job.segment.model))
    view.check(job.render.classes)
    job = replace(job, render=replace(job.render, view=view.name))
    pairs = picture_pairs(job.inputs, job.output, listed=job.listed)
    store = PictureStore([pair.output for pair in pairs])
    results: list[PictureResult] = []
    with store.held(), ExitStack() as ended:
        known = store.known()
        if view.classes is not None:
            store.tell(view.classes, [pair.output for pair in pairs], known)
        if finder is None:
            segmenter = Segmenter(job.segment, class_maps=view.classes is not None, film=False)
            finder = ended.enter_context(closing(Finder(segmenter)))
        batch = _Batch(job, view, store, known, finder)
        for result in batch.results(pairs, stop):
            results.append(result)
            if listener is not None:
                listener(result, len(results), len(pairs))
        if len(results) < len(pairs):
            raise InterruptedRunError(
                f"Stopped after {len(results)} of {len(pairs)} pictures.",
                do="run the same command again to go on",
            )
        store.finish(batch.through, known)
    return results


def picture_exit_code(results: Sequence[PictureResult]) -> int:
    """0 if every picture is there; 4 if some failed; if all failed alike, that failure's code."""
    return joint_exit_code([result.error for result in results])


_Became = MadePicture | SegVideoError | str


class _Waiting:
    """Pictures that are not written yet, in order, what became of each, and since when the first has waited."""

    def __init__(self) -> None:
        self.pictures: list[tuple[PicturePair, _Became]] = []
        self._since = 0.0

    def add(self, pair: PicturePair, became: _Became) -> None:
        """One more."""
        self._since = self._since if self.pictures else time.monotonic()
        self.pictures.append((pair, became))

    def is_due(self) -> bool:
        """True if they are not to wait any longer."""
        size = sum(len(became.content) for _, became in self.pictures if isinstance(became, MadePicture))
        waited = time.monotonic() - self._since
        return size >= _BYTES or waited >= _SECONDS


class _Batch:
    """The work on a batch. through : what is known of each picture that is there, in order."""

    def __init__(
        self,
        job: PictureJob,
        view: DrawnView,
        store: PictureStore,
        known: Sequence[KnownPicture],
        finder: Finder,
    ) -> None:
        self._job, self._view, self._store, self._finder = job, view, store, finder
        # Those of a large batch come out of the network together, and each that is painted takes three times its size.
        self._computing = threading.Semaphore(_threads(1))
        self._found = {entry.entry.found: entry for entry in known}
        self._made = {entry.entry.output: entry for entry in known}
        self._own: dict[str, list[StoredPicture]] = {}
        for entry in known:
            self._own.setdefault(entry.entry.output, []).append(entry.entry)
        runtime = network_runtime(job.segment, class_maps=view.classes is not None)
        self._network = [weights_digest(job.segment.model), job.segment.score, runtime]
        if view.classes is not None:
            self._network.append("without black borders")
        self.through: list[KnownPicture] = []

    def results(self, pairs: Sequence[PicturePair], stop: Callable[[], bool]) -> Iterator[PictureResult]:
        """The result of each, in order. A thread reads and paints a picture, and each core has a thread."""
        working: deque[tuple[PicturePair, Future[_Became]]] = deque()
        waiting, threads = _Waiting(), _threads(self._job.segment.batch or 1)
        with ThreadPoolExecutor(threads, thread_name_prefix="picture") as pool:
            try:
                for pair in pairs:
                    if stop():
                        break
                    working.append((pair, pool.submit(self._work, pair)))
                    if len(working) > 2 * threads:  # some go on while others are written
                        yield from self._next(working, waiting)
                while working and not stop():
                    yield from self._next(working, waiting)
            finally:  # stopped, or failed for good: what has begun is ended, and no other is begun
                pool.shutdown(cancel_futures=True)
                for pair, future in working:
                    if not future.cancelled() and future.exception() is None:
                        waiting.add(pair, future.result())
                ended = self._written(waiting)
            yield from ended

    def _next(
        self, working: deque[tuple[PicturePair, Future[_Became]]], waiting: _Waiting
    ) -> list[PictureResult]:
        """The results of those that wait, once they are written; none before."""
        pair, future = working.popleft()
        waiting.add(pair, future.result())
        return self._written(waiting) if waiting.is_due() else []

    def _written(self, waiting: _Waiting) -> list[PictureResult]:
        """Write what was made, and give the results.

        The facts come first: what lies under an output's name is known by them even after a kill.
        """
        through, waiting.pictures = waiting.pictures, []
        made = [became.known for _, became in through if isinstance(became, MadePicture)]
        if made:
            self._store.keep(made)
        return [self._through(pair, became) for pair, became in through]

    def _read(self, pair: PicturePair) -> _Opened | str:
        """A picture and its fingerprints, or "kept" or "skipped" where its output is there already."""
        if not os.path.isfile(pair.source):  # noqa: PTH113  # a name may be too long to be looked at
            raise InputError(f"There is no picture at {pair.source}.", do="check the path")
        output, job, content = self._store.name_of(pair.output), self._job, digest_of(pair.source)
        found = fingerprint_of(["found", _RELEASE, content, *self._network])
        settings = [asdict(job.track), asdict(job.render), asdict(job.write)]
        made = fingerprint_of(["made", _RELEASE, found, output, *settings])
        last = self._made.get(output)
        check_replaceable(pair.output)
        if last is not None and last.entry.made == made and self._is_whole(pair.output, last):
            return "kept"
        if os.path.lexists(pair.output):
            if self._job.skip:
                return "skipped"
            if not self._may_replace(pair, content, pair.output):
                raise self._in_the_way(pair.output)
        return _Opened(found, made, content, read_picture(pair.source))

    def _work(self, pair: PicturePair) -> _Became:
        """A picture that was made, the error of one that was not, or why there is nothing to do."""
        with self._computing:
            try:
                opened = self._read(pair)
            except (InputError, UsageError) as error:
                return error
        if isinstance(opened, str):
            return opened
        found = self._known(opened) or self._finder.look(opened.picture)
        asked = self._job.render
        entry = StoredPicture(
            str(pair.source), self._store.name_of(pair.output), opened.picture.width, opened.picture.height,
            opened.found, opened.made, conf=asked.conf, classes=asked.classes, max_objects=asked.max_objects,
            source=str(pair.source.absolute()), content=opened.content,
        )  # fmt: skip
        classes = self._view.classes
        with self._computing:
            return make_picture(opened.picture, found, classes, entry, pair.output, self._job, self._store)

    def _is_whole(self, output: Path, last: KnownPicture) -> bool:
        """True if all that was made last under that name lies there as it was written."""
        if _digest_or_none(output) != last.entry.sha256:
            return False
        return self._view.classes is None or self._store.class_map(last.entry) is not None

    def _known(self, opened: _Opened) -> FoundInPicture | None:
        """The findings of a run before, where all that is drawn is among them."""
        known = self._found.get(opened.found)
        if known is None:
            return None
        class_map = None if self._view.classes is None else self._store.class_map(known.entry)
        if self._view.classes is not None and class_map is None:
            return None
        return FoundInPicture(known.tracks.detections, known.class_names, class_map)

    def _may_replace(self, pair: PicturePair, content: str, output: Path) -> bool:
        """True if the file there is one that was made here of the same picture, or the user wants it replaced.

        content : SHA-256 of the picture's file. Of the same picture is what has its content, or lay at its place: a
        picture may have moved, or have been retouched.
        """
        if self._job.force:
            return True
        there, place = _digest_or_none(output), str(pair.source.absolute())
        return any(
            (
                entry.content == content
                or entry.source == place
                or (not entry.source and entry.name == str(pair.source))
            )
            for entry in self._own.get(self._store.name_of(output), ())
            if entry.sha256 == there
        )

    def _in_the_way(self, output: Path) -> UsageError:
        """The error of a file that may not be replaced; one of an earlier release may have been retouched since."""
        do = "name another output, or give --force to replace it or --no-clobber to leave it"
        there, made = _digest_or_none(output), self._own.get(self._store.name_of(output), ())
        for entry in made:
            if entry.sha256 == there:
                return UsageError(f"{output} exists, and was made of {entry.name}.", do=do)
        if all(entry.sha256 for entry in made):
            return UsageError(f"{output} exists, and no run here has made it.", do=do)
        found = "an earlier release made one, and kept no hash to know it by"
        return UsageError(f"{output} exists, and may be another than was made here.", found=found, do=do)

    def _through(self, pair: PicturePair, became: _Became) -> PictureResult:
        if isinstance(became, MadePicture):
            content = became.known.entry.content
            try:
                self._store.publish(pair.output, became.content, partial(self._may_replace, pair, content))
            except UsageError as error:
                became = error
        if isinstance(became, SegVideoError):
            return PictureResult(pair.source, pair.output, "failed", error=became)
        if became == "skipped":
            return PictureResult(pair.source, pair.output, "skipped")
        known = self._made[self._store.name_of(pair.output)] if isinstance(became, str) else became.known
        self.through.append(known)
        state = "kept" if isinstance(became, str) else "done"
        if self._view.name == "semantic":
            return PictureResult(pair.source, pair.output, state, None)
        shown = ShownTracks(self._job.render, known.class_names).of(known.tracks)
        return PictureResult(pair.source, pair.output, state, len(shown))


def _digest_or_none(path: Path) -> str | None:
    return digest_of(path) if path.is_file() else None


def _threads(batch: int) -> int:
    """One more than there are cores: while one waits for the disk, the others compute.

    Where the network is given several pictures at a time, so many wait in it, and as many for the next call.
    """
    return usable_cores() + 1 + 2 * (batch - 1)
