"""classify_pictures: a batch of pictures, each pixel given a class, painted in its colour and written once."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from pipeline.errors import InputError, InterruptedRunError, UsageError
from pipeline.files import anything, digest_of, write_whole
from pipeline.job.protection import check_replaceable
from pipeline.pictures.batch import PictureListener
from pipeline.pictures.class_maps import ClassMapStore
from pipeline.pictures.job import PictureJob, PictureResult
from pipeline.pictures.kinds import kind_of_name
from pipeline.pictures.pairs import PicturePair, picture_pairs
from pipeline.pictures.picture import Picture
from pipeline.pictures.read import read_picture
from pipeline.pictures.write import encoded
from pipeline.render.class_colours import paint_classes
from pipeline.segment.classifier import Classifier, gives_classes
from pipeline.structures.class_map import ClassMap
from pipeline.weights.digest import weights_digest

#: Rises when the same settings make something else.
_RELEASE = 1


def paints_classes(job: PictureJob) -> bool:
    """True if the job's network gives each pixel a class and finds no objects. Raises WeightsError, UsageError."""
    return gives_classes(job.segment.model)


def classify_pictures(
    job: PictureJob, listener: PictureListener | None = None, stop: Callable[[], bool] = lambda: False
) -> list[PictureResult]:
    """Make the pictures of a job, and a class map of each beside them; what became of each, in order.

    A broken picture is set aside and the others are made. What a run before has made with the same settings is kept.

    Raises UsageError, InputError, WeightsError, WriteError, RunInTheWayError where another command works on the same
    batch, and InterruptedRunError where `stop` asked for it.
    """
    pairs = picture_pairs(job.inputs, job.output, listed=job.listed)
    store = ClassMapStore([pair.output for pair in pairs])
    classifier = Classifier(job.segment)
    weights = weights_digest(job.segment.model)
    results: list[PictureResult] = []
    with store.held():
        store.tell(classifier.classes)
        for pair in pairs:
            results.append(_one(pair, job, store, classifier, weights))
            if listener is not None:
                listener(results[-1], len(results), len(pairs))
            if stop() and len(results) < len(pairs):
                raise InterruptedRunError(
                    f"Stopped after {len(results)} of {len(pairs)} pictures.",
                    do="run the same command again to go on",
                )
    return results


def _one(
    pair: PicturePair, job: PictureJob, store: ClassMapStore, classifier: Classifier, weights: str
) -> PictureResult:
    try:
        if not pair.source.is_file():
            raise InputError(f"There is no picture at {pair.source}.", do="check the path")
        made = _mark(digest_of(pair.source), weights, job)
        check_replaceable(pair.output)
        last = store.made(pair.output)
        own = _is_own(pair.output, last)
        if own and last is not None and last[0] == made:
            return PictureResult(pair.source, pair.output, "kept", None)
        if os.path.lexists(pair.output) and not own and not job.force:
            if job.skip:
                return PictureResult(pair.source, pair.output, "skipped", None)
            raise UsageError(
                f"{pair.output} exists, and no run here has made it.",
                do="name another output, or give --force to replace it or --no-clobber to leave it",
            )
        picture = read_picture(pair.source)
    except (InputError, UsageError) as error:
        return PictureResult(pair.source, pair.output, "failed", None, error)
    labels = _labels(classifier, picture)
    painted = paint_classes(picture.rgb, labels, classifier.classes, job.render.alpha, job.render.classes)
    pair.output.parent.mkdir(parents=True, exist_ok=True)
    content = encoded(Picture(painted, picture.alpha, picture.remarks), kind_of_name(pair.output), job.write)
    store.keep(pair.output, labels, made, hashlib.sha256(content).hexdigest())
    try:
        write_whole(pair.output, content, anything if job.force else lambda path: _is_own(path, last))
    except UsageError as error:
        return PictureResult(pair.source, pair.output, "failed", None, error)
    return PictureResult(pair.source, pair.output, "done", None)


def _is_own(output: Path, last: tuple[str, str] | None) -> bool:
    """True if what lies there is what was written last under that name. last : fingerprint and SHA-256 of that."""
    return last is not None and output.is_file() and digest_of(output) == last[1]


def _labels(classifier: Classifier, picture: Picture) -> ClassMap:
    """The class map of a picture, in its own size."""
    wide, tall = classifier.input_size(picture.width, picture.height)
    return classifier.classify(picture.shrunk(wide, tall), (picture.height, picture.width))


def _mark(source: str, weights: str, job: PictureJob) -> str:
    parts = [_RELEASE, source, weights, job.render.alpha, list(job.render.classes), asdict(job.write)]
    return hashlib.sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]
