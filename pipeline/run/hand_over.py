"""A job file handed to a cluster, which then does it as if it had been submitted there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipeline.job.job_file import read_job_file
from pipeline.workers.job_api import run_on_cluster

_NAME = "job.yaml"


def hand_over(file: Path, address: str, listen: Callable[[str], None]) -> int:
    """Exit code of the jobs of `file`, done by the cluster at `address`; `listen` is given what they print.

    The cluster's machines need this package. Paths in the file have to be the cluster's own, from the root
    on. Raises UsageError for a file that is wrong, before anything is sent.
    """
    read_job_file(file)
    with tempfile.TemporaryDirectory(prefix="seg-video-job-") as folder:
        shutil.copyfile(file, Path(folder) / _NAME)
        command = f"seg-video submit {_NAME} --cluster auto --progress json"
        return run_on_cluster(address, command, Path(folder), {}, listen)
