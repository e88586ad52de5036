"""Mutated media through probe and decode, in a process with limits: refused or decoded, never a crash or a hang."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.footage import OPEN_GOPS, write_clip

CHILD = Path(__file__).with_name("fuzz_child.py")
MUTANTS = 12

#: What each container is made of: name, and how the clip is written.
CLIPS: dict[str, dict[str, object]] = {
    "clip.mp4": {"sound": True, "options": OPEN_GOPS},
    "clip.mkv": {"sound": True, "codec": "ffv1", "options": {}},
    "clip.ts": {"sound": True, "options": OPEN_GOPS},
    "clip.avi": {"codec": "mpeg4", "options": {}},
}


def flip(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 40)):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def cut(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(len(content)) :]


def remove(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content))
    del content[start : start + chance.randint(1, 400)]


def repeat(content: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(content))
    content[start:start] = content[start : start + chance.randint(1, 2000)]


def exaggerate(content: bytearray, chance: random.Random) -> None:
    """A number of four bytes becomes as large as can be: sizes, counts and lengths are written like that."""
    start = chance.randrange(len(content) - 4)
    content[start : start + 4] = b"\xff\xff\xff\xff"


def head(content: bytearray, chance: random.Random) -> None:
    """The same, where headers are: near the beginning, or the end."""
    near = min(1500, len(content) - 4)
    start = chance.choice([chance.randrange(near), len(content) - 4 - chance.randrange(near)])
    content[start : start + 4] = chance.choice(
        [b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x00\x00\x00\x00"]
    )


MUTATIONS: tuple[Callable[[bytearray, random.Random], None], ...] = (
    flip, cut, remove, repeat, exaggerate, head,
)  # fmt: skip


def run_child(files: list[Path]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(CHILD), *map(str, files)], capture_output=True, text=True, timeout=200
    )


@pytest.mark.parametrize("name", CLIPS)
def test_a_mutated_file_is_decoded_or_refused_within_its_limits(tmp_path: Path, name: str) -> None:
    original = write_clip(tmp_path / name, pts=range(0, 600, 20), **CLIPS[name]).read_bytes()
    chance = random.Random(name)
    mutants = []
    for number in range(MUTANTS):
        content = bytearray(original)
        MUTATIONS[number % len(MUTATIONS)](content, chance)
        mutants.append(tmp_path / f"mutant{number:02}{Path(name).suffix}")
        mutants[-1].write_bytes(content)
    done = run_child([tmp_path / name, *mutants])
    lines = done.stdout.splitlines()
    assert done.returncode == 0, f"after {lines[-1:]}: {done.stderr[-800:]}"
    assert lines[0] == f"{name}: 30 of 30 frames"
    assert len(lines) == MUTANTS + 1
    for line in lines:
        counts = re.search(r"(\d+) of (\d+) frames$", line)
        refused = line.endswith(("refused: InputError", "refused: DamagedInputError"))
        assert refused or (counts and counts[1] == counts[2]), line


def test_the_limit_is_one(tmp_path: Path) -> None:
    limited = "import fuzz_child, resource; b = fuzz_child.MOST_BYTES; resource.setrlimit(resource.RLIMIT_AS, (b, b))"
    done = subprocess.run(
        [sys.executable, "-c", f"{limited}; bytearray(2 * b)"],
        cwd=CHILD.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "MemoryError" in done.stderr
