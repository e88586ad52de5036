"""Outputs damaged in 200 ways, and which of them `verify` catches: `python benchmarks/verify_damage.py CLIP`.

The clip gets a second sound track, subtitles, chapters and tags, in MP4 and in Matroska; seg-video makes an output of
each, and copies of these are damaged. Each is verified with the run's record beside it and without. Writes the table of
docs/reliability.md; exit code 1 if one is not caught with the record, or an undamaged output is called damaged.
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

import damages  # noqa: E402
import matroska_damages  # noqa: E402
from damages import RICH_COPY, TIMEOUT_SECONDS, Damage, Scene, chapters  # noqa: E402

from pipeline import cli  # noqa: E402
from pipeline.errors import SegVideoError  # noqa: E402
from pipeline.proof.verify import verify  # noqa: E402
from pipeline.video.ffmpeg import VARIABLE, from_file, run_ffmpeg, to_file  # noqa: E402
from pipeline.video.read.probe import probe  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"

KINDS = {".mp4": damages.KINDS, ".mkv": matroska_damages.KINDS}
CONTROLS = {damages.CONTROL, *matroska_damages.CONTROLS}


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
    parser.add_argument("--times", type=int, default=1, help="how often each kind is tried (1)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="kinds whose name contains this")
    parser.add_argument("--dry", action="store_true", help="write no page")
    arguments = parser.parse_args()
    os.environ[VARIABLE] = imageio_ffmpeg.get_ffmpeg_exe()
    with tempfile.TemporaryDirectory(prefix="damage-") as folder:
        false_alarms, tallies = [], {}
        for suffix, kinds in KINDS.items():
            chosen = {name: kinds[name] for name in kinds if arguments.only is None or arguments.only in name}
            if chosen:
                source, made = prepared(arguments.clip, Path(folder), suffix)
                false_alarms += [
                    name for name in ("with", "without") if caught(source, undamaged(made, name))
                ]
                tallies.update(tried(source, made, chosen, arguments))
    table = "\n".join(lines(tallies, false_alarms))
    print(table)
    if not arguments.dry:
        write_table(PAGE, Path(__file__).name, table)
    return (
        1
        if false_alarms
        or any(tally.caught != (0 if name in CONTROLS else tally.made) for name, tally in tallies.items())
        else 0
    )


def prepared(clip: Path, folder: Path, suffix: str) -> tuple[Path, Path]:
    """The clip with more tracks, and what seg-video makes of it."""
    words, listing, source = folder / "words.srt", folder / "chapters.txt", folder / f"source{suffix}"
    words.write_text("1\n00:00:00,100 --> 00:00:00,400\nHello\n\n2\n00:00:00,700 --> 00:00:01,200\nAgain\n")
    listing.write_text(chapters())
    (folder / "font.ttf").write_bytes(b"FONT" * 40)
    own = {} if suffix == ".mp4" else {
        "c:s": "srt", "attach": str(folder / "font.ttf"), "metadata:s:t": "mimetype=font/ttf",
    }  # fmt: skip
    one, text = from_file(clip), from_file(words)
    tone = ffmpeg.input("sine=f=300:d=1.4", f="lavfi")
    made = to_file(
        source, one["v:0"], one["a:0"], tone["a"], text["s"],
        **RICH_COPY | own, t=1.6,
        **{"c:a:1": "aac", "metadata:s:a:0": "title=Cabin", "metadata:g": "title=A drive"},
    )  # fmt: skip
    made = made.global_args("-i", f"file:{listing}", "-map_chapters", "3")
    run_ffmpeg(made, timeout_seconds=TIMEOUT_SECONDS)
    out = folder / f"out{suffix}"
    if cli.main(["run", str(source), "-o", str(out), "--quiet", "--workers", "0"]) != 0:
        raise SystemExit("seg-video could not make the output that is to be damaged")
    return source, out


def undamaged(made: Path, record: str) -> Path:
    """The output itself, or a copy of it without its record."""
    if record == "with":
        return made
    alone = made.with_name(f"alone{made.suffix}")
    shutil.copy(made, alone)
    return alone


def tried(
    source: Path, made: Path, kinds: dict[str, Damage], arguments: argparse.Namespace
) -> Iterator[tuple[str, Tally]]:
    """Each kind of damage, as often as is asked for."""
    info = probe(made)
    record = made.with_name(f"{made.name}.seg-run")
    for number, name in enumerate(kinds):
        tally = Tally()
        for again in range(arguments.times):
            chance = random.Random(f"{arguments.seed} {name} {again}")  # noqa: S311
            scene = Scene(made, info.width, info.height, info.frame_count, info.time_base.denominator, chance)
            damaged = made.with_name(f"damaged-{number}-{again}{made.suffix}")
            kinds[name](scene, damaged)
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
    real = [tally for name, tally in tallies.items() if name not in CONTROLS]
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
