"""Archives: what is needed of a published .tar.gz, unpacked without trusting it."""

from __future__ import annotations

import gzip
import os
import shutil
import tarfile
import zlib
from pathlib import Path, PurePosixPath

from pipeline.errors import WeightsError

_BLOCK = 1 << 20


def unpack_member(archive: Path, member: str, folder: Path) -> None:
    """Unpack what lies at `member` (a file or a folder, as a path in the archive) below `folder`.

    It is written under a temporary name and renamed when it is whole; one process at a time may do that.

    Raises WeightsError, and leaves nothing behind, if the archive is damaged, lacks `member`, or has a member
    that could end up outside: an absolute path, one through `..`, a link or a device.
    """
    target = folder / PurePosixPath(member).parts[0]
    if target.exists():
        raise WeightsError(
            f"{target} is in the way of unpacking {archive.name}.",
            found=f"it has no {member}",
            do="remove it",
        )
    workspace = folder / f".{target.name}.unpacking"
    shutil.rmtree(workspace, ignore_errors=True)  # of a run that was killed
    workspace.mkdir()
    try:
        _extract(archive, PurePosixPath(member), workspace)
        (workspace / target.name).rename(target)
    except (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise WeightsError(
            f"{archive} cannot be unpacked.", found=str(error), do="remove it and fetch it again"
        ) from error
    finally:
        shutil.rmtree(workspace, ignore_errors=True)


def _extract(archive: Path, wanted: PurePosixPath, workspace: Path) -> None:
    seen = []
    with gzip.open(archive) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
        for info in tar:
            path = _checked_path(archive, info)
            seen.append(str(path))
            if info.isfile() and (path == wanted or wanted in path.parents):
                _write(tar, info, workspace / path)
        # The checksum stands behind the last member, where reading a tar would stop.
        while stream.read(_BLOCK):
            pass
    if not (workspace / wanted).exists():
        found = ", ".join(seen[:12]) or "it is empty"
        raise WeightsError(f"{archive} has no {wanted}.", found=found, do="check where it comes from")


def _checked_path(archive: Path, info: tarfile.TarInfo) -> PurePosixPath:
    path = PurePosixPath(info.name)
    if path.is_absolute() or ".." in path.parts:
        reason = "leaves the folder"
    elif not (info.isfile() or info.isdir()):
        # A link is refused even if its own name is harmless: a later member could be written through it.
        reason = "is a link or a device"
    else:
        return path
    raise WeightsError(
        f"{archive} is not safe to unpack.",
        found=f"its member {info.name!r} {reason}",
        do="remove it, and take it from the publisher's own address",
    )


def _write(tar: tarfile.TarFile, info: tarfile.TarInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    source = tar.extractfile(info)
    assert source is not None, "a regular file has content"
    with source, target.open("wb") as file:
        shutil.copyfileobj(source, file, _BLOCK)
        file.flush()
        os.fsync(file.fileno())
