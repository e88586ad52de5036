import pytest

from pipeline.errors import ConfigError
from pipeline.training.labels import Labels

LABELS = Labels((0, 1, 3, 6), {100: (3, 6)})


def test_a_category_is_its_output_and_a_union_all_of_its_members() -> None:
    assert LABELS.outputs(1) == (1,)
    assert LABELS.outputs(100) == (2, 3)


def test_a_category_that_the_network_does_not_know_has_no_output() -> None:
    assert LABELS.outputs(44) == ()
    assert LABELS.outputs(0) == ()  # the background is no category


def test_the_scope_holds_the_outputs_that_are_labelled_exhaustively() -> None:
    assert LABELS.scope(frozenset({1, 3})).tolist() == [False, True, True, False]


def test_a_union_in_scope_has_its_members_in_scope() -> None:
    assert LABELS.scope(frozenset({100})).tolist() == [False, False, True, True]
    assert LABELS.scope(frozenset()).tolist() == [False] * 4


@pytest.mark.parametrize("unions", [{100: (3, 8)}, {100: ()}, {3: (6,)}])
def test_a_union_of_what_the_network_does_not_know_is_refused(unions: dict[int, tuple[int, ...]]) -> None:
    with pytest.raises(ConfigError, match="union"):
        Labels((0, 1, 3, 6), unions)
