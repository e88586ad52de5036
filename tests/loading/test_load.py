"""A settings class of values from outside, and one error that names every wrong key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from pipeline.errors import ConfigError
from pipeline.loading.given import Given
from pipeline.loading.load import load
from pipeline.loading.typed_json import typed_json
from pipeline.loading.yaml_nodes import given_in, yaml_nodes


@dataclass(frozen=True)
class Inner:
    share: float = 0.5


@dataclass(frozen=True)
class Sample:
    name: str
    count: int = 1
    low: float = 0.0
    high: float = 1.0
    kind: Literal["a", "b"] = "a"
    place: Path | None = None
    pairs: tuple[tuple[int, int], ...] = ()
    groups: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    inner: Inner = field(default_factory=Inner)

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ConfigError("count has to be at least 1.", found=str(self.count))
        if self.low > self.high:
            raise ConfigError("low has to be at most high.", found=f"{self.low} > {self.high}")


def of_yaml(tmp_path: Path, text: str) -> Sample:
    path = tmp_path / "sample.yaml"
    path.write_text(text)
    (node,) = yaml_nodes(path)
    return load(Sample, given_in(path, node))


def test_values_become_what_the_annotations_say(tmp_path):
    text = (
        "name: x\ncount: '3'\nlow: 1e-3\nplace: a/b\npairs: [[1, 2]]\ngroups: {3: [car]}\ninner: {share: 1}\n"
    )
    assert of_yaml(tmp_path, text) == Sample(
        "x", 3, 0.001, place=tmp_path / "a/b", pairs=((1, 2),), groups={3: ("car",)}, inner=Inner(1.0)
    )


def test_all_wrong_keys_are_told_at_once_each_with_its_line(tmp_path):
    with pytest.raises(ConfigError) as refused:
        of_yaml(tmp_path, "name: x\ncuont: 3\n\nkind: c\npairs: [[1, 2, 3]]\ninner: {shaer: 1}\n")
    told = str(refused.value)
    for line, words in (
        (2, "'cuont'"),
        (4, "kind has an invalid value"),
        (5, "pairs has an invalid value"),
        (6, "inner: There is no setting called 'shaer'"),
    ):
        assert f"sample.yaml, line {line}: " in told
        assert words in told
    for words in ("did you mean 'count'?", "one of a, b", "a list of lists of 2 whole numbers", "'share'"):
        assert words in told


def test_all_that_the_class_refuses_is_told_with_the_lines_of_the_keys_to_blame(tmp_path):
    with pytest.raises(ConfigError) as refused:
        of_yaml(tmp_path, "count: 0\nname: x\nkind: b\nlow: 3\n")
    assert "line 1: count has to be" in refused.value.what
    assert "line 4: low has to be" in refused.value.what
    assert refused.value.found == "0; 3.0 > 1.0"


def test_what_is_missing_is_told(tmp_path):
    with pytest.raises(ConfigError, match=r"sample\.yaml, line 1: name must be given"):
        of_yaml(tmp_path, "count: 2\n")


@pytest.mark.parametrize(
    "values",
    [{"count": "3"}, {"count": True}, {"low": "0.5"}, {"low": float("inf")}, {"name": "a\0b"}, {"x": 1}],
)
def test_json_has_types_of_its_own(values):
    with pytest.raises(ConfigError):
        load(Sample, Given({"name": "x", **values}, of_json=True))


def test_keys_of_another_version_are_left_out_where_that_is_asked():
    assert load(Sample, Given({"name": "x", "later": 1}), ignore_unknown=True) == Sample("x")


def test_a_stronger_value_stands_nowhere_and_is_spelt_as_the_flag_that_gave_it():
    given = Given({"name": "x", "count": 2}, {"count": "job.yaml, line 2"}, "job.yaml").under({"count": 0})
    with pytest.raises(ConfigError, match=r"^--count has to be"):
        load(Sample, given)
    with pytest.raises(ConfigError, match=r"^--count has to be"):
        load(Sample, Given.of_flags({"name": "x", "count": 0}))
    with pytest.raises(ConfigError, match=r"^count has to be"):
        load(Sample, Given({"name": "x", "count": 0}))


def test_a_hostile_number_of_wrong_keys_is_told_in_part():
    with pytest.raises(ConfigError) as refused:
        load(Sample, Given({f"key {number}": 1 for number in range(5000)}))
    assert refused.value.what.count("There is no setting") == 8


@pytest.mark.parametrize(
    "text",
    ['{"share": NaN}', '{"share": 1e999}', '{"share": "1"}', '{"share": true}', "[]", "[" * 100_000, "{"],
)
def test_json_of_another_type_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        typed_json(Inner, text)


def test_json_leaves_out_what_a_later_version_wrote():
    assert typed_json(Inner, '{"share": 1, "later": 2}') == Inner(1.0)
