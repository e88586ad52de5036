"""Hand a job file to a cluster, which then runs it as if it had been submitted there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from pipeline import __version__
from pipeline.job.job_file import read_job_file
from pipeline.record.fingerprint import mark
from pipeline.run.shipped import PACKAGE, write_versions
from pipeline.workers.job_api import run_on_cluster

_SCRIPT = "submit.sh"

#: Ray starts a job with its own PATH, which need not contain the environment that Ray runs in. The library that Ray's
#: process, the shell's parent, has loaded tells which environment that is.
_FIND = r"""
folder=$(sed -n 's#^.* \(/.*\)/lib[^ ]*/python[^/]*/site-packages/ray/_raylet\.so$#\1/bin#p' "/proc/$RAY_PROCESS/maps")
folder=$(echo "$folder" | head -n 1)
"""
_INSTALLED = r"""
if [ ! -x "$folder/seg-video" ]; then
    echo "seg-video: the environment that Ray runs in on the cluster's head has no seg-video." >&2
    echo "  found: ${folder:-no such environment}" >&2
    echo "  do:    install seg-video VERSION on every machine of the cluster, or send it along with --ship" >&2
    exit 2
fi
found=$("$folder/seg-video" --version)
if [ "$found" != "seg-video VERSION" ]; then
    echo "seg-video: the cluster's head has another version than this machine." >&2
    echo "  found: $found there, seg-video VERSION here" >&2
    echo "  do:    install the same version on both" >&2
    exit 2
fi
program=seg-video
"""
_SHIPPED = r"""
"$folder/python" -m pipeline.run.shipped || exit $?
program="python -m pipeline"
"""

#: Runs of outputs in a storage are kept in the current folder, and Ray deletes the folder in which it starts a job.
_SUBMIT = r"""
job=$PWD/job.yaml
runs=${XDG_STATE_HOME:-$HOME/.local/state}/seg-video/OUTPUTS
mkdir -p -m 700 "$runs" && cd "$runs" || exit 1
export PATH="$folder:$PATH"
exec $program submit "$job" --cluster auto --progress json
"""


def hand_over(
    file: Path,
    address: str,
    begun: Callable[[str], None],
    listen: Callable[[str], None],
    *,
    shipped: bool = False,
) -> int:
    """Run the jobs of `file` on the cluster at `address`; their exit code.

    begun : called with the cluster's id for the job. listen : called with what the job prints.
    shipped : send this package along, so that the cluster needs only its dependencies.

    Otherwise the cluster's machines need this package in the environment that Ray runs in, the head in this version.
    Paths in the file must be absolute paths of the cluster. Raises UsageError for an invalid file before anything is
    sent.
    """
    outputs = [request.output for request in read_job_file(file)]
    with tempfile.TemporaryDirectory(prefix="seg-video-job-") as folder:
        shutil.copyfile(file, Path(folder) / "job.yaml")
        if shipped:
            write_versions(Path(folder))
        script = _FIND + (_SHIPPED if shipped else _INSTALLED) + _SUBMIT
        script = script.replace("VERSION", __version__).replace("OUTPUTS", mark("outputs", 1, outputs)[:16])
        (Path(folder) / _SCRIPT).write_text(script, encoding="ascii")
        command = f"RAY_PROCESS=$PPID exec sh {_SCRIPT}"
        packages = [PACKAGE] if shipped else []
        return run_on_cluster(address, command, Path(folder), begun, listen, packages)
