from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import ConfigError, WeightsError
from pipeline.model.staged.compiled import CompiledStages
from pipeline.model.staged.program_file import STAGES, read_program, write_program
from pipeline.model.staged.shapes import StageShapes
from pipeline.networks import programs
from pipeline.networks.program_cache import ProgramCache
from pipeline.networks.programs import find_program, int8_path, program_facts, shipped_path
from pipeline.networks.registry import find_source, load, runtime_of
from pipeline.networks.settings import LoadSettings
from tests.model.small import noise

GRAPHS = {name: (f"<{name}/>".encode(), bytes(1000)) for name in STAGES}
FACTS = {"weights": "abc", "canvas": [64, 96], "release": 1}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProgramCache:
    monkeypatch.setenv("SEG_VIDEO_CACHE", str(tmp_path / "cache"))
    made = ProgramCache.at()
    made.create()
    return made


def test_a_program_comes_back_as_it_was_written(cache: ProgramCache) -> None:
    path = cache.path("one")
    write_program(path, GRAPHS, FACTS)
    assert cache.read(path, FACTS) == GRAPHS
    assert cache.read(cache.path("two"), FACTS) is None


@pytest.mark.parametrize("facts", [{**FACTS, "weights": "abd"}, {**FACTS, "release": 2}])
def test_a_program_of_something_else_is_none(cache: ProgramCache, facts: dict[str, object]) -> None:
    write_program(cache.path("one"), GRAPHS, FACTS)
    assert cache.read(cache.path("one"), facts) is None


@pytest.mark.parametrize("place", [0, 70, -200])
def test_one_flipped_bit_is_noticed(cache: ProgramCache, place: int) -> None:
    path = cache.path("one")
    write_program(path, GRAPHS, FACTS)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.raises(WeightsError, match="damaged"):
        read_program(path, FACTS)
    assert cache.read(path, FACTS) is None  # so that it is made anew


def test_what_another_user_could_have_put_there_is_refused(cache: ProgramCache) -> None:
    path = cache.path("one")
    write_program(path, GRAPHS, FACTS)
    cache.folder.chmod(0o777)
    with pytest.raises(WeightsError, match="another user"):
        cache.read(path, FACTS)
    with pytest.raises(WeightsError, match="another user"):
        cache.create()
    cache.folder.chmod(0o700)
    path.rename(cache.path("two"))
    path.symlink_to(cache.path("two"))
    with pytest.raises(WeightsError, match="another user"):
        cache.read(path, FACTS)


def test_the_longest_unused_go_first_and_the_new_one_stays(cache: ProgramCache) -> None:
    paths = [cache.path(name) for name in "abcd"]
    for age, path in enumerate(paths):
        write_program(path, GRAPHS, FACTS)
        os.utime(path, ns=(0, (age + 1) * 10**9))
    size = paths[0].stat().st_size
    cache.read(paths[0], FACTS)  # now the youngest
    cache.prune(keep=paths[1], most_bytes=2 * size)
    assert [path.name for path in paths if path.exists()] == ["a.program", "b.program"]


def test_of_several_callers_one_makes_the_program(
    cache: ProgramCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "some.pth").write_bytes(b"weights")
    made: list[Path] = []

    def convert(source: object, canvas: object, facts: dict[str, object], path: Path) -> None:
        made.append(path)
        write_program(path, GRAPHS, facts)

    monkeypatch.setattr(programs, "_convert", convert)
    source = find_source(tmp_path / "some.pth")
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: find_program(source, (64, 96)), range(8)))
    assert found == [GRAPHS] * 8
    assert len(made) == 1
    find_program(source, (64, 128))
    (tmp_path / "some.pth").write_bytes(b"other weights")
    find_program(source, (64, 96))
    assert len(made) == 3


def test_weights_that_cannot_be_converted_say_why(cache: ProgramCache, tmp_path: Path) -> None:
    (tmp_path / "some.pth").write_bytes(b"no weights at all")
    with pytest.raises(WeightsError, match=r"some\.pth"):
        find_program(find_source(tmp_path / "some.pth"), (64, 96))


