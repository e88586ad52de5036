"""Hand a job file to a cluster, which then runs it as if it had been submitted there."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline import __version__
from pipeline.job.job_file import read_job_file
from pipeline.record.fingerprint import mark
from pipeline.run.shipped import LACKS_PACKAGES, pins_here, python_here, unpacked, write_wheel
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
"$folder/python" -m pipeline.run.shipped PYTHON --may-install || exit $?
program="python -m pipeline"
"""

#: In the environment that Ray has made for the job out of its own.
_INSTALLED_BY_RAY = r"""
folder=$VIRTUAL_ENV/bin
"$folder/python" -m pipeline.run.shipped PYTHON || exit $?
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
    shipped : send this package along as a wheel. Where the head has the versions that it pins, nothing is installed;
    where it does not, Ray makes an environment for the job on each machine and installs the wheel in it.

    Otherwise the cluster's machines need this package in the environment that Ray runs in, the head in this version.
    Paths in the file must be absolute paths of the cluster. Raises UsageError for an invalid file before anything is
    sent.
    """
    outputs = [request.output for request in read_job_file(file)]
    with (
        tempfile.TemporaryDirectory(prefix="seg-video-job-") as folder,
        tempfile.TemporaryDirectory(prefix="seg-video-wheel-") as wheel_folder,
    ):
        shutil.copyfile(file, Path(folder) / "job.yaml")

        def run(program: str, packages: Sequence[Path] = (), installed: Sequence[str] = ()) -> int:
            script = (
                (_FIND + program + _SUBMIT).replace("VERSION", __version__).replace("PYTHON", python_here())
            )
            script = script.replace("OUTPUTS", mark("outputs", 1, outputs)[:16])
            (Path(folder) / _SCRIPT).write_text(script, encoding="ascii")
            command = f"RAY_PROCESS=$PPID exec sh {_SCRIPT}"
            return run_on_cluster(address, command, Path(folder), begun, listen, packages, installed)

        if not shipped:
            return run(_INSTALLED)
        wheel = write_wheel(Path(wheel_folder))
        packages = unpacked(wheel, Path(wheel_folder))
        code = run(_SHIPPED, packages)
        if code == LACKS_PACKAGES:
            shutil.move(wheel, folder)
            # By the pins Ray tells one such environment from another, and not by what is in a wheel of the same name.
            pins = [f"{name}=={number}" for name, number in pins_here().items()]
            code = run(_INSTALLED_BY_RAY, packages, [wheel.name, *pins])
        return code
