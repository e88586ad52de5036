"""Help texts of the job options, with choices and defaults taken from the settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pipeline.job.options import Option
from pipeline.job.settings import Settings
from pipeline.render.settings import COLOR_KEYS, LABELS, STYLES, VIEWS
from pipeline.structures.computing import DEVICES, PRECISIONS
from pipeline.track.settings import OWN_CAR
from pipeline.video.settings import DAMAGED, ENCODERS

_CHOICES: Mapping[str, tuple[str, ...]] = {
    "style": STYLES,
    "labels": LABELS,
    "view": VIEWS,
    "own-car": OWN_CAR,
    "color-by": COLOR_KEYS,
    "damaged": DAMAGED,
    "encoder": ENCODERS,
    "device": DEVICES,
    "precision": PRECISIONS,
}


def help_of_a_change(option: Option) -> str:
    """The same for an option that keeps the value of an earlier run unless it is given."""
    return help_of(option, has_default=option.room == "run")


def help_of(option: Option, *, has_default: bool = True) -> str:
    """The option's help, with its choices and its default."""
    choices, default = choices_of(option), default_of(option)
    notes = (
        [f"one of {', '.join(choices)}" if isinstance(default, str) else ", ".join(choices)]
        if choices
        else []
    )
    if has_default and option.metavar is not None and default not in (None, ()):
        notes.append(f"default: {_words(default)}")
    text = f"{option.help} ({'; '.join(notes)})" if notes else option.help
    return text.replace("%", "%%")


def choices_of(option: Option) -> tuple[str, ...]:
    """The words that the option takes; empty if it is not limited to some."""
    return _CHOICES.get(option.name, ())


def default_of(option: Option) -> Any:
    """The setting's value if the option is not given."""
    return getattr(getattr(Settings(), option.room), option.field)


def _words(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
