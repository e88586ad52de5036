"""The documents of a YAML file as nodes with their lines, within bounds that no honest file of settings comes near."""

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

#: Reading takes time in proportion to these: some 2 s a megabyte.
_MOST_BYTES = 256 * 1024
#: Values, each as often as aliases repeat it.
_MOST_VALUES = 10_000
_DEEPEST = 12
#: As long as a path can be.
_LONGEST_TEXT = 4096

#: What PyYAML raises for a value that is not what its tag says.
_NO_VALUE = (yaml.YAMLError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError)


#: Numbers as YAML 1.2 has them (10.3.2). PyYAML's are of 1.1, where 010 is 8, 1:30 is 90, and a day is no text.
_INT, _FLOAT = "tag:yaml.org,2002:int", "tag:yaml.org,2002:float"
_NUMBERS = {
    _INT: r"[-+]?(?:0|[1-9][0-9]*|0x[0-9a-fA-F]+)",
    _FLOAT: r"(?i:[-+]?(?:(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:e[-+]?[0-9]+)?|[0-9]+e[-+]?[0-9]+|\.inf)|\.nan)",
}
_OF_YAML_1_1 = {_INT, _FLOAT, "tag:yaml.org,2002:timestamp"}


class _BoundedLoader(yaml.SafeLoader):
    """PyYAML's safe loader, which stops where a document becomes larger than it looks."""

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
            raise _refused(self._path, line, f"Values lie more than {_DEEPEST} deep in each other.")
        node = super().compose_node(parent, index)
        self._depth -= 1
        self._values += 1
        if isinstance(event, AliasEvent):
            if id(node) not in self._sizes:
                raise _refused(
                    self._path, line, f"The alias *{event.anchor} stands within what it stands for."
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
                raise _refused(self._path, key.start_mark.line + 1, "A key has to be a word.")
            name = key.value.replace("_", "-")
            line = key.start_mark.line + 1
            if name in lines:
                raise _refused(
                    self._path, line, f"The key {key.value!r} stands in line {lines[name]} already."
                )
            lines[name] = line


for _tag, _form in _NUMBERS.items():
    _BoundedLoader.add_implicit_resolver(_tag, re.compile(rf"(?:{_form})\Z"), list("-+.0123456789"))


def yaml_nodes(path: Path) -> Iterator[yaml.Node]:
    """The root of each document. Raises UsageError, with the line where there is one, for what is no such file."""
    loader = None
    try:
        loader = _BoundedLoader(_text(path), path)
        while loader.check_node():
            yield loader.get_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _refused(path, mark.line + 1 if mark else 1, "This is no YAML.", error.problem) from error
    except yaml.YAMLError as error:
        raise _refused(path, 1, "This is no YAML.", " ".join(str(error).split())) from error
    finally:
        if loader is not None:
            loader.dispose()


def given_in(path: Path, node: yaml.Node) -> Given:
    """The keys and values of a mapping with their lines; relative paths in it count from the file's folder.

    Raises UsageError, with the line, for a node that is no mapping, and for values that are no plain ones.
    """
    if not isinstance(node, yaml.MappingNode):
        raise _refused(path, node.start_mark.line + 1, "This has to be a mapping of keys and values.")
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
    """The value of a node: text, number, switch, list or mapping. Raises UsageError for any other."""
    constructor = yaml.SafeLoader("")
    try:
        value = constructor.construct_object(node, deep=True)
    except _NO_VALUE as error:
        raise UsageError("This value is no text, number, switch or list.", found=node.tag) from error
    finally:
        constructor.dispose()
    if isinstance(value, bytes | set | tuple):
        raise UsageError("This value is no text, number, switch or list.", found=node.tag)
    if isinstance(value, float) and not math.isfinite(value):
        raise UsageError("This value is no number that can be counted with.", found=str(value))
    return value


def _text(path: Path) -> str:
    """The text of the file, of characters that YAML knows."""
    try:
        # A FIFO would be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise UsageError(f"{path} is no file.", do="name a file of YAML text")
            content = stream.read(_MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} cannot be opened.", found=getattr(error, "strerror", None) or str(error)
        ) from error
    if len(content) > _MOST_BYTES:
        raise UsageError(
            f"{path} is larger than settings are.",
            found=f"more than {_MOST_BYTES // 1024} KiB",
            do="split it",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _refused(
            path, line, "This is no text in UTF-8.", f"byte {content[error.start]:#04x}"
        ) from error
    unknown = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if unknown:
        line = text.count("\n", 0, unknown.start()) + 1
        raise _refused(path, line, "This character is none of YAML's.", f"{ord(unknown.group()):#04x}")
    return text


def _refused(path: Path, line: int, what: str, found: str | None = None) -> UsageError:
    return UsageError(f"{path}, line {line}: {what}", found=found)
