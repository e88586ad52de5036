from __future__ import annotations

import pytest

from pipeline.run.report.pace import Pace
from pipeline.run.report.speeds import Speed


def done(found, painted):
    return {"segmented": found, "rendered": painted}


def test_the_time_left_follows_from_what_was_measured():
    pace = Pace(1000, done(0, 0), now=0.0)
    assert pace.seconds_left(5.0) is None
    pace.start(10.0)
    pace.take(done(100, 100), 20.0)
    assert pace.rate(20.0) == pytest.approx(10.0)
    assert pace.seconds_left(20.0) == pytest.approx(90.0)


def test_the_bar_moves_between_results_but_never_past_the_next_one():
    pace = Pace(1000, done(0, 0), now=0.0)
    pace.take(done(100, 100), 10.0)
    shares = [pace.share(now) for now in (10.0, 12.0, 15.0, 20.0, 100.0)]
    assert shares == sorted(shares)
    assert shares[1] > shares[0]
    assert shares[-1] < 0.2
    pace.take(done(200, 200), 101.0)
    assert pace.share(101.0) == pytest.approx(0.2)


def test_a_film_of_one_chunk_is_not_done_before_its_result():
    pace = Pace(50, done(0, 0), now=0.0, known=Speed(1.0, 3.0, 2, 0.8))
    pace.start(0.0)
    assert 0.7 < pace.share(1000.0) < 0.8
    pace.take(done(50, 0), 1001.0)
    assert 0.9 < pace.share(5000.0) < 1.0
    pace.take(done(50, 50), 5001.0)
    assert pace.share(5001.0) == 1.0


def test_where_the_next_result_is_late_the_time_left_grows():
    pace = Pace(1000, done(0, 0), now=0.0)
    pace.take(done(100, 100), 10.0)
    assert pace.seconds_left(60.0) > pace.seconds_left(20.0)


def test_a_run_that_goes_on_begins_where_it_is_and_counts_its_own_work_only():
    pace = Pace(1000, done(600, 600), now=0.0)
    assert pace.share(0.0) == pytest.approx(0.6)
    pace.take(done(700, 700), 10.0)
    assert pace.rate(10.0) == pytest.approx(10.0)
    assert pace.seconds_left(10.0) == pytest.approx(30.0)


def test_a_known_machine_is_believed_until_the_first_result():
    pace = Pace(1000, done(0, 0), now=-5.0, known=Speed(1 / 20, 3.0, 2, 0.5))
    assert pace.share(0.0) == 0.0  # the network is not loaded yet
    pace.start(0.0)
    assert pace.seconds_left(0.0) == pytest.approx(50.0)
    assert 0 < pace.share(1.0) < 0.096
    pace.take(done(100, 0), 5.0)
    assert pace.share(5.0) == pytest.approx(0.05)
    pace.take(done(100, 100), 10.0)
    assert pace.rate(10.0) == pytest.approx(10.0)
