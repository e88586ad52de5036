from __future__ import annotations

import pytest

from pipeline.errors import InputError
from pipeline.evaluation.classes import measured_classes
from pipeline.evaluation.settings import GROUPS
from tests.evaluation.made import NAMES


def test_classes_are_those_that_labels_and_network_share_and_then_the_groups():
    classes = measured_classes(NAMES, ["car", "truck", "person", "kite"], GROUPS)
    assert [one.name for one in classes] == ["person", "car", "truck", "vehicle"]
    assert classes[-1].members == {3, 8}
    assert classes[-1].also_true == {100}
    assert [sorted(one.doubtful) for one in classes] == [[], [100], [100], []]


def test_one_class_makes_no_group():
    classes = measured_classes(NAMES, ["car", "person"], GROUPS)
    assert [one.name for one in classes] == ["person", "car"]
    assert classes[1].doubtful == {100}


def test_a_network_that_knows_the_whole_is_measured_on_it_as_a_class():
    classes = measured_classes(NAMES, ["vehicle", "car", "bus"], GROUPS)
    assert [(one.name, one.is_group) for one in classes] == [
        ("car", False),
        ("bus", False),
        ("vehicle", False),
    ]


def test_nothing_in_common_is_said():
    with pytest.raises(InputError, match=r"no class in common[\s\S]*kite"):
        measured_classes(NAMES, ["kite"], GROUPS)
