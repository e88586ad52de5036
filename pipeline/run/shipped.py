"""The package sent along with a job, to a cluster that has only its dependencies.

`python -m pipeline.run.shipped` is run there, in the job's folder, before any other module is imported.
"""

from __future__ import annotations

import json
import platform
import re
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

#: The folder that is sent.
PACKAGE = Path(__file__).resolve().parents[1]

_VERSIONS = "versions.json"

#: Values travel between processes by pickle, which depends on the minor version of Python.
_PYTHON = ".".join(platform.python_version_tuple()[:2])


def write_versions(folder: Path) -> None:
    """Write the versions of Python and of this package's dependencies here into the job's folder."""
    (folder / _VERSIONS).write_text(json.dumps(versions_here()), encoding="ascii")


def versions_here() -> dict[str, str]:
    """Versions of Python and of each dependency, including those for storages if they are installed."""
    found = {"python": _PYTHON}
    for requirement in requires("seg-video") or ():
        name, extra = re.split(r"[^\w.-]", requirement)[0], re.search(r"extra == \W(\w+)", requirement)
        number = _version(name) if extra is None or extra[1] == "remote" else None
        if number is not None:
            found[name] = number
    return found


def unmet(wanted: Mapping[str, str]) -> list[str]:
    """Packages that are not installed here in the wanted version, in words."""
    here = {name: _PYTHON if name == "python" else _version(name) for name in wanted}
    return [
        f"{name}=={number} ({here[name] or 'none'} there)"
        for name, number in wanted.items()
        if here[name] != number
    ]


def compare_here() -> int:
    """Exit code 2, with an error on stderr, if a dependency is missing or of another version; otherwise 0."""
    lacking = unmet(json.loads(Path(_VERSIONS).read_text(encoding="ascii")))
    if not lacking:
        return 0
    pins = " ".join(repr(words.split(" ")[0]) for words in lacking if not words.startswith("python=="))
    sys.stderr.write(
        "seg-video: the cluster's head has other packages than this machine.\n"
        f"  found: {', '.join(lacking)}\n"
        f"  do:    {sys.executable} -m pip install {pins}, on every machine of the cluster\n"
    )
    return 2


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(compare_here())
