"""RaySession: Ray started for this command alone, or a running cluster joined; quiet, and gone without a trace."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import sysconfig
from pathlib import Path
from threading import Event, Thread
from typing import Any

from pipeline.errors import SegVideoError
from pipeline.workers.allocator import allocator_settings
from pipeline.workers.environment import environment
from pipeline.workers.private_ray import private_ray

#: Nothing large goes through Ray's store: detections, compressed packets and parts only.
_STORE_BYTES = 256 << 20

#: Seconds in which a cluster's head takes a connection, however busy it is.
_ANSWER_SECONDS = 20.0


class RaySession:
    """Ray, started in the background by `start`.

    address : HOST:PORT of a cluster, `auto` for the one on this machine, None for a Ray of our own.
    """

    def __init__(self, address: str | None = None) -> None:
        self._address = address
        self._ready, self._stop = Event(), Event()
        self._failure: BaseException | None = None
        self._broken = False
        # Linux ends Ray's processes when the thread that started them ends, so this one stays.
        self._thread = Thread(target=self._run, name="ray", daemon=True)

    def start(self) -> None:
        """Begin to start; returns at once."""
        self._thread.start()

    def wait(self) -> None:
        """Return when Ray is there. Raises SegVideoError where it cannot be started or reached."""
        self._ready.wait()
        if self._failure is not None:
            raise SegVideoError(
                "Ray cannot be started." if self._address is None else f"No Ray cluster at {self._address}.",
                found=str(self._failure).strip().split("\n")[0],
                do="use --workers 0 to work without Ray"
                if self._address is None
                else "check the address, and that this machine runs the cluster's version of Ray and Python",
            ) from self._failure

    def resources(self) -> tuple[float, float]:
        """Cores and GPUs that Ray has."""
        self.wait()
        import ray

        found = ray.cluster_resources()
        return found.get("CPU", 1.0), found.get("GPU", 0.0)

    def check(self) -> None:
        """Raise SegVideoError if a process of the Ray that was started here has ended: nothing would come any more."""
        dead = _dead_processes() if self._address is None else []
        if dead:
            self._broken = True
            raise SegVideoError(
                "Ray ended while it was needed.",
                found=f"its {' and '.join(sorted(dead))} is gone",
                do="run the same command again: it goes on from here",
            )

    def close(self) -> None:
        """End Ray's processes, or leave the cluster, and remove what they wrote."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            with contextlib.nullcontext() if self._address else private_ray() as folder:
                _connect(self._address, folder)
                self._ready.set()
                self._stop.wait()
                _kill_all() if self._broken else _leave()
        except Exception as failure:  # handed to whoever waits
            self._failure = failure
            _leave()
        self._ready.set()


def _connect(address: str | None, folder: Path | None) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    import ray

    options: dict[str, Any] = {
        "logging_level": "ERROR",
        "log_to_driver": False,
        "namespace": "seg-video",
        "job_config": _job_config(),
    }
    if address is not None:
        _look_who_answers(address)
        ray.init(address=address, **options)
        return
    with environment(allocator_settings()):  # Ray's processes take it over, and so do their workers
        ray.init(
            include_dashboard=False,
            object_store_memory=_STORE_BYTES,
            _temp_dir=str(folder),
            # Ray would start an idle process a core before the first is asked for.
            _system_config={"prestart_worker_first_driver": False},
            **options,
        )


def _look_who_answers(address: str) -> None:
    """Raise OSError where nobody listens at HOST:PORT: Ray itself would look for a cluster there for minutes."""
    host, _, port = address.rpartition(":")
    if port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER_SECONDS).close()


def _job_config() -> Any:
    """Let workers find this package where this process has it.

    Ray puts the current folder before all else that a worker imports from, and a person may well stand in a project
    that has a `pipeline` of its own. It leaves that be for jobs that bring a folder along.
    """
    from ray.job_config import JobConfig

    class OwnPath(JobConfig):
        def _runtime_env_has_working_dir(self) -> bool:
            return True

    home = str(Path(__file__).resolve().parents[2])
    # An installed package is found anyway, and site-packages must not come before the standard library.
    return OwnPath(_py_driver_sys_path=[] if home == sysconfig.get_path("purelib") else [home])


def _leave() -> None:
    import ray

    # What is left to fail here is Ray's own farewell; the processes are ended by the system in any case.
    with contextlib.suppress(Exception):
        ray.shutdown()


def _dead_processes() -> list[str]:
    """Names of Ray's own processes that have ended."""
    from ray._private.worker import _global_node

    kinds: dict[str, Any] = _global_node.all_processes if _global_node is not None else {}
    return [kind for kind, all_of in kinds.items() for one in all_of if one.process.poll() is not None]


def _kill_all() -> None:
    """End what is left of a Ray that cannot say farewell any more: `ray.shutdown` would wait for the dead."""
    import atexit

    import ray
    from ray._private.worker import _global_node

    atexit.unregister(ray.shutdown)
    atexit.register(_end_at_once)
    kinds: dict[str, Any] = _global_node.all_processes if _global_node is not None else {}
    for all_of in kinds.values():
        for one in all_of:
            if one.process.poll() is None:
                one.process.kill()


def _end_at_once() -> None:
    """End this process before Ray's library is taken down: without its servers that is a crash (Ray 2.60)."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # closed, or nobody reads it
            stream.flush()
    os._exit(1)
