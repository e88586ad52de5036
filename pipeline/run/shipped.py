"""The package sent along with a job: a wheel that pins what it stands on to the versions that are here.

`python -m pipeline.run.shipped` is called on the cluster's head, before anything else of it is imported.
"""

from __future__ import annotations

import hashlib
import platform
import re
import sys
import zipfile
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from pipeline import __version__
from pipeline.errors import SegVideoError

_PACKAGE = Path(__file__).resolve().parents[1]

#: Values travel between processes by pickle, which a minor version of Python may change.
_PYTHON = ".".join(platform.python_version_tuple()[:2])

#: A dependency as the wheel states it; the one on Python says the same in another field.
_PIN = re.compile(r"([\w.-]+)==([^\s;]+)")

_INFO = f"seg_video-{__version__}.dist-info"

#: The exit code of a head that lacks packages which Ray can install for the job.
LACKS_PACKAGES = 75


def write_wheel(folder: Path) -> Path:
    """The wheel of this package in its present state, written into `folder`: the same bytes for the same files."""
    wheel, record = folder / f"seg_video-{__version__}-py3-none-any.whl", []
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:

        def write(name: str, content: bytes) -> None:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
            digest = urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
            record.append(f"{name},sha256={digest},{len(content)}\n")

        for path in _files():
            write(path.relative_to(_PACKAGE.parent).as_posix(), path.read_bytes())
        write(f"{_INFO}/METADATA", _metadata().encode())
        write(
            f"{_INFO}/WHEEL",
            b"Wheel-Version: 1.0\nGenerator: seg-video\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        write(f"{_INFO}/entry_points.txt", b"[console_scripts]\nseg-video = seg_video:main\n")
        archive.writestr(zipfile.ZipInfo(f"{_INFO}/RECORD"), "".join([*record, f"{_INFO}/RECORD,,\n"]))
    return wheel


def unpacked(wheel: Path, folder: Path) -> list[Path]:
    """The folders of a wheel's content, each of which Python finds when what holds it is on its path."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return [folder / "pipeline", folder / _INFO]


def pins_here() -> dict[str, str]:
    """The version of each package that this one needs, for storages too where that is there."""
    found = {}
    for requirement in requires("seg-video") or ():
        name, extra = re.split(r"[^\w.-]", requirement)[0], re.search(r"extra == \W(\w+)", requirement)
        number = _version(name) if extra is None or extra[1] == "remote" else None
        if number is not None:
            found[name] = number
    return found


def unmet() -> list[str]:
    """Pins of the wheel that was sent which do not hold here, in words."""
    pins = [pin.groups() for requirement in requires("seg-video") or () if (pin := _PIN.match(requirement))]
    if not pins:
        raise SegVideoError("The wheel that was sent along is not found here.", do="submit again")
    here = {name: _version(name) for name, _ in pins}
    return [
        f"{name}=={number} ({here[name] or 'none'} there)" for name, number in pins if here[name] != number
    ]


def compare_here(arguments: Sequence[str]) -> int:
    """Exit code 0 if all dependencies are here; else 2, or LACKS_PACKAGES, with an error on stderr.

    arguments : the wanted Python, and `--may-install` if missing packages can be installed.
    """
    python = arguments[0]
    lacking = unmet()
    if python != _PYTHON:
        sys.stderr.write(
            "seg-video: the cluster's head has another Python than this machine.\n"
            f"  found: {_PYTHON} there, {python} here\n"
            "  do:    submit from a machine with the cluster's Python\n"
        )
        return 2
    if not lacking:
        return 0
    sys.stderr.write(
        "seg-video: the cluster's head has other packages than this machine.\n"
        f"  found: {', '.join(lacking)}\n"
    )
    if "--may-install" in arguments:
        sys.stderr.write("  they are installed for this job now, on each machine that works on it\n")
        return LACKS_PACKAGES
    pins = " ".join(repr(words.split(" ")[0]) for words in lacking)
    sys.stderr.write(f"  do:    {sys.executable} -m pip install {pins}, on every machine of the cluster\n")
    return 2


def python_here() -> str:
    """The minor version of Python, as 3.11."""
    return _PYTHON


def _files() -> Iterator[Path]:
    yield _PACKAGE.parent / "seg_video.py"
    for path in sorted(_PACKAGE.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def _metadata() -> str:
    pins = "".join(f"Requires-Dist: {name}=={number}\n" for name, number in pins_here().items())
    return (
        f"Metadata-Version: 2.1\nName: seg-video\nVersion: {__version__}\nLicense: Apache-2.0\n"
        f"Requires-Python: =={_PYTHON}.*\n{pins}"
    )


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(compare_here(sys.argv[1:]))
