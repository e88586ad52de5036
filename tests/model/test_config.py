import json

import pytest

from pipeline.errors import ConfigError
from pipeline.model import presets
from pipeline.model.config import (
    AnchorConfig,
    DetectionConfig,
    FPNConfig,
    InputConfig,
    MaskRCNNConfig,
)

ALL = [presets.compact(), presets.compact_shufflenet()] + [
    preset(presets.numbered(5))
    for preset in (presets.torchvision_v1, presets.torchvision_v2, presets.matterport)
]


@pytest.mark.parametrize("config", ALL)
def test_a_config_comes_back_from_json_as_it_went(config: MaskRCNNConfig) -> None:
    assert MaskRCNNConfig.from_json(config.to_json()) == config


def test_a_key_that_does_not_exist_is_refused_by_name() -> None:
    text = presets.compact().to_json().replace('"nms_iou"', '"nms_uio"')
    with pytest.raises(ConfigError, match="nms_uio"):
        MaskRCNNConfig.from_json(text)


def test_a_choice_that_does_not_exist_is_refused() -> None:
    text = presets.compact().to_json().replace('"letterbox"', '"squash"')
    with pytest.raises(ConfigError, match="squash"):
        MaskRCNNConfig.from_json(text)


def test_settings_that_no_network_can_have_are_refused() -> None:
    with pytest.raises(ConfigError, match="canvas"):
        InputConfig(canvas=(360, 640))
    with pytest.raises(ConfigError, match="score"):
        DetectionConfig(score=0.0)
    with pytest.raises(ConfigError, match="min_level"):
        FPNConfig(min_level=6)
    with pytest.raises(ConfigError, match="class_ids"):
        MaskRCNNConfig(classes=("background", "car"), class_ids=(0,))
    with pytest.raises(ConfigError, match="sizes"):
        MaskRCNNConfig(classes=("background", "car"), class_ids=(0, 3), anchors=AnchorConfig(sizes=(32.0,)))


def test_a_file_of_before_has_dense_convolutions() -> None:
    told = json.loads(presets.compact_shufflenet().to_json())
    del told["fpn"]["depth_multiplier"]
    assert MaskRCNNConfig.from_json(json.dumps(told)).fpn.depth_multiplier == 0
