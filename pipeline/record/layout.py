"""RunLayout: the paths of a run's files."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import RunInTheWayError, UsageError, WriteError
from pipeline.files import PRIVATE, remove_temporaries
from pipeline.job.output_template import run_folder
from pipeline.record.run_folder import RunFolder

#: Folders of the passes' products, which are removed after success.
_WORK_FOLDERS = ("detections", "tracks", "labels", "parts")


@dataclass(frozen=True)
class RunLayout(RunFolder):
    """The files of one run.

    output : the video that is made; one that goes to a storage is first made in the run's folder.
    work : what is removed after success.
    """

    output: Path
    work: Path

    @classmethod
    def of(cls, output: Path, work_dir: Path | None = None, *, keeps_output: bool = True) -> RunLayout:
        """The layout for an output.

        work_dir : for the work files of several runs, each in a folder of its own. keeps_output : the output stays
        where it is made; otherwise it is made in the run's folder, which lies in `work_dir` already, and published.
        Raises UsageError for a `work_dir` that is a file.
        """
        if work_dir is not None and work_dir.exists() and not work_dir.is_dir():
            raise UsageError(f"{work_dir} is no folder for work files.", do="name another --work-dir")
        output = output.absolute()
        folder = run_folder(output)
        made = output if keeps_output else folder / output.name
        if work_dir is None or not keeps_output:
            return cls(folder, made, folder / "work")
        mark = hashlib.sha256(os.fsencode(output)).hexdigest()[:8]
        return cls(folder, made, work_dir.absolute() / f"{output.name}.{mark}")

    def detections(self, chunk: int | None) -> Path:
        """The detections of a chunk."""
        return self.work / "detections" / f"{chunk:06d}.parquet"

    def tracks(self, chunk: int | None) -> Path:
        """The detections of a chunk with their tracks."""
        return self.work / "tracks" / f"{chunk:06d}.parquet"

    def tracker_state(self, chunk: int) -> Path:
        """The tracker's state after a chunk."""
        return self.work / "tracks" / f"{chunk:06d}.state"

    def labels(self, chunk: int | None) -> Path:
        """The colours and positions of labels in a chunk."""
        return self.work / "labels" / f"{chunk:06d}.npy"

    def label_state(self, chunk: int) -> Path:
        """The label planner's state after a chunk."""
        return self.work / "labels" / f"{chunk:06d}.json"

    def part(self, chunk: int | None) -> Path:
        """A chunk's painted video."""
        return self.work / "parts" / f"{chunk:06d}.mp4"

    def check_private(self) -> None:
        """Raise RunInTheWayError if a folder of the run belongs to others, can be written by them, or is a link.

        Its content could not be trusted, and writing to it could end up elsewhere.
        """
        for folder in (self.folder, self.work):
            check_private(folder)

    def make_folder(self) -> None:
        """Make the run's folder, readable only by its owner, since it tells who was seen where.

        Raises WriteError, and RunInTheWayError as check_private does.
        """
        try:
            self.folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        except OSError as error:
            raise WriteError(
                f"Cannot write into {self.output.parent}.",
                found=error.strerror or str(error),
                do="name an output in a writable folder",
            ) from error
        check_private(self.folder)  # again: it may have appeared since the run was planned

    def make_folders(self) -> None:
        """Make the folders for the run's files, and remove temporary files of killed processes from them.

        The caller must hold the run's lock, since another process may be writing there. Raises as make_folder does.
        """
        self.make_folder()
        remove_temporaries(self.folder)
        try:
            self.work.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
            check_private(self.work)
            for name in _WORK_FOLDERS:
                folder = self.work / name
                if not os.path.lexists(folder):
                    folder.mkdir(mode=PRIVATE)
                check_private(folder)
                remove_temporaries(folder)
        except OSError as error:
            raise WriteError(
                f"Cannot write into {self.work}.",
                found=error.strerror or str(error),
                do="name another --work-dir, or make the folder writable",
            ) from error

    def remove_work(self) -> None:
        """Remove the work files, and their folder if it is then empty. The caller must hold the run's lock."""
        for name in _WORK_FOLDERS:
            shutil.rmtree(self.work / name, ignore_errors=True)
        with suppress(OSError):
            self.work.rmdir()

    def remove_sidecar(self) -> None:
        """Remove the run's record beside its output. The caller must hold the run's lock."""
        for path in (*self.record, self.lock):
            path.unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()


def check_private(path: Path, *, is_file: bool = False) -> None:
    """Raise RunInTheWayError if the path exists and is not a folder, or file, that only this user can write to."""
    what = f"The run's {'file' if is_file else 'folder'} {path}"
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise RunInTheWayError(f"{what} cannot be accessed.", found=error.strerror or str(error)) from error
    fault = _fault(status, is_file)
    if fault:
        raise RunInTheWayError(
            f"{what} cannot be trusted.",
            found=fault,
            do="find out who created it; delete it, or name another output",
        )


def _fault(status: os.stat_result, is_file: bool) -> str:
    """The reason why a folder or file is not this user's alone, in a few words; empty if it is."""
    is_kind = stat.S_ISREG if is_file else stat.S_ISDIR
    if not is_kind(status.st_mode):
        return "a link" if stat.S_ISLNK(status.st_mode) else f"no {'file' if is_file else 'folder'}"
    if status.st_uid != os.geteuid():
        return f"it belongs to user {status.st_uid}"
    # Many systems make new files writable for the user's own group; the folder around them keeps others out.
    others = stat.S_IWOTH if is_file else stat.S_IWGRP | stat.S_IWOTH
    return "others can write to it" if status.st_mode & others else ""
