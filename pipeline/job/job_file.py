"""Read job files: YAML with one or more jobs; every error names the file and the line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import UsageError
from pipeline.job.options import is_region_picture
from pipeline.job.request import JobRequest, by_room, make_request
from pipeline.loading.given import Given
from pipeline.loading.typed_value import at_home, is_path, wrong_value
from pipeline.loading.yaml_nodes import given_in, yaml_nodes
from pipeline.structures.address import at_disk, is_address

#: Options whose value is a path, relative to the job file.
_PATHS = ("work-dir",)

#: Depth of nested lists: a list of jobs under `jobs`.
_DEEPEST = 2


def read_job_file(path: Path, overrides: Mapping[str, Any] | None = None) -> list[JobRequest]:
    """The jobs of a YAML file: one mapping, several documents, a list, or a list under `jobs`.

    Keys are the long flags, `inputs` and `output`. overrides : options by name that take precedence over the file's.
    Raises UsageError with the file and the line.
    """
    documents = yaml_nodes(path)
    jobs = [_job(path, node, overrides or {}) for document in documents for node in _mappings(path, document)]
    if not jobs:
        raise UsageError(f"{path} contains no job.", do="add `inputs` at least")
    return jobs


def _mappings(path: Path, node: yaml.Node | None, depth: int = 0) -> Iterator[yaml.Node]:
    """The nodes that each describe a job."""
    if isinstance(node, yaml.SequenceNode) and depth < _DEEPEST:
        for item in node.value:
            yield from _mappings(path, item, depth + 1)
    elif isinstance(node, yaml.MappingNode):
        if [key.value for key, _ in node.value] == ["jobs"] and depth < _DEEPEST:
            yield from _mappings(path, node.value[0][1], depth + 1)
        else:
            yield node
    elif node is not None:
        yield node


def _job(path: Path, node: yaml.Node, overrides: Mapping[str, Any]) -> JobRequest:
    given = _by_flag(given_in(path, node))
    values = dict(given.values)
    named: dict[str, Any] = {key: values.pop(key) for key in ("inputs", "output") if key in values}
    if "inputs" not in named:
        by_room(replace(given, values=values))  # reports a misspelt key such as `input` first
    given.check(_faults(named))
    output = named.get("output")
    return make_request(
        tuple(_from(path, name) for name in _list(named["inputs"])),
        None if output is None else _from(path, output),
        replace(given, values=_anchored(path, values)).under(overrides),
    )


def _by_flag(given: Given) -> Given:
    """The same with keys spelt like the long flags; a job file may write _ for -."""
    values, places = (
        {key.replace("_", "-"): value for key, value in by_key.items()}
        for by_key in (given.values, given.places)
    )
    return replace(given, values=values, places=places)


def _faults(named: Mapping[str, Any]) -> Iterator[tuple[str | None, UsageError]]:
    """The faults of a job's `inputs` and `output`."""
    if "inputs" not in named:
        yield None, UsageError("A job needs inputs.", do="add `inputs:` with files, folders or patterns")
    for key, value in named.items():
        names = _list(value) if key == "inputs" else [value]
        if not names or not all(isinstance(name, str) and name and "\0" not in name for name in names):
            yield key, wrong_value(key, value, "paths or patterns")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _anchored(path: Path, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with relative paths resolved against the file; weights may be a path or a name of the catalog."""
    texts = {key: value for key, value in values.items() if isinstance(value, str)}
    paths = [key for key in _PATHS if key in texts]
    if "ignore-region" in values:
        regions = [
            _from(path, one) if is_region_picture(one) else one for one in _list(values["ignore-region"])
        ]
        values = {**values, "ignore-region": regions}
    if "model" in texts and is_path(texts["model"], path.parent):
        paths.append("model")
    return {**values, **{key: _from(path, texts[key]) for key in paths}}


def _from(path: Path, name: str) -> str:
    """The name resolved against the job file's folder; a trailing slash is kept, and an address left alone."""
    if is_address(name):
        return name
    joined = str(path.parent / at_home(at_disk(name)))
    return joined + "/" if name.endswith("/") else joined
