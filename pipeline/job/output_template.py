"""Names of outputs and of their runs, with templates such as out/{stem}_seg.mp4."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from pipeline.errors import UsageError
from pipeline.files import RUN_SUFFIX

#: Folder beside the first output that holds the detections of several pictures.
FOLDER_OF_SEVERAL = f"pictures{RUN_SUFFIX}"

#: A doubled brace, a field, or a single brace.
_PARTS = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|[{}]")


def run_folder(output: Path) -> Path:
    """The folder of the run that makes an output, beside it."""
    output = output.absolute()
    return output.with_name(output.name + RUN_SUFFIX)


def filled(template: str, fields: Mapping[str, str]) -> str:
    """The template with each `{field}` replaced by its value; `{{` and `}}` stand for braces.

    Nothing is evaluated: any other text in braces, and a single brace, raise UsageError. So does a value that would
    lead to another folder: a file called `...mp4` has the stem `..`.
    """
    for name in fields.values():
        if name in (".", ".."):
            raise UsageError(f"An input has the stem {name!r}, which would be a folder.", do="rename it")

    def value(part: re.Match[str]) -> str:
        text = part.group()
        if text in ("{{", "}}"):
            return text[0]
        if part.group(1) in fields:
            return fields[part.group(1)]
        raise UsageError(
            f"The output {template!r} is not a valid template.",
            found=f"{text!r}",
            do=f"use {' or '.join('{' + name + '}' for name in fields)}, and {{{{ for a literal brace",
        )

    return _PARTS.sub(value, template)
