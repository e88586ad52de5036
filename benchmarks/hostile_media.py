"""Hostile files given to seg-video: `python benchmarks/hostile_media.py FOLDER...` writes docs/media.md.

Tries every file of the folders and those of hostile_files.py, with a network that costs nothing (it finds bright
squares): containers and pixels are tried here, not what is found. Exit code 1 if a file is not treated as it
should be.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from hostile_files import SPECIAL, Case, make_all
from page import write_table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pipeline import cli  # noqa: E402
from pipeline.networks import registry  # noqa: E402
from pipeline.proof import verify  # noqa: E402, F401
from pipeline.run import estimate, flow  # noqa: E402, F401
from tests import fake_network  # noqa: E402

PAGE = ROOT / "docs" / "media.md"
MOST_SECONDS = 900


@dataclass(frozen=True)
class Row:
    """Result of one file. wrong : faults, a few words each."""

    case: Case
    result: str
    code: int
    verdict: str
    seconds: float
    wrong: tuple[str, ...]


def main() -> int:
    """0 if every file was treated as it should be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path, help="folders of files to try beside the made ones")
    parser.add_argument("--only", help="files whose name contains this")
    parser.add_argument("--jobs", type=int, default=2, help="files tried at a time (2)")
    parser.add_argument("--dry", action="store_true", help="write no page")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="hostile-") as folder:
        made, outputs = Path(folder) / "made", Path(folder) / "out"
        made.mkdir()
        cases = [*make_all(made), *found_cases(arguments.folders)]
        cases = [case for case in cases if arguments.only is None or arguments.only in case.path.name]
        rows = []
        with ProcessPoolExecutor(
            arguments.jobs, mp_context=get_context("fork"), initializer=be_cheap
        ) as pool:
            for row in pool.map(tried, cases, [outputs / str(number) for number in range(len(cases))]):
                rows.append(row)
                print(f"{row.seconds:.1f} s", line(row), *row.wrong, flush=True)
                if not arguments.dry:
                    write_page(rows, len(cases))  # a run that is cut short has told the truth so far
    wrong = sum(bool(row.wrong) for row in rows)
    print(f"{len(rows)} files, {wrong} not treated as they should be")
    return 1 if wrong else 0


def be_cheap() -> None:
    """Put the network that costs nothing in the real one's place."""
    registry.KINDS["own"] = fake_network.KIND


def found_cases(folders: list[Path]) -> list[Case]:
    """The files of the folders; which of them hold no video is known by their names."""
    files = [path for folder in folders for path in sorted(folder.iterdir()) if path.is_file()]
    return [Case(path.absolute(), SPECIAL.get(path.name, ""), (0, 3, 4)) for path in files]


def tried(case: Case, folder: Path) -> Row:
    """Run the command on a file, and verify on what it makes."""
    folder.mkdir(parents=True)
    if case.act == "locked":
        return locked(case)
    before = digest(case.path) if case.path.exists() else None
    out = folder / "out.mp4"
    done, seconds = run(case, out)
    if done.returncode == 2 and "cannot hold" in done.stderr:
        out = folder / "out.mkv"
        done, seconds = run(case, out)
    wrong = list(faults(case, done, out, folder))
    if case.act != "grow" and before != (digest(case.path) if case.path.exists() else None):
        wrong.append("the input was changed")
    verdict = "-"
    if out.exists():
        check = command(["verify", "--json", "--", str(case.path), str(out)])
        proof = json.loads(check.stdout)
        differing = [check["name"] for check in proof["checks"] if check["holds"] is False]
        verdict = "holds" if proof["holds"] else f"differs: {', '.join(differing)}"
        wrong += [] if proof["holds"] else ["verify"]
    return Row(case, result(case, done, out, seconds), done.returncode, verdict, seconds, tuple(wrong))


def run(case: Case, out: Path) -> tuple[Done, float]:
    """The command on a file, and how long it took."""
    words = [
        "run",
        "--workers",
        "0",
        "--preset",
        "ultrafast",
        "--json",
        "--quiet",
        "-o",
        str(out),
        *case.arguments,
    ]
    if case.act == "plan":
        words.append("--dry-run")
    grown = threading.Event()
    grower = threading.Thread(target=grow, args=(case.path, grown))
    if case.act == "grow":
        grower.start()
    began = time.monotonic()
    done = command([*words, "--", str(case.path)])
    seconds = time.monotonic() - began
    grown.set()
    if case.act == "grow":
        grower.join()
    return done, seconds


