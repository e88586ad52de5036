"""120 randomly damaged outputs, and which of them `verify` catches: `python benchmarks/verify_damage.py CLIP`.

The clip gets a second sound track, subtitles, chapters and tags; seg-video makes an output of it, and ffmpeg damages
copies of that. Each is verified with the run's record beside it and without. Writes the table of docs/reliability.md;
exit code 1 if one is not caught with the record, or an undamaged output is called damaged.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
from page import write_table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from damages import (  # noqa: E402
    CONTROL,
    KINDS,
    RICH_COPY,
    TIMEOUT_SECONDS,
    Scene,
    chapters,
)

from pipeline import cli  # noqa: E402
from pipeline.errors import SegVideoError  # noqa: E402
from pipeline.proof.verify import verify  # noqa: E402
from pipeline.video.ffmpeg import VARIABLE, from_file, run_ffmpeg, to_file  # noqa: E402
from pipeline.video.read.probe import probe  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"


@dataclass
class Tally:
    """Outputs of one kind of damage: number made, and numbers caught with the record and without."""

    made: int = 0
    caught: int = 0
    alone: int = 0
    by: set[str] = field(default_factory=set)


def main() -> int:
    """0 if all damage was caught, and nothing else."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path, help="a video of some seconds, with sound")
    parser.add_argument("--count", type=int, default=120, help="how many outputs are damaged (120)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="kinds whose name contains this")
    parser.add_argument("--dry", action="store_true", help="write no page")
    arguments = parser.parse_args()
    os.environ[VARIABLE] = imageio_ffmpeg.get_ffmpeg_exe()
    with tempfile.TemporaryDirectory(prefix="damage-") as folder:
        source, made = prepared(arguments.clip, Path(folder))
        false_alarms = [name for name in ("with", "without") if caught(source, undamaged(made, name))]
        tallies = dict(tried(source, made, arguments))
    table = "\n".join(lines(tallies, false_alarms))
    print(table)
    if not arguments.dry:
        write_table(PAGE, Path(__file__).name, table)
    return (
        1
        if false_alarms
        or any(tally.caught != (0 if name == CONTROL else tally.made) for name, tally in tallies.items())
        else 0
    )


def prepared(clip: Path, folder: Path) -> tuple[Path, Path]:
    """The clip with more tracks, and what seg-video makes of it."""
    words, listing, source = folder / "words.srt", folder / "chapters.txt", folder / "source.mp4"
    words.write_text("1\n00:00:00,100 --> 00:00:00,400\nHello\n\n2\n00:00:00,700 --> 00:00:01,200\nAgain\n")
    listing.write_text(chapters())
    one, text, marks = from_file(clip), from_file(words), from_file(listing, f="ffmetadata")
    tone = ffmpeg.input("sine=f=300:d=1.4", f="lavfi")
    made = to_file(
        source, one["v:0"], one["a:0"], tone["a"], text["s"],
        **RICH_COPY, t=1.6, **{"c:a:1": "aac", "metadata:s:a:0": "title=Cabin", "metadata:g": "title=A drive"},
    )  # fmt: skip
    del marks
    made = made.global_args("-i", f"file:{listing}", "-map_chapters", "3")
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)
    out = folder / "out.mp4"
    if cli.main(["run", str(source), "-o", str(out), "--quiet", "--workers", "0"]) != 0:
        raise SystemExit("seg-video could not make the output that is to be damaged")
    return source, out


def undamaged(made: Path, record: str) -> Path:
    """The output itself, or a copy of it without its record."""
    if record == "with":
        return made
    alone = made.with_name("alone.mp4")
    shutil.copy(made, alone)
    return alone


def tried(source: Path, made: Path, arguments: argparse.Namespace) -> Iterator[tuple[str, Tally]]:
    """Each kind of damage, as often as it falls to it."""
    info = probe(made)
    kinds = [name for name in KINDS if arguments.only is None or arguments.only in name]
    record = made.with_name(f"{made.name}.seg-run")
    for number, name in enumerate(kinds):
        tally = Tally()
        for again in range(arguments.count // len(kinds) + (number < arguments.count % len(kinds))):
            chance = random.Random(f"{arguments.seed} {name} {again}")  # noqa: S311
            scene = Scene(made, info.width, info.height, info.frame_count, info.time_base.denominator, chance)
            damaged = made.with_name(f"damaged-{number}-{again}.mp4")
            KINDS[name](scene, damaged)
            began = time.monotonic()
            alone = caught(source, damaged)
            shutil.copytree(record, damaged.with_name(f"{damaged.name}.seg-run"))
            by = caught(source, damaged)
            tally.made, tally.alone = tally.made + 1, tally.alone + bool(alone)
            tally.caught, tally.by = tally.caught + bool(by), tally.by | by
            words = "; ".join(sorted(by)) or "NOT CAUGHT"
            print(
                f"{time.monotonic() - began:.1f} s {name}: {words}; alone: {', '.join(sorted(alone))}",
                flush=True,
            )
            damaged.unlink()
            shutil.rmtree(damaged.with_name(f"{damaged.name}.seg-run"))
        yield name, tally


def caught(source: Path, output: Path) -> set[str]:
    """The checks that do not hold; a file that cannot be read is caught too."""
    try:
        proof = verify(source, output)
        if os.environ.get("SAY"):
            print(*(check for check in proof.checks if check.holds is False), sep="\n")
        return {check.name for check in proof.checks if check.holds is False}
    except SegVideoError:
        return {"cannot be read"}


def lines(tallies: dict[str, Tally], false_alarms: list[str]) -> Iterator[str]:
    """The table, a line each, and what it says in all."""
    real = [tally for name, tally in tallies.items() if name != CONTROL]
    sums = [sum(getattr(tally, name) for tally in real) for name in ("made", "caught", "alone")]
    yield (
        f"{sums[1]} of {sums[0]} damaged outputs are caught, {sums[2]} of them without the run's folder; an undamaged "
        f"one is {'called damaged' if false_alarms else 'called the same video'}, with the folder and without."
    )
    yield ""
    yield "| damage | made | caught | without the run's folder | by the check |"
    yield "|---|---|---|---|---|"
    for name, tally in tallies.items():
        if tally.made:
            by = ", ".join(sorted(tally.by)[:3])
            yield f"| {name} | {tally.made} | {tally.caught} | {tally.alone} | {by or '-'} |"


if __name__ == "__main__":
    sys.exit(main())
