import keras
import pytest

from pipeline.errors import ConfigError
from pipeline.model.backbones.make_backbone import make_backbone
from pipeline.model.backbones.shufflenet_v2 import channels_of
from pipeline.model.config import BackboneConfig, FPNConfig
from pipeline.model.layers.fpn import FPN


@pytest.mark.parametrize(
    ("config", "channels", "parameters"),
    [
        # torchvision's resnet50 has 25 557 032 parameters, 2 049 000 of them its classifier; its 26 560 channels of
        # batch norm carry another 53 120 statistics.
        (BackboneConfig(), (256, 512, 1024, 2048), 25_557_032 - 2_049_000 + 53_120),
        # resnet18: 11 689 512 with a classifier of 513 000; 4 800 normed channels.
        (
            BackboneConfig(kind="basic", blocks=(2, 2, 2, 2)),
            (64, 128, 256, 512),
            11_689_512 - 513_000 + 9_600,
        ),
    ],
)
def test_a_trunk_has_the_published_size_and_strides_4_to_32(
    config: BackboneConfig, channels: tuple[int, ...], parameters: int
) -> None:
    trunk = make_backbone(config)
    features = trunk(keras.KerasTensor((1, 64, 96, 3)))
    assert [feature.shape for feature in features] == [
        (1, 64 // stride, 96 // stride, width) for stride, width in zip((4, 8, 16, 32), channels, strict=True)
    ]
    assert trunk.count_params() == parameters


def test_a_trunk_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ConfigError, match="no trunk 'vgg'"):
        make_backbone(BackboneConfig(kind="vgg"))


@pytest.mark.parametrize("in_first", [True, False])
def test_the_stride_is_in_the_3x3_or_in_the_first_1x1(in_first: bool) -> None:
    trunk = make_backbone(BackboneConfig(blocks=(1, 1, 1, 1), width=8, stride_in_first=in_first))
    first, second, third = trunk.stages[1][0].convs
    assert (first.stride, second.stride, third.stride) == ((2, 1, 1) if in_first else (1, 2, 1))


def test_widths_of_a_multiplier_are_multiples_of_8() -> None:
    assert [channels_of(32, m) for m in (1.0, 0.75, 0.5, 0.35)] == [32, 24, 16, 16]  # 11.2 may not become 8


def test_the_pyramid_halves_from_level_to_level_in_one_width() -> None:
    trunk = [keras.KerasTensor((2, 64 // 2**i, 96 // 2**i, 8 * 2**i)) for i in range(4)]
    levels = FPN(FPNConfig(channels=16))(trunk)
    assert [level.shape for level in levels] == [(2, 64 // 2**i, 96 // 2**i, 16) for i in range(5)]
    without_p2 = FPN(FPNConfig(channels=16, min_level=3))(trunk)
    assert [level.shape for level in without_p2] == [(2, 32 // 2**i, 48 // 2**i, 16) for i in range(4)]
