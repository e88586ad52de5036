"""Training: labelled pictures in, weights out, with checkpoints to go on from."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import keras

from pipeline.errors import ConfigError, InputError, InterruptedRunError, WeightsError
from pipeline.files import make_folder
from pipeline.formats.own_file import read_metadata
from pipeline.labels.choose import read_list
from pipeline.labels.coco_folder import PictureEntry, load_picture, read_folders
from pipeline.labels.labelled_picture import LabelledPicture
from pipeline.model.config import MaskRCNNConfig
from pipeline.model.learning.objective import training_losses
from pipeline.model.mask_rcnn import make_model
from pipeline.model.precision import gpu_capability
from pipeline.training.batches import BatchMaker, Variety, ahead, picture_weights
from pipeline.training.checkpointing import averaged_weights, load_state, save_result, save_state
from pipeline.training.history import History
from pipeline.training.labels import Labels
from pipeline.training.learning_settings import LearningSettings
from pipeline.training.lesson import Lesson
from pipeline.training.optimisation import optimizer_groups
from pipeline.training.picture_cache import PictureCache, build_cache
from pipeline.training.plot import plot_losses
from pipeline.training.progress import Progress, Report
from pipeline.training.semantic.lesson import semantic_lesson
from pipeline.training.semantic.settings import SemanticSettings
from pipeline.training.settings import TrainSettings
from pipeline.training.start import load_start, network_config, start_path
from pipeline.training.step import TrainState, make_step

CHECKPOINT, RESULT, HISTORY, METRICS, PLOT = (
    "checkpoint.safetensors",
    "weights.safetensors",
    "losses.csv",
    "metrics.csv",
    "losses.png",
)


#: Asked whether the run is to end before it is done.
Stop = Callable[[], bool]


def train(settings: TrainSettings | SemanticSettings, report: Report, stop: Stop = lambda: False) -> Path:
    """The weights file of a finished run; one that was interrupted goes on from its last checkpoint.

    stop : asked after every step; once it says so, a checkpoint is written.

    Raises InputError for pictures that cannot be read, ConfigError for settings that cannot work, WriteError where the
    output cannot be written, InterruptedRunError where `stop` asked for it.
    """
    make_folder(settings.output)
    if isinstance(settings, SemanticSettings):
        lesson = semantic_lesson(settings, report)
    else:
        lesson = instance_lesson(settings, report, stop)
    return teach(settings, lesson, report, stop)


def teach(settings: LearningSettings, lesson: Lesson, report: Report, stop: Stop = lambda: False) -> Path:
    """The weights file that a lesson ends with, as `train` has it."""
    groups = optimizer_groups(lesson.model, settings)
    state = TrainState(lesson.model, groups, settings.seed, lesson.objective)
    first = 0
    if (settings.output / CHECKPOINT).is_file():
        first = load_state(state, settings.output / CHECKPOINT)
        report(Progress(message=f"going on at step {first}"))
    _run(settings, state, lesson, first, report, stop)
    return settings.output / RESULT


def instance_lesson(settings: TrainSettings, report: Report, stop: Stop = lambda: False) -> Lesson:
    """The network of these settings, and what it is to learn. Raises InputError, ConfigError."""
    entries, names = read_folders((settings.data, *settings.more_data))
    cache = _cache(settings, entries, names, report, stop)
    config = network_config(settings, names)
    keras.utils.set_random_seed(settings.seed)
    model = make_model(config, settings.precision)
    if settings.start is not None:
        report(Progress(message=f"start: {load_start(model, start_path(settings.start))}"))
    return Lesson(model, training_losses, _maker(settings, config, cache, entries))


def _run(
    settings: LearningSettings,
    state: TrainState,
    lesson: Lesson,
    first: int,
    report: Report,
    stop: Stop,
) -> None:
    jit = gpu_capability() is not None if settings.jit is None else settings.jit
    step = make_step(state, settings.clip_norm, settings.ema_decay, jit)
    history = History(settings.output / HISTORY, first)
    metrics = History(settings.output / METRICS, first)
    if first >= settings.steps and not _has_result(settings, first):
        _save_result(settings, state, lesson, metrics, first)  # a kill came behind the last checkpoint
    batches = ahead(lesson.maker, first, settings.steps)
    done, since, started = first, [], time.monotonic()
    try:
        for images, targets in batches:
            losses = step(images, targets)
            done += 1
            since.append(losses)
            if not math.isfinite(losses["loss"]):
                raise ConfigError(
                    f"The loss of step {done} is {losses['loss']}.", do="lower learning_rate or clip_norm"
                )
            if done % settings.log_every == 0 or done == settings.steps:
                seconds = time.monotonic() - started
                means = {name: sum(one[name] for one in since) / len(since) for name in losses}
                history.add(
                    {"step": done, "pictures_per_second": len(since) * settings.batch / seconds, **means}
                )
                report(Progress(done, settings.steps, means))
                since, started = [], time.monotonic()
            asked = stop() and done < settings.steps
            if asked or done % settings.checkpoint_every == 0 or done == settings.steps:
                _save(settings, state, lesson, metrics, done)
            if asked:
                raise _interrupted(f"after step {done} of {settings.steps}")
    finally:
        batches.close()


def _interrupted(when: str) -> InterruptedRunError:
    return InterruptedRunError(f"Training stopped {when}.", do="run the same command to go on")


def _save(settings: LearningSettings, state: TrainState, lesson: Lesson, metrics: History, done: int) -> None:
    save_state(state, done, settings.output / CHECKPOINT)
    _save_result(settings, state, lesson, metrics, done)


def _has_result(settings: LearningSettings, done: int) -> bool:
    """True if the weights of that step are written, and not those of an earlier one."""
    try:
        return read_metadata(settings.output / RESULT).get("training_steps") == str(done)
    except WeightsError:
        return False


def _save_result(
    settings: LearningSettings, state: TrainState, lesson: Lesson, metrics: History, done: int
) -> None:
    told = {"training_steps": str(done), "training_settings": json.dumps(vars(settings), default=str)}
    save_result(state, settings.output / RESULT, {**told, **lesson.metadata})
    if lesson.measure is not None:
        with averaged_weights(state):
            metrics.add({"step": done, **lesson.measure()})
    if (settings.output / HISTORY).is_file():
        plot_losses(settings.output / HISTORY, settings.output / PLOT, settings.output / METRICS)


def _cache(
    settings: TrainSettings, entries: list[PictureEntry], names: dict[int, str], report: Report, stop: Stop
) -> PictureCache:
    if not entries:
        raise InputError(f"{settings.data} has no picture in its annotations.")
    digest = hashlib.sha256(repr((settings.longest, sorted(names), [
        (entry.record, entry.annotations, entry.file.stat().st_size) for entry in entries
    ])).encode()).hexdigest()  # fmt: skip

    def pictures() -> Iterable[LabelledPicture]:
        for place, entry in enumerate(entries):
            if stop():
                raise _interrupted("while it read the pictures, which begins again next time")
            if place % 500 == 0:
                report(Progress(message=f"reading pictures: {place} of {len(entries)}"))
            yield load_picture(entry, names, settings.longest)

    return build_cache(settings.cache or settings.output / "cache", digest, pictures)


def _maker(
    settings: TrainSettings, config: MaskRCNNConfig, cache: PictureCache, entries: list[PictureEntry]
) -> BatchMaker:
    held_out = frozenset() if settings.validation is None else read_list(settings.validation)
    weights = picture_weights(
        entries, held_out, settings.source_weights, settings.driver_weight, settings.rare_share
    )
    if weights.sum() <= 0.0:
        raise InputError(f"No picture of {settings.data} is left to train on.", do="hold out fewer of them")
    variety = Variety(
        settings.canvas or config.input.canvas, config.input.canvas, settings.scales, settings.flip,
        settings.photometry, settings.paste, frozenset(settings.paste_categories),
    )  # fmt: skip
    labels = Labels(config.class_ids, settings.unions)
    return BatchMaker(cache, weights, labels, variety, settings.batch, settings.objects, settings.seed)