def test_a_file_of_ones_own_is_converted_once_and_finds_the_same(
    cache: ProgramCache, tiny_weights: Path
) -> None:
    frames = noise(2, 54, 96)
    settings = LoadSettings(device="cpu", precision="float32", score=0.05)
    first = load(tiny_weights, settings).segment(frames)
    (program,) = cache.folder.glob("*.program")
    before = program.read_bytes()
    again = load(tiny_weights, settings).segment(frames)
    assert program.read_bytes() == before
    tensorflow = load(
        tiny_weights, LoadSettings(device="cpu", runtime="tensorflow", precision="float32", score=0.05)
    )
    assert sum(map(len, first)) > 0
    for one, other, whole in zip(first, again, tensorflow.segment(frames), strict=True):
        np.testing.assert_array_equal(one.boxes, other.boxes)
        np.testing.assert_allclose(one.boxes, whole.boxes, atol=1e-3)
        np.testing.assert_allclose(one.scores, whole.scores, atol=1e-5)


def test_the_program_in_the_package_is_that_of_the_weights_in_it(tmp_path: Path) -> None:
    source, canvas = find_source("dashcam-lite"), (512, 896)
    path = shipped_path(source, canvas)
    assert path is not None
    shipped = read_program(path, program_facts(source, canvas))
    assert shipped is not None, "the weights or the graphs have changed: python research/ship_program.py"
    programs._convert(source, canvas, program_facts(source, canvas), tmp_path / "made.program")
    made = read_program(tmp_path / "made.program", program_facts(source, canvas))
    assert made is not None
    network = load("dashcam-lite", LoadSettings(device="cpu", precision="float32"))
    image = np.random.default_rng(0).normal(0, 1, (*canvas, 3)).astype(np.float32)
    found = []
    for graphs in (shipped, made):
        stages = CompiledStages(graphs, StageShapes.of(network.config, canvas), "float32", 1)  # type: ignore[attr-defined]
        with stages.requests() as requests:
            requests.canvas[...] = image
            found.append([column.copy() for column in requests.dense()])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=1e-4 * float(np.abs(other).max()))
    for stage in STAGES[1:]:
        assert len(shipped[stage][1]) == len(made[stage][1])


def test_the_program_of_8_bit_numbers_is_that_of_the_weights_and_finds_nearly_the_same() -> None:
    source, canvas = find_source("dashcam-lite"), (512, 896)
    path = int8_path(source)
    assert path is not None
    narrow = read_program(path, program_facts(source, canvas, "int8"))
    assert narrow is not None, "the weights or the graphs have changed: python research/quantise.py"
    assert b"FakeQuantize" in narrow["dense"][0]
    shipped = read_program(shipped_path(source, canvas), program_facts(source, canvas))  # type: ignore[arg-type]
    assert shipped is not None
    shapes = StageShapes.of(load("dashcam-lite").config, canvas)  # type: ignore[attr-defined]
    coarse = np.random.default_rng(0).normal(0, 1, (canvas[0] // 16, canvas[1] // 16, 3)).astype(np.float32)
    tables = []
    for graphs in (shipped, narrow):
        with CompiledStages(graphs, shapes, "float32", 1).requests() as requests:
            requests.canvas[...] = coarse.repeat(16, axis=0).repeat(16, axis=1)
            requests.dense()
            tables.append(np.concatenate([level.ravel() for level in requests.levels()]))
    assert np.corrcoef(*tables)[0, 1] > 0.9
    assert not np.array_equal(*tables)


def test_8_bit_numbers_are_refused_where_there_are_none(tiny_weights: Path) -> None:
    assert runtime_of("dashcam-lite", LoadSettings(device="cpu", precision="int8", film=True)).endswith(
        " int8"
    )
    with pytest.raises(ConfigError, match="precision int8") as raised:
        runtime_of(tiny_weights, LoadSettings(device="cpu", precision="int8"))
    assert raised.value.found == "no 8-bit program for it"
    with pytest.raises(ConfigError, match="precision int8"):
        runtime_of("dashcam-lite", LoadSettings(device="cpu", runtime="tensorflow", precision="int8"))
