"""A command run on a cluster's head by Ray's job API, its log followed to the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pipeline.errors import SegVideoError, UsageError

#: What a head says that has no agent yet, and how long it is waited for.
_NOT_YET, _START_SECONDS = "No available agent", 60.0


def run_on_cluster(
    address: str,
    command: str,
    working_dir: Path,
    begun: Callable[[str], None],
    listen: Callable[[str], None],
    packages: Sequence[Path] = (),
    installed: Sequence[str] = (),
) -> int:
    """Exit code of `command`, run at `address` (http://HEAD:8265) in a copy of `working_dir`.

    begun : is given the job's id. listen : is given the command's output as it comes. packages : folders that Python
    finds before its own on every machine of the job. installed : wheels in `working_dir`, and pins, that Ray
    installs in an environment that it makes for the job on each machine, a copy of the one that it runs in. Raises
    SegVideoError if the cluster cannot be reached.
    """
    client = _client(address)
    # Not into the working folder: a node that begins to work on a job deletes and unpacks that anew, and where two
    # nodes have one folder for their session, as on one machine, it does so under the programs of the other (Ray 2.60).
    surroundings: dict[str, Any] = {"working_dir": str(working_dir)}
    if packages:
        surroundings |= {"py_modules": list(map(str, packages)), "excludes": ["__pycache__"]}
    if installed:
        here = "${RAY_RUNTIME_ENV_CREATE_WORKING_DIR}/"  # as Ray's pip knows the folder
        surroundings["pip"] = [here + name if name.endswith(".whl") else name for name in installed]
    job = ""
    try:
        job = _submitted(client, command, surroundings)
        begun(job)
        asyncio.run(_follow(client, job, listen))
        info = client.get_job_info(job)
    except OSError as error:  # of the connection, by whatever library of Ray's
        raise SegVideoError(
            f"The Ray cluster at {address} answers no more.",
            found=str(error),
            do=f"look at its head; job {job} goes on if that lives, and the same command goes on from what is there"
            if job
            else "look at its head, and submit again",
        ) from error
    if info.driver_exit_code is None:
        raise SegVideoError(f"The cluster ended job {job}.", found=info.message or str(info.status))
    return int(info.driver_exit_code)


def _submitted(client: Any, command: str, surroundings: dict[str, Any]) -> str:
    """The job's id. A head that has just started answers before it can take jobs, and is asked again for a while."""
    until = time.monotonic() + _START_SECONDS
    while True:
        try:
            return str(client.submit_job(entrypoint=command, runtime_env=surroundings))
        except RuntimeError as error:
            if _NOT_YET not in str(error):
                raise
            if time.monotonic() > until:
                raise SegVideoError(
                    "The cluster's head takes no jobs.",
                    found=_NOT_YET,
                    do="look at `ray status` there; where another Ray has left its agent behind on port 52365, end "
                    "that one, or start the head with --dashboard-agent-listen-port PORT",
                ) from error
            time.sleep(1)


def _client(address: str) -> Any:
    from ray.exceptions import AuthenticationError, RayError
    from ray.job_submission import JobSubmissionClient

    try:
        return JobSubmissionClient(address)
    except AuthenticationError as error:
        raise SegVideoError(
            f"The Ray cluster at {address} asks for its token.",
            found=str(error).split("\n")[0],
            do="set RAY_AUTH_MODE=token, and RAY_AUTH_TOKEN to what `ray get-auth-token` prints on its head",
        ) from error
    except (ImportError, ConnectionError, RuntimeError, RayError) as error:
        if "ray[default]" in str(error):
            raise UsageError(
                "Submitting to a cluster needs Ray's job client.", do="pip install 'ray[default]'"
            ) from error
        raise SegVideoError(
            f"No Ray cluster answers at {address}.",
            found=str(error).split("\n")[0],
            do="give the address of its dashboard, as in http://HEAD:8265",
        ) from error


async def _follow(client: Any, job: str, listen: Callable[[str], None]) -> None:
    async for text in client.tail_job_logs(job):
        listen(text)
