"""Build a frozen dataclass from values from outside, or raise one error that names every wrong key."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass, replace
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeVar, get_type_hints

from pipeline.errors import ConfigError, UsageError
from pipeline.loading.given import Given
from pipeline.loading.typed_value import typed_value, wrong_value

Loaded = TypeVar("Loaded")


def load(kind: type[Loaded], given: Given, *, ignore_unknown: bool = False) -> Loaded:
    """The instance of `kind` with these values.

    Keys and types are checked here, against the annotations; the range of a value is checked by the class itself, in
    its `__post_init__`. ignore_unknown : ignore keys that another version wrote. Raises ConfigError.
    """
    values: dict[str, Any] = {}
    given.check(_faults(kind, given, values, ignore_unknown))
    given.check(refusals(kind, values))
    return kind(**values)


def refusals(kind: type, values: Mapping[str, Any]) -> Iterator[tuple[str | None, UsageError]]:
    """The errors that the class raises for these values, each with the key to blame.

    That is the last key whose removal makes the error go away or change.
    """
    left = dict(values)
    error = _refusal(kind, left)
    while error is not None:
        needed = _needed(kind)
        others = ((key, _refusal(kind, _without(left, key))) for key in reversed(left) if key not in needed)
        key, other = next(((key, other) for key, other in others if str(other) != str(error)), (None, None))
        yield key, error
        left, error = _without(left, key), other


def unknown_key(key: str, known: Collection[str]) -> UsageError:
    """The error for an unknown setting, with the most similar known one."""
    near = get_close_matches(key, known, n=1, cutoff=0.5)
    return UsageError(
        f"There is no setting called {key!r}.",
        do=f"did you mean {near[0]!r}?" if near else f"the settings are {', '.join(known)}",
    )


@cache
def hints_of(kind: type) -> dict[str, Any]:
    """The annotations of a dataclass, by field."""
    return get_type_hints(kind)


def _faults(
    kind: type, given: Given, values: dict[str, Any], ignore_unknown: bool
) -> Iterator[tuple[str | None, UsageError]]:
    """The unknown keys and wrong types; adds all other values to `values`."""
    hints = hints_of(kind)
    for key, value in given.values.items():
        if key in hints:
            try:
                values[key] = _value(key, hints[key], value, given)
            except UsageError as error:
                yield key, error
        elif not ignore_unknown:
            yield key, unknown_key(key, hints)
    missing = [name for name in _needed(kind) if name not in given.values]
    if missing:
        yield None, ConfigError(f"{' and '.join(missing)} must be given.", do="add what is missing")


def _value(key: str, hint: Any, value: Any, given: Given) -> Any:
    if is_dataclass(hint) and isinstance(hint, type) and isinstance(value, Mapping):
        return load(hint, replace(given, values=value, places={}, place=key))
    try:
        return typed_value(hint, value, given.folder, strict=given.of_json)
    except ValueError as expected:
        raise wrong_value(key, value, str(expected)) from None


@cache
def _needed(kind: Any) -> tuple[str, ...]:
    """Names of the fields without a default."""
    return tuple(
        one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING
    )


def _refusal(kind: type, values: Mapping[str, Any]) -> UsageError | None:
    try:
        kind(**values)
    except UsageError as error:
        return error
    return None


def _without(values: Mapping[str, Any], key: str | None) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != key}
