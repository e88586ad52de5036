"""The accounting of a conversion: every variable of the model and every tensor of the file, or an error."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from pipeline.errors import WeightsError

#: Path of a unit in a block of our ResNet: stage, number, and that of its convolution, None for the shortcut.
BLOCK_UNIT = re.compile(r"backbone/stage(\d)_block(\d+)/(?:conv(\d)|shortcut)")

#: Names shown of each list in an error; the count says how many there are.
_SHOWN = 12


def _as_it_is(array: NDArray[Any]) -> NDArray[Any]:
    return array


@dataclass(frozen=True)
class Rule:
    """Source of a model variable.

    source : name of the tensor in the file.
    transform : what brings that tensor into the variable's order of axes.
    """

    source: str
    transform: Callable[[NDArray[Any]], NDArray[Any]] = _as_it_is


def account(
    variables: Mapping[str, tuple[int, ...]],
    source: Mapping[str, NDArray[Any]],
    rules: Mapping[str, Rule],
    *,
    ignored: Mapping[str, str] | None = None,
    where: str = "the weight file",
) -> dict[str, NDArray[Any]]:
    """An array for each variable of the model, in the variable's shape.

    Parameters
    ----------
    variables : path -> shape of the model's variables.
    source : name -> tensor of the file.
    rules : path -> where the variable comes from; rules of variables that the model lacks do not count.
    ignored : pattern (re.search) of tensors that need no variable -> the reason why.
    where : the file, for the error.

    Raises WeightsError that lists variables without a tensor, tensors without a variable, and both shapes
    wherever they differ.

    """
    arrays, missing, misfits = {}, [], []
    for path, shape in variables.items():
        rule = rules.get(path)
        if rule is None or rule.source not in source:
            missing.append(f"{path} {list(shape)} <- {rule.source if rule else 'no rule'}")
            continue
        tensor = source[rule.source]
        try:
            arrays[path] = rule.transform(tensor)
        except (ValueError, IndexError) as impossible:
            misfits.append(f"{path} {list(shape)} <- {rule.source} {list(tensor.shape)}: {impossible}")
            continue
        if arrays[path].shape != tuple(shape):
            found = f"{list(tensor.shape)}, which becomes {list(arrays[path].shape)}"
            misfits.append(f"{path} {list(shape)} <- {rule.source} {found}")
    unused = _unused(source, {rules[path].source for path in variables if path in rules}, ignored or {})
    if missing or unused or misfits:
        raise _error(where, missing, unused, misfits)
    return arrays


def _unused(
    source: Mapping[str, NDArray[Any]], used: Collection[str], ignored: Mapping[str, str]
) -> list[str]:
    return [
        f"{name} {list(tensor.shape)}"
        for name, tensor in source.items()
        if name not in used and not any(re.search(pattern, name) for pattern in ignored)
    ]


def _error(where: str, missing: list[str], unused: list[str], misfits: list[str]) -> WeightsError:
    sides = {
        "variables of the model without a tensor": missing,
        "tensors of the file that no variable took": unused,
        "shapes that differ (variable <- tensor)": misfits,
    }
    found = [f"{len(names)} {title}{_listed(names)}" for title, names in sides.items()]
    return WeightsError(
        f"{where} holds the weights of another network than the model that was built for it.",
        found="; ".join(found),
        do="check that the file is the one the chosen model was published with",
    )


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f": {', '.join(names[:_SHOWN])}{more}" if names else ""
