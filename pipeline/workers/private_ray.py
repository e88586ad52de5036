"""private_ray: a place for a Ray of our own that no other account and no other machine can look into or steer."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from pipeline.workers.environment import environment

#: Ray puts sockets below its folder, and a socket's path may have 107 characters, of which Ray's own names
#: take about 65.
_LONGEST_FOLDER = 36

_PREFIX = "seg-video-"

#: Ray opens its folder to everybody (mode 0777), so it gets one within a folder that is closed.
_INNER = "r"


@contextmanager
def private_ray() -> Iterator[Path]:
    """A new folder for the Ray that is started in the body, on the loopback address and behind a random token.

    Without the token any account of this machine could send tasks to Ray's ports, and would run what it likes as this
    user. What Ray wrote into the folder is removed at the end.
    """
    folder = _make_folder()
    try:
        with _token(), _on_loopback():
            yield folder / _INNER
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _token() -> Iterator[None]:
    """Have Ray ask for a random token, with which its processes reach one another, and forget it again."""
    try:
        with environment({"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}):
            _forget_token()
            yield
    finally:
        _forget_token()


def _forget_token() -> None:
    """Have Ray read mode and token anew: it may know those of a cluster that was joined before."""
    from ray import _raylet

    raylet: Any = _raylet  # compiled, without types
    raylet.Config.initialize("")
    raylet.AuthenticationTokenLoader.instance().reset_cache()


@contextmanager
def _on_loopback() -> Iterator[None]:
    """Have Ray bind its servers to 127.0.0.1, as it does where it knows no clusters.

    It takes another address for `_node_ip_address="127.0.0.1"`, and with any but that one it listens to everybody.
    """
    from ray._private import ray_constants

    before = ray_constants.ENABLE_RAY_CLUSTER
    ray_constants.ENABLE_RAY_CLUSTER = False
    try:
        yield
    finally:
        ray_constants.ENABLE_RAY_CLUSTER = before


def _make_folder() -> Path:
    """A folder of this process, short enough for sockets; those of processes that were killed are removed."""
    home = Path(tempfile.gettempdir())
    if len(str(home)) + len(_PREFIX) + 18 > _LONGEST_FOLDER and Path("/tmp").is_dir():  # noqa: S108
        home = Path("/tmp")  # noqa: S108
    for old in home.glob(f"{_PREFIX}[0-9]*-*"):
        with suppress(FileNotFoundError):  # another command removes it too
            owner = old.name.removeprefix(_PREFIX).split("-")[0]
            if owner.isdigit() and not Path(f"/proc/{owner}").exists() and old.lstat().st_uid == os.geteuid():
                shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=home))
