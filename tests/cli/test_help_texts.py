"""Help of the options says what the settings say."""

from __future__ import annotations

import pytest

from pipeline.cli.help_texts import choices_of, default_of, help_of
from pipeline.errors import SegVideoError
from pipeline.job.options import OPTIONS
from pipeline.job.request import make_request
from pipeline.loading.given import Given
from pipeline.render.settings import RenderSettings


def test_defaults_and_choices_are_the_settings_own():
    assert default_of(OPTIONS["alpha"]) == RenderSettings().alpha
    assert help_of(OPTIONS["alpha"]).endswith(f"(default: {RenderSettings().alpha})")
    assert help_of(OPTIONS["color-by"]).endswith("(one of track, class; default: track)")
    assert "default" not in help_of(OPTIONS["crf"])


@pytest.mark.parametrize("name", ["style", "color-by", "damaged", "encoder", "device"])
def test_choices_are_all_that_the_settings_take(name):
    for choice in choices_of(OPTIONS[name]):
        make_request(("in.mp4",), None, Given({name: choice}))
    with pytest.raises(SegVideoError):
        make_request(("in.mp4",), None, Given({name: "something else"}))


@pytest.mark.parametrize("option", OPTIONS.values(), ids=lambda option: option.name)
def test_every_option_has_a_default_and_no_help_writes_it_twice(option):
    shown = str(default_of(option))
    assert f"({shown})" not in option.help
