"""Write: the files of an evaluation, each under a temporary name until it is whole."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_metrics(path: Path, values: Mapping[str, Any]) -> None:
    """Write `values` as JSON."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
