from __future__ import annotations

from pipeline.structures.frame_damage import FrameDamage
from pipeline.structures.spans import in_words, numbers_of, spans_of


def test_numbers_become_the_fewest_spans() -> None:
    assert spans_of([5, 3, 4, 9, 3]) == ((3, 6), (9, 10))
    assert spans_of([]) == ()
    assert numbers_of([(3, 6), (9, 10)]) == [3, 4, 5, 9]


def test_people_read_the_last_number_too() -> None:
    assert in_words([(3, 6), (9, 10)]) == "3 to 5, 9"
    assert in_words([(n, n + 1) for n in range(0, 20, 2)]) == "0, 2, 4, 6, 8, 10, 12, 14 and 2 more spans"


def test_damage_adds_up_and_is_cut_to_a_chunk() -> None:
    damage = FrameDamage.of([8, 9, 10], [20]) | FrameDamage.of([11], [])
    assert damage == FrameDamage(((8, 12),), ((20, 21),))
    assert damage.within(10, 20) == FrameDamage(((10, 12),), ())
    assert not damage.within(12, 20)
