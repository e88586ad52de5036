"""Names of outputs and their runs: templates such as out/{stem}_seg.mp4 with a fixed set of fields, none evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import UsageError

#: Ending of a run's folder, which lies beside its output and is named after it.
RUN_SUFFIX = ".seg-run"

#: What holds the file of detections of several pictures, in the folder of the first output.
FOLDER_OF_SEVERAL = f"pictures{RUN_SUFFIX}"

#: A doubled brace, a field, or a brace that is neither.
_PARTS = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def run_folder(output: Path) -> Path:
    """The folder of the run that makes an output, beside it."""
    output = output.absolute()
    return output.with_name(output.name + RUN_SUFFIX)


def filled(template: str, fields: Mapping[str, str]) -> str:
    """The template with each `{field}` as its value; `{{` and `}}` stand for braces.

    Raises UsageError for a field that does not exist, whatever stands within its braces, for a lone brace, and for a
    value that would be a way to another folder: a file called `...mp4` has the stem `..`.
    """
    for name in fields.values():
        if name in (".", ".."):
            raise UsageError(f"An input's name has the stem {name!r}, which is a folder.", do="rename it")

    def value(part: re.Match[str]) -> str:
        text = part.group()
        if text in ("{{", "}}"):
            return text[0]
        if part.group(1) in fields:
            return fields[part.group(1)]
        raise UsageError(
            f"The output {template!r} is no template.",
            found=f"{text!r}",
            do=f"use {' or '.join('{' + name + '}' for name in fields)}, and {{{{ for a brace itself",
        )

    return _PARTS.sub(value, template)
