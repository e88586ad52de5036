"""Settings of a training run: a YAML file to one frozen value."""

from __future__ import annotations

import difflib
import types
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from pipeline.errors import ConfigError


@dataclass(frozen=True)
class TrainSettings:
    """What is trained on what, and how. Paths in the YAML count from its folder.

    data : folder with COCO annotations and pictures.
    output : folder for checkpoints, the log, the plot and the weights.
    cache : folder for the decoded pictures; None: `cache` inside `output`.
    validation : file with the names of the pictures that are held out, one a line; None: none are.
    network : name of a preset in pipeline/model/presets.py that takes classes and a canvas.
    start : .safetensors to start from; arrays that fit no variable's name and shape are reported. None: from chance.
    unions : pseudo-categories with the category ids that each may stand for, `{100: [3, 6, 8]}`.
    full_canvas : height and width in px that the network is made for.
    canvas : those of the part that is trained on; None: the full one.
    longest : px; larger pictures are shrunk to that long side in the cache.
    source_weights : how often pictures of a source are drawn, 1 where it is not named; in sets with a `source`.
    driver_weight : factor on that for pictures whose `view` is `driver`.
    rare_share : pictures with a class that fewer than this share of them has are drawn more often (Gupta et al. 2019).
    scales, flip, photometry, paste, paste_categories : see `batches.Variety`.
    batch, steps, objects : pictures a step, steps in all, objects a picture at most.
    roi_samples : regions trained on a picture; None: the preset's.
    optimizer, learning_rate, weight_decay, clip_norm : `adamw` or `sgd` (momentum 0.9), under a cosine.
    trunk_rate : factor on the learning rate of the backbone.
    frozen : parts of variables' paths, such as `stem`; these variables stay as they start.
    warmup_steps : of a linear rise from 0.
    ema_decay : of the moving average of all weights, which is what a run saves as its result.
    precision : `float32` or `bfloat16`; variables are float32 in both.
    jit : compile the step with XLA; None: on a GPU only.
    seed : of everything that is drawn.
    log_every, checkpoint_every : steps.
    """

    data: Path
    output: Path
    cache: Path | None = None
    validation: Path | None = None
    network: str = "compact"
    start: Path | None = None
    unions: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    full_canvas: tuple[int, int] = (384, 640)
    canvas: tuple[int, int] | None = None
    longest: int = 640
    source_weights: Mapping[str, float] = field(default_factory=dict)
    driver_weight: float = 1.0
    rare_share: float = 0.0
    scales: tuple[float, float] = (0.6, 1.7)
    flip: float = 0.5
    photometry: float = 1.0
    paste: float = 0.0
    paste_categories: tuple[int, ...] = ()
    batch: int = 8
    steps: int = 1000
    objects: int = 64
    roi_samples: int | None = None
    optimizer: Literal["adamw", "sgd"] = "adamw"
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    clip_norm: float = 5.0
    trunk_rate: float = 1.0
    frozen: tuple[str, ...] = ()
    warmup_steps: int = 200
    ema_decay: float = 0.999
    precision: Literal["float32", "bfloat16"] = "float32"
    jit: bool | None = None
    seed: int = 0
    log_every: int = 20
    checkpoint_every: int = 200

    def __post_init__(self) -> None:
        for name in ("batch", "steps", "objects", "log_every", "checkpoint_every"):
            _require(getattr(self, name) >= 1, name, getattr(self, name), "at least 1")
        for name in ("full_canvas", "canvas"):
            sides = getattr(self, name) or (32, 32)
            _require(len(sides) == 2 and all(side > 0 and side % 32 == 0 for side in sides), name, sides,
                     "a height and a width that are multiples of 32")  # fmt: skip
        low, high = self.scales
        _require(0 < low <= high, "scales", self.scales, "two positive numbers, the smaller first")
        _require(self.learning_rate > 0, "learning_rate", self.learning_rate, "above 0")
        _require(0 <= self.ema_decay < 1, "ema_decay", self.ema_decay, "in 0..1, below 1")
        _require(0 <= self.warmup_steps < self.steps, "warmup_steps", self.warmup_steps, "fewer than steps")


def read_settings(path: Path) -> TrainSettings:
    """The settings in a YAML file.

    Raises ConfigError where it cannot be read, a key does not exist, one is missing, or a value is of another kind.
    """
    # Of the `train` extra.
    import yaml

    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as damage:
        raise ConfigError(f"{path} cannot be read as YAML", found=str(damage)) from damage
    if not isinstance(values, dict):
        raise ConfigError(f"{path} has to hold keys and values", found=repr(values))
    return settings_from(values, path.parent, str(path))


def settings_from(values: Mapping[str, Any], folder: Path, where: str) -> TrainSettings:
    """The settings that `values` name; relative paths count from `folder`, errors name `where`."""
    hints = get_type_hints(TrainSettings)
    for key in values:
        if key not in hints:
            near = difflib.get_close_matches(str(key), hints, n=1, cutoff=0.0)[0]
            raise ConfigError(f"{where} has the unknown key {key!r}", do=f"did you mean {near!r}?")
    missing = [
        one.name for one in fields(TrainSettings) if one.name in ("data", "output") and one.name not in values
    ]
    if missing:
        raise ConfigError(
            f"{where} lacks {' and '.join(missing)}", do="name the folder of pictures and one for results"
        )
    return TrainSettings(**{key: _value(key, hints[key], value, folder) for key, value in values.items()})


def _value(key: str, hint: Any, value: Any, folder: Path) -> Any:
    """`value` as the annotation asks for it: text to paths, lists to tuples, whole numbers to floats."""
    options = get_args(hint) if get_origin(hint) is types.UnionType else (hint,)
    if value is None and type(None) in options:
        return None
    kind = options[0]
    if kind is Path and isinstance(value, str):
        return folder / Path(value).expanduser()
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if get_origin(kind) is Literal and value in get_args(kind):
        return value
    if get_origin(kind) is tuple and isinstance(value, list):
        return tuple(_value(key, get_args(kind)[0], one, folder) for one in value)
    if get_origin(kind) is Mapping and isinstance(value, dict):
        of_key, of_value = get_args(kind)
        return {_value(key, of_key, k, folder): _value(key, of_value, v, folder) for k, v in value.items()}
    if kind in (int, str, bool) and type(value) is kind:
        return value
    raise ConfigError(
        f"{key} has a value of another kind than it takes", found=repr(value), do=f"give {_name(hint)}"
    )


def _name(hint: Any) -> str:
    return (
        str(hint).replace("typing.", "").replace("collections.abc.", "").replace("<class '", "").rstrip("'>")
    )


def _require(condition: bool, name: str, found: object, expected: str) -> None:
    if not condition:
        raise ConfigError(f"{name} must be {expected}", found=repr(found))
