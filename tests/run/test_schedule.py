from __future__ import annotations

from pipeline.run.schedule import Schedule

NEEDS = {
    ("find", 0): [],
    ("find", 1): [],
    ("follow", 0): [("find", 0)],
    ("follow", 1): [("find", 1), ("follow", 0)],
    ("join", None): [("follow", 0), ("follow", 1)],
}


def handed_out(schedule, name):
    return list(iter(lambda: schedule.next(name), None))


def test_a_product_is_handed_out_when_all_that_it_needs_is_there():
    schedule = Schedule(list(NEEDS), NEEDS.__getitem__)
    assert handed_out(schedule, "find") == [("find", 0), ("find", 1)]
    assert handed_out(schedule, "follow") == []
    schedule.done(("find", 1))
    assert handed_out(schedule, "follow") == []
    schedule.done(("find", 0))
    assert handed_out(schedule, "follow") == [("follow", 0)]
    schedule.done(("follow", 0))
    assert handed_out(schedule, "follow") == [("follow", 1)]
    assert not schedule.has_ready("join")
    schedule.done(("follow", 1))
    assert handed_out(schedule, "join") == [("join", None)]
    schedule.done(("join", None))
    assert schedule.left == 0


def test_what_is_there_already_is_not_waited_for():
    schedule = Schedule([("follow", 1), ("join", None)], NEEDS.__getitem__)
    assert handed_out(schedule, "follow") == [("follow", 1)]
    schedule.done(("follow", 1))
    assert schedule.has_ready("join")


def test_what_was_not_made_is_handed_out_again_in_its_place():
    schedule = Schedule([("find", 0), ("find", 1)], NEEDS.__getitem__)
    first = schedule.next("find")
    schedule.put_back(first)
    assert handed_out(schedule, "find") == [("find", 0), ("find", 1)]
