"""Outputs damaged in 250 ways, and which of them `verify` catches: `python benchmarks/verify_damage.py CLIP`.

The clip becomes sources of several formats, with more tracks; seg-video makes an output of each, and copies of these
are damaged. Each is verified with the run's record beside it and without. Writes the table of docs/reliability.md, and
each kind into results/verify_damage.json; exit code 1 if one is not caught with the record, or an undamaged output is
called damaged.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import imageio_ffmpeg
from page import write_table

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from damage_recipes import RECIPES  # noqa: E402
from damage_scene import Damage, Scene  # noqa: E402

from pipeline.errors import SegVideoError  # noqa: E402
from pipeline.proof.verify import verify  # noqa: E402
from pipeline.video.ffmpeg import VARIABLE  # noqa: E402

PAGE = ROOT / "docs" / "reliability.md"
RESULTS = ROOT / "benchmarks" / "results" / "verify_damage.json"

#: The check that any other byte breaks; what the others see is counted without it.
PUBLISHED = "published file"


@dataclass(frozen=True)
class Verdict:
    """The checks that do not hold of a damaged output.

    output : which was damaged. is_control : it was not damaged at all. recorded : with the run's record. alone :
    without.
    """

    output: str
    family: str
    name: str
    is_control: bool
    recorded: tuple[str, ...]
    alone: tuple[str, ...]


def main() -> int:
    """0 if all damage was caught, and nothing else."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("clip", type=Path, help="a video of some seconds, with sound")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--output", choices=RECIPES, help="only this output")
    parser.add_argument("--only", default="", help="kinds whose name or family contains this")
    parser.add_argument("--dry", action="store_true", help="write no page")
    arguments = parser.parse_args()
    os.environ[VARIABLE] = imageio_ffmpeg.get_ffmpeg_exe()
    chosen = RECIPES if arguments.output is None else {arguments.output: RECIPES[arguments.output]}
    verdicts: list[Verdict] = []
    for output in chosen:
        with tempfile.TemporaryDirectory(prefix="damage-") as folder:
            verdicts += tried(output, arguments, Path(folder))
    table = "\n".join(lines(verdicts))
    print(table)
    if not arguments.dry:
        write_table(PAGE, Path(__file__).name, table)
        RESULTS.parent.mkdir(exist_ok=True)
        rows = [json.dumps(asdict(verdict)) for verdict in verdicts]
        RESULTS.write_text("[\n" + ",\n".join(rows) + "\n]\n")
    return 0 if all(map(is_right, verdicts)) else 1


def is_right(verdict: Verdict) -> bool:
    """True if it is caught with the record, or if it is a control and nothing but its bytes differs."""
    seen = {*verdict.recorded, *verdict.alone} - {PUBLISHED}
    return not seen if verdict.is_control else bool(verdict.recorded)


def tried(output: str, arguments: argparse.Namespace, folder: Path) -> Iterator[Verdict]:
    """Each kind of damage of an output, and the output as it is."""
    recipe = RECIPES[output]
    families = {"none": recipe.controls, **recipe.families}
    kinds = [(family, name) for family, of_it in families.items() for name in of_it]
    kinds = [kind for kind in kinds if arguments.only in " ".join(kind)]
    if not kinds:
        return
    scene_of = recipe.scene(arguments.clip, folder)
    for family, name in [("none", "none"), *kinds]:
        scene = scene_of(random.Random(f"{arguments.seed} {name}"))  # noqa: S311
        began = time.monotonic()
        recorded, alone = checked(scene, families[family].get(name, as_it_is))
        verdict = Verdict(output, family, name, family == "none", recorded, alone)
        words = f"{'; '.join(recorded)} | alone: {'; '.join(alone)}"
        print(
            f"{time.monotonic() - began:.1f} s {'' if is_right(verdict) else 'WRONG '}{name}: {words}",
            flush=True,
        )
        yield verdict


def as_it_is(scene: Scene, path: Path) -> None:
    """No damage at all."""
    shutil.copy(scene.made, path)


def checked(scene: Scene, damage: Damage) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The checks that do not hold with the record, and without.

    What packets and headers tell is the same in both, so that pictures are compared only where those tell nothing.
    """
    damaged = scene.made.with_name(f"damaged{scene.made.suffix}")
    record = damaged.with_name(f"{damaged.name}.seg-run")
    damage(scene, damaged)
    alone = faults(scene.source, damaged, quick=True) or faults(scene.source, damaged)
    shutil.copytree(scene.made.with_name(f"{scene.made.name}.seg-run"), record)
    recorded = faults(scene.source, damaged, quick=True)
    if set(recorded) <= {PUBLISHED}:
        recorded = faults(scene.source, damaged)
    damaged.unlink()
    shutil.rmtree(record)
    return recorded, alone


def faults(source: Path, output: Path, *, quick: bool = False) -> tuple[str, ...]:
    """The checks that do not hold; a file that cannot be read is caught too."""
    try:
        checks = verify(source, output, quick=quick).checks
    except SegVideoError:
        return ("cannot be read",)
    if os.environ.get("SAY"):
        print(*(check for check in checks if check.holds is False), sep="\n")
    return tuple(check.name for check in checks if check.holds is False)


def lines(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """What came out in all, and a line for each family of damage."""
    real = [verdict for verdict in verdicts if not verdict.is_control]
    controls = [verdict for verdict in verdicts if verdict.is_control]
    wrong = [f"{verdict.output}, {verdict.name}" for verdict in controls if not is_right(verdict)]
    yield (
        f"{sum(map(is_right, real))} of {len(real)} damaged outputs are caught with the run's folder, "
        f"{len([each for each in real if set(each.recorded) - {PUBLISHED}])} of them also without its hash of the "
        f"published file, and {len([each for each in real if each.alone])} without the folder. Of {len(controls)} "
        f"outputs that are not damaged, but in part written anew, {'; '.join(wrong) or 'none'} is "
        "called damaged by anything but that hash."
    )
    yield ""
    yield "| output | damage to | kinds | by more than the hash | without the folder | not caught without it |"
    yield "|---|---|---|---|---|---|"
    for output, family in dict.fromkeys((each.output, each.family) for each in real):
        of_it = [each for each in real if (each.output, each.family) == (output, family)]
        seen = [each for each in of_it if set(each.recorded) - {PUBLISHED}]
        unseen = [each.name if each in seen else f"**{each.name}**" for each in of_it if not each.alone]
        yield (
            f"| {output} | {family} | {len(of_it)} | {len(seen)} | {len(of_it) - len(unseen)} | {'; '.join(unseen)} |"
        )


if __name__ == "__main__":
    sys.exit(main())
