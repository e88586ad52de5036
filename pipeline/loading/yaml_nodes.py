"""Read YAML documents as nodes with line numbers, within limits that no honest file of settings comes near."""

from __future__ import annotations

import math
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import yaml
from yaml.events import AliasEvent

from pipeline.errors import UsageError
from pipeline.loading.given import Given

#: Reading takes about 2 s per megabyte.
_MOST_BYTES = 256 * 1024
#: Values, counted as often as aliases repeat them.
_MOST_VALUES = 10_000
_DEEPEST = 12
#: No path is longer.
_LONGEST_TEXT = 4096

#: Errors of PyYAML for a value that does not fit its tag.
_NO_VALUE = (yaml.YAMLError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)


#: Numbers as in YAML 1.2 (10.3.2). PyYAML follows 1.1, where 010 is 8, 1:30 is 90, and a date is no text.
_INT, _FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"
_NUMBERS = {
    _INT: r"[-+]?(?:0|[1-9][0-9]*|0x[0-9a-fA-F]+)",
    _FLOAT: r"(?i:[-+]?(?:(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:e[-+]?[0-9]+)?|[0-9]+e[-+]?[0-9]+|\.inf)|\.nan)",
}
_OF_YAML_1_1 = {_INT, _FLOAT, "tag:yaml.org,2002:timestamp"}


class _BoundedLoader(yaml.SafeLoader):
    """PyYAML's safe loader, which stops when a document grows beyond the limits."""

    yaml_implicit_resolvers: ClassVar = {
        first: [(tag, form) for tag, form in known if tag not in _OF_YAML_1_1]
        for first, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def __init__(self, text: str, path: Path) -> None:
        super().__init__(text)
        self._path, self._depth, self._values = path, 0, 0
        self._sizes: dict[int, int] = {}

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        event, before = self.peek_event(), self._values
        line = event.start_mark.line + 1
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _refused(self._path, line, f"Values are nested more than {_DEEPEST} deep.")
        node = super().compose_node(parent, index)
        self._depth -= 1
        self._values += 1
        if isinstance(event, AliasEvent):
            if id(node) not in self._sizes:
                raise _refused(
                    self._path, line, f"The alias *{event.anchor} refers to a value that contains it."
                )
            self._values += self._sizes[id(node)]
        else:
            self._sizes[id(node)] = self._values - before
        if self._values > _MOST_VALUES:
            raise _refused(self._path, line, f"There are more than {_MOST_VALUES} values, counting aliases.")
        if isinstance(node, yaml.ScalarNode) and len(node.value) > _LONGEST_TEXT:
            raise _refused(self._path, line, f"A value has more than {_LONGEST_TEXT} characters.")
        if isinstance(node, yaml.MappingNode):
            self._refuse_twins(node)
        return node

    def _refuse_twins(self, node: yaml.MappingNode) -> None:
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _refused(self._path, key.start_mark.line + 1, "A key must be a word.")
            name = key.value.replace("_", "-")
            line = key.start_mark.line + 1
            if name in lines:
                raise _refused(
                    self._path, line, f"The key {key.value!r} is already given in line {lines[name]}."
                )
            lines[name] = line


for _tag, _form in _NUMBERS.items():
    _BoundedLoader.add_implicit_resolver(_tag, re.compile(rf"(?:{_form})\Z"), list("-+.0123456789"))


def yaml_nodes(path: Path) -> Iterator[yaml.Node]:
    """The root node of each document. Raises UsageError, with the line if there is one, for a file that is not YAML."""
    loader = None
    try:
        loader = _BoundedLoader(_text(path), path)
        while loader.check_node():
            yield loader.get_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refused(
            path, mark.line + 1 if mark else 1, "This is not valid YAML.", error.problem
        ) from error
    except yaml.YAMLError as error:
        raise _refused(path, 1, "This is not valid YAML.", " ".join(str(error).split())) from error
    finally:
        if loader is not None:
            loader.dispose()


def given_in(path: Path, node: yaml.Node) -> Given:
    """The keys and values of a mapping with their lines; relative paths in it refer to the file's folder.

    Raises UsageError, with the line, for a node that is not a mapping, and for values of unusual types.
    """
    if not isinstance(node, yaml.MappingNode):
        raise _refused(path, node.start_mark.line + 1, "This must be a mapping of keys to values.")
    places = {key.value: f"{path}, line {key.start_mark.line + 1}" for key, _ in node.value}
    given = Given({}, places, f"{path}, line {node.start_mark.line + 1}", path.parent)
    values, faults = {}, []
    for key, value in node.value:
        try:
            values[key.value] = _plain_value(value)
        except UsageError as error:
            faults.append((key.value, error))
    given.check(faults)
    return replace(given, values=values)


def _plain_value(node: yaml.Node) -> Any:
    """The value of a node: text, number, switch, list or mapping. Raises UsageError for anything else."""
    constructor = yaml.SafeLoader("")
    try:
        value = constructor.construct_object(node, deep=True)
    except _NO_VALUE as error:
        raise UsageError("This value is not text, a number, a switch or a list.", found=node.tag) from error
    finally:
        constructor.dispose()
    if isinstance(value, bytes | set | tuple):
        raise UsageError("This value is not text, a number, a switch or a list.", found=node.tag)
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError("This value is not a finite number.", found=str(value))
    return value


def _text(path: Path) -> str:
    """The text of the file, checked for characters that YAML does not allow."""
    try:
        # Non-blocking: a FIFO may have no writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UsageError(f"{path} is not a regular file.", do="name a YAML file")
            content = stream.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} cannot be opened.", found=getattr(error, "strerror", None) or str(error)
        ) from error
    if len(content) > _MOST_BYTES:
        raise UsageError(
            f"{path} is too large for a file of settings.",
            found=f"more than {_MOST_BYTES // 1024} KiB",
            do="split it",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refused(path, line, "This is not UTF-8 text.", f"byte {content[error.start]:#04x}") from error
    unknown = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if unknown:
        line = text.count("\n", 0, unknown.start()) + 1
        raise _refused(path, line, "This character is not allowed in YAML.", f"{ord(unknown.group()):#04x}")
    return text


def _refused(path: Path, line: int, what: str, found: str | None = None) -> UsageError:
    return UsageError(f"{path}, line {line}: {what}", found=found)
