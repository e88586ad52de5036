"""check_choice: a setting that takes one of a few words."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.errors import ConfigError


def check_choice(what: str, value: str, known: Sequence[str]) -> None:
    """Raise ConfigError unless the value is a known one. what : a sentence that says what the setting is for."""
    if value not in known:
        raise ConfigError(what, found=value, do=f"choose from {', '.join(known)}")
