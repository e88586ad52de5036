from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
from matplotlib.figure import Figure

from pipeline.evaluation.evaluate import evaluate
from pipeline.evaluation.mistakes import false_alarms, misses
from pipeline.evaluation.settings import EvalSettings
from pipeline.evaluation.sheet import draw_mistakes, tile
from pipeline.evaluation.write_results import plot_precision_recall
from pipeline.labels.truth import Truth
from tests.evaluation.made import ALL, CAR, ELSEWHERE, NAMES, SIZE, found, picture, thing

CLASSES = ["person", "car", "bus", "truck"]


def measured(*objects, on, scope=ALL, file=None):
    return evaluate(Truth((picture(*objects, scope=scope, file=file),), NAMES), [on], CLASSES, EvalSettings())


def test_false_alarms_are_the_surest_first():
    on = found((ELSEWHERE, 0.7, 3), ((60, 10, 100, 40), 0.9, 1), (CAR, 0.95, 3))
    alarms = false_alarms(measured(thing(), on=on), 9)
    assert [(one.class_name, one.row) for one in alarms] == [("person", 1), ("car", 2)]
    assert [one.score for one in alarms] == pytest.approx([0.9, 0.7])
    assert len(false_alarms(measured(thing(), on=on), 1)) == 1


def test_a_false_alarm_says_how_near_it_was():
    third = (10, 10, 50, 20)
    (alarm,) = false_alarms(measured(thing(), on=found((third, 0.9, 3))), 9)
    assert alarm.overlap == pytest.approx(1 / 3)
    assert alarm.box.tolist() == list(third)


def test_out_of_scope_and_ignored_regions_give_no_false_alarm():
    assert false_alarms(measured(thing(), on=found((ELSEWHERE, 0.9, 3)), scope={1}), 9) == []
    crowd = thing((60, 40, 120, 90), ignored=True)
    assert false_alarms(measured(thing(), crowd, on=found((ELSEWHERE, 0.9, 3))), 9) == []


def test_misses_are_the_largest_first_and_each_is_there_once():
    labels = thing((60, 10, 90, 40), 1), thing(), thing(ELSEWHERE, 100), thing((2, 60, 40, 90), ignored=True)
    evaluation = measured(*labels, on=found((CAR, 0.45, 3)))
    missed = misses(evaluation, 9)
    assert [(one.class_name, one.row) for one in missed] == [("car", 1), ("vehicle", 2), ("person", 0)]
    assert missed[0].overlap == 0.0  # what lies on it is weaker than conf
    assert missed[0].score is None


def test_a_tile_shows_the_surroundings_with_outlines(tmp_path):
    file = tmp_path / "a.png"
    cv2.imwrite(str(file), np.full((*SIZE, 3), 60, np.uint8))
    evaluation = measured(thing(), on=found((ELSEWHERE, 0.9, 3)), file=file)
    colours = {tuple(pixel) for pixel in tile(evaluation, misses(evaluation, 1)[0]).reshape(-1, 3).tolist()}
    assert (255, 40, 90) in colours  # the missed object's outline
    assert (60, 60, 60) in colours


def test_captions_beside_each_other_do_not_run_into_each_other(tmp_path, monkeypatch):
    file, figures = tmp_path / "a.png", []
    cv2.imwrite(str(file), np.full((*SIZE, 3), 60, np.uint8))
    monkeypatch.setattr(Figure, "savefig", lambda figure, *_, **__: figures.append(figure))
    lights = picture(thing(CAR, 10), thing(ELSEWHERE, 10), scope={10}, file=file)
    truth = Truth((lights,), {10: "traffic light"})
    draw_mistakes(evaluate(truth, [found()], ["traffic light"], EvalSettings()), io.BytesIO())
    left, right = [axes.title for axes in figures[0].get_axes() if axes.get_title()]
    figures[0].draw_without_rendering()
    assert left.get_window_extent().x1 < right.get_window_extent().x0


def test_the_sheet_and_the_plot_are_pictures(tmp_path):
    file = tmp_path / "a.png"
    cv2.imwrite(str(file), np.full((*SIZE, 3), 60, np.uint8))
    evaluation = measured(thing(), on=found((ELSEWHERE, 0.9, 3)), file=file)
    blank = measured(on=found(), file=file)
    for draw in (draw_mistakes, plot_precision_recall):
        shown, empty = (_drawn(draw, one) for one in (evaluation, blank))
        assert min(shown.shape[:2]) > 500
        assert (shown != empty).any()


def _drawn(draw, evaluation):
    stream = io.BytesIO()
    draw(evaluation, stream)
    pixels = cv2.imdecode(np.frombuffer(stream.getvalue(), np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return pixels
