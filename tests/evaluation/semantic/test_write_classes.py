from pipeline.evaluation.semantic.write_classes import found_title


def test_a_picture_of_which_no_pixel_is_known_is_not_called_wrong():
    assert found_title(0.304) == "found, 30 % right"
    assert found_title(0.0) == "found, 0 % right"
    assert found_title(None) == "found"
