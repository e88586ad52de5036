"""Job files: YAML in, the jobs it describes out; every complaint has the file and the line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pipeline.errors import SegVideoError, UsageError
from pipeline.job.options import OPTIONS, read_option, shown
from pipeline.job.request import JobRequest, make_request, unknown_key
from pipeline.job.yaml_nodes import plain_value, yaml_nodes

#: Options whose value is a path, and counts from the job file if it is relative.
_PATHS = ("work-dir",)

#: Lists in lists: a list of jobs under `jobs`.
_DEEPEST = 2


def read_job_file(path: Path, overrides: dict[str, Any] | None = None) -> list[JobRequest]:
    """The jobs of a YAML file: one mapping, several documents, a list, or a list under `jobs`.

    Keys are the long flags, and `inputs` and `output`. overrides : options, as read, that stand above the
    file's own. Raises UsageError with file and line.
    """
    documents = list(yaml_nodes(path))
    jobs = [_job(path, node, overrides or {}) for document in documents for node in _mappings(path, document)]
    if not jobs:
        raise UsageError(f"{path} holds no job.", do="give it `inputs` at least")
    return jobs


def _mappings(path: Path, node: yaml.Node | None, depth: int = 0) -> Iterator[yaml.MappingNode]:
    """The nodes that describe a job each."""
    if isinstance(node, yaml.SequenceNode) and depth < _DEEPEST:
        for item in node.value:
            yield from _mappings(path, item, depth + 1)
    elif isinstance(node, yaml.MappingNode):
        if [key.value for key, _ in node.value] == ["jobs"] and depth < _DEEPEST:
            yield from _mappings(path, node.value[0][1], depth + 1)
        else:
            yield node
    elif node is not None:
        raise _at(path, node, UsageError("A job has to be a mapping of keys and values."))


def _job(path: Path, node: yaml.MappingNode, overrides: dict[str, Any]) -> JobRequest:
    values: dict[str, Any] = {}
    inputs: tuple[str, ...] = ()
    output: str | None = None
    for key_node, value_node in node.value:
        key = str(key_node.value).replace("_", "-")
        try:
            value = plain_value(value_node)
            if key == "inputs":
                inputs = _inputs(path, value)
            elif key == "output":
                output = _from(path, _name(key, value))
            elif key in OPTIONS:
                values[key] = _anchored(path, key, read_option(OPTIONS[key], value))
            else:
                raise unknown_key(str(key_node.value))
        except SegVideoError as error:
            raise _at(path, key_node, error) from None
    try:
        if not inputs:
            raise UsageError("A job needs inputs.", do="add `inputs:` with files, folders or patterns")
        return make_request(inputs, output, {**values, **overrides})
    except SegVideoError as error:
        raise _at(path, node, error) from None


def _inputs(path: Path, value: Any) -> tuple[str, ...]:
    names = value if isinstance(value, list) else [value]
    if not names:
        raise UsageError(
            "inputs has a value it cannot have.", found="an empty list", do="give paths or patterns"
        )
    return tuple(_from(path, _name("inputs", name)) for name in names)


def _name(key: str, value: Any) -> str:
    """A path or pattern of the file's."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise UsageError(
            f"{key} has a value it cannot have.", found=shown(value), do="give paths or patterns"
        )
    return value


def _anchored(path: Path, key: str, value: Any) -> Any:
    """A path of the file's as seen from it; weights may be a path or a name of the catalog."""
    is_path = key in _PATHS or (key == "model" and _points(path, value))
    return _from(path, value) if is_path else value


def _points(path: Path, value: str) -> bool:
    return "/" in value or (path.parent / value).exists()


def _from(path: Path, name: str) -> str:
    """A relative name from the job file on; a slash at its end says that it is a folder."""
    joined = str(path.parent / name)
    return joined + "/" if name.endswith("/") else joined


def _at(path: Path, node: yaml.Node, error: SegVideoError) -> UsageError:
    line = node.start_mark.line + 1
    return UsageError(f"{path}, line {line}: {error.what}", found=error.found, do=error.do)