def locked(case: Case) -> Row:
    """Run the command into a folder that not even root can write to."""
    done, seconds = run(case, Path("/sys/out.mp4"))
    found = [] if done.returncode in case.allowed and "Traceback" not in done.stderr else ["not refused"]
    return Row(
        case, result(case, done, Path("/sys/out.mp4"), seconds), done.returncode, "-", seconds, tuple(found)
    )


@dataclass(frozen=True)
class Done:
    """End of a command."""

    returncode: int
    stdout: str
    stderr: str


def command(words: list[str]) -> Done:
    """The command line with the cheap network, in a process of its own: a fork, which has loaded all there is."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        child = os.fork()
        if child == 0:
            os.dup2(output.fileno(), 1)
            os.dup2(errors.fileno(), 2)
            os._exit(call(words))
        code = wait(child)
        output.seek(0)
        errors.seek(0)
        return Done(code, output.read().decode("utf-8", "replace"), errors.read().decode("utf-8", "replace"))


def call(words: list[str]) -> int:
    """Exit code of the command line in this process."""
    try:
        code = cli.main(words)
    except SystemExit as ending:
        code = int(ending.code or 0)
    except BaseException:
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def wait(child: int) -> int:
    """Exit code of the child; that of a kill for one that takes too long."""
    until = time.monotonic() + MOST_SECONDS
    while time.monotonic() < until:
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def grow(path: Path, done: threading.Event) -> None:
    """Add to a file, as a camera does."""
    packet = bytes([0x47, 0x1F, 0xFF, 0x10]) + bytes([0xFF]) * 184  # MPEG-TS's stuffing
    while not done.wait(0.02):
        with path.open("ab") as stream:
            stream.write(packet)


def faults(case: Case, done: Done, out: Path, folder: Path) -> list[str]:
    """Faults that no file may cause."""
    found = []
    if done.returncode not in case.allowed:
        found.append(f"exit code {done.returncode}")
    if "Traceback" in done.stderr:
        found.append("a traceback")
    if done.returncode == 3 and len(done.stderr.splitlines()) > 3:
        found.append("more than a clear line")
    if done.returncode == 4 and "damaged: " not in done.stderr:
        found.append("damage without a word")
    expected = {out.name, f"{out.name}.seg-run"} if out.exists() else set()
    if case.act == "grow" and done.returncode == 3:
        expected = {f"{out.name}.seg-run"}  # found out at the end: what was inferred is kept
    if leftover := {path.name for path in folder.iterdir()} - expected:
        found.append(f"left over: {', '.join(sorted(leftover))}")
    if done.returncode in (0, 4) and not out.exists() and case.act != "plan":
        found.append("no output")
    return found


def result(case: Case, done: Done, out: Path, seconds: float) -> str:
    """The result in words."""
    if done.returncode not in (0, 4):
        said = [text.strip() for text in done.stderr.replace(str(case.path), case.path.name).splitlines()]
        reason = next((text for text in said if text.startswith("found:")), said[0] if said else "")
        return reason.removeprefix("found: ").strip()
    (video,) = json.loads(done.stdout)["videos"]
    if case.act == "plan":
        return f"{video['frames']} frames in {video['chunks']} chunks, planned in {seconds:.0f} s"
    words = [f"{video['frames']} frames{' in Matroska' if out.suffix == '.mkv' else ''}"]
    for text in done.stderr.splitlines():
        text = text.removeprefix("seg-video: ").replace(f"{case.path}", "it").removeprefix("warning: ")
        words.append(text.removeprefix("damaged: "))
    return "; ".join(dict.fromkeys(word.replace("it: ", "") for word in words))


def line(row: Row) -> str:
    """A row of the table."""
    name = os.fsencode(row.case.path.name).decode("utf-8", "backslashreplace").replace("\n", "\\n")
    cells = (
        f"`{name}`" if "`" not in name else f"`` {name} ``",
        row.case.special,
        row.result,
        str(row.code),
        row.verdict,
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def write_page(rows: list[Row], count: int) -> None:
    """Put the table into the page, between its marks."""
    head = "| file | what is special | result | exit code | verify |\n|---|---|---|---|---|\n"
    table = head + "\n".join(line(row) for row in rows)
    wrong = sum(bool(row.wrong) for row in rows)
    done = f"{len(rows)} of {count} files tried, {wrong} not treated as they should be."
    write_table(PAGE, Path(__file__).name, f"{done}\n\n{table}")


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
