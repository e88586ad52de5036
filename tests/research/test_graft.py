"""A network's heads on another trunk, and a teacher's say beside labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import cv2
import keras
import numpy as np
import pytest
from keras import ops

from pipeline.errors import ConfigError
from pipeline.formats.own_file import save_weights
from pipeline.model.learning.objective import look, losses_on, network_inputs
from pipeline.model.learning.targets import Targets
from pipeline.model.presets import NETWORKS
from pipeline.networks.checkpoint import load_checkpoint, save_checkpoint, variables_of
from research import distil, graft
from research.distillation import taught_losses
from research.trunks.presets import compact_squeezenet
from tests.model.small import noise, small_config, small_model


def test_a_linear_map_is_found_again_and_what_is_missed_is_told() -> None:
    random = np.random.default_rng(0)
    inside, kernel = random.normal(size=(2000, 6)) + 1.0, random.normal(size=(6, 4))
    found, bias, missed = graft.nearest(inside, inside @ kernel + 3.0)
    np.testing.assert_allclose(found, kernel, atol=1e-3)
    np.testing.assert_allclose(bias, 3.0, atol=1e-2)
    assert missed < 1e-6
    # Half of the outputs' variance is noise that no input knows.
    noisy = inside @ kernel
    noisy += random.normal(size=noisy.shape) * noisy.std(axis=0)
    assert graft.nearest(inside, noisy)[2] == pytest.approx(0.5, abs=0.03)


def test_heads_see_through_the_new_laterals_what_they_saw(tmp_path: Path) -> None:
    pictures = [tmp_path / f"{seed}.png" for seed in range(4)]
    for seed, path in enumerate(pictures):
        cv2.imwrite(str(path), noise(1, 96, 128, seed)[0][..., ::-1])
    source = small_model(small_config())
    save_checkpoint(source, tmp_path / "source.safetensors", {"name": "tiny"})
    # The other trunk is the same one but for scales, which no lateral of the source knows.
    trunk = {n: np.asarray(v) for n, v in variables_of(source).items() if n.startswith("backbone/")}
    for name, array in trunk.items():
        if name.endswith(("gamma", "beta")):
            trunk[name] = 2.0 * array
    save_weights(tmp_path / "trunk.safetensors", trunk, {})
    save_weights(tmp_path / "stem.safetensors", dict(list(trunk.items())[:3]), {})
    output = tmp_path / "out.safetensors"
    with (
        patch.dict(NETWORKS, {"tiny": small_config}),
        patch.object(graft, "load_checkpoint", lambda _: source),
    ):
        arguments = (tmp_path / "source.safetensors", "tiny")
        graft.graft(*arguments, tmp_path / "trunk.safetensors", output, pictures)
        with (
            patch.dict(NETWORKS, {"tiny": compact_squeezenet}),
            pytest.raises(ConfigError, match="tiny sees pictures otherwise"),
        ):
            graft.graft(*arguments, tmp_path / "trunk.safetensors", output, pictures)
        with pytest.raises(ConfigError, match="is not the trunk of tiny"):
            graft.graft(*arguments, tmp_path / "stem.safetensors", output, pictures)
    with pytest.raises(ConfigError, match="no network 'huge'"):
        graft.graft(tmp_path / "source.safetensors", "huge", output, output, [])
    grafted = load_checkpoint(output)
    assert grafted.config == source.config
    images, _ = network_inputs(source, noise(1, 96, 128, 0))
    for one, other in zip(source.features(images), grafted.features(images), strict=True):
        one, other = ops.convert_to_numpy(one), ops.convert_to_numpy(other)
        assert np.square(one - other).mean() < 0.3 * one.var()
    unchanged = variables_of(grafted)
    for name, value in variables_of(source).items():
        if name.startswith(("rpn/", "box_head/", "mask_head/", "fpn/output")):
            np.testing.assert_allclose(unchanged[name], value, rtol=1e-3, atol=1e-4)


def test_a_teacher_has_nothing_to_say_to_itself_and_its_share_of_the_loss_to_others() -> None:
    images = noise(2, 64, 96, 1)
    targets = Targets(
        boxes=np.tile(np.array([[[10, 10, 50, 40], [0, 0, 0, 0]]], np.float32), (2, 1, 1)),
        class_index=np.array([[1, 0], [1, 0]], np.int32),
        members=np.array([[[False, True, False], [False] * 3]] * 2),
        masks=np.full((2, 2, 4, 4), 255, np.uint8),
        has_mask=np.array([[True, False]] * 2),
        scope=np.ones((2, 3), bool),
    )
    teacher, student = small_model(), small_model(seed=1)
    told = ("objectness", "proposals", "classes", "boxes", "masks")

    def of(learner, share: float, masks: bool = True) -> dict[str, float]:
        seed = keras.random.SeedGenerator(0)
        losses = taught_losses(learner, teacher, images, targets, seed, share, masks)
        return {name: float(value) for name, value in losses.items()}

    own = of(teacher, 0.5)
    assert [own[name] for name in told] == pytest.approx([0.0] * 5, abs=1e-5)
    others = of(student, 0.5)
    assert min(others[name] for name in told) > 1e-5
    seen = look(student, *network_inputs(student, images))
    labels = losses_on(student, seen, targets, keras.random.SeedGenerator(0))
    wanted = float(labels["loss"]) + 0.5 * sum(others[name] for name in told)
    assert others["loss"] == pytest.approx(wanted, rel=1e-5)
    without = of(student, 0.5, masks=False)
    assert set(others) - set(without) == {"mask", "masks"}
    rest = others["loss"] - others["mask"] - 0.5 * others["masks"]
    assert without["loss"] == pytest.approx(rest, rel=1e-5)


def test_a_teacher_has_the_learner_s_classes_and_numbers_and_may_have_another_canvas() -> None:
    learner, settings = small_config(), Path("sitting.yaml")
    seen = learner.input
    distil.check_comparable(learner, replace(learner, input=replace(seen, canvas=(96, 160))), settings)
    with pytest.raises(ConfigError, match="is of a network that sees pictures otherwise"):
        distil.check_comparable(
            learner, replace(learner, input=replace(seen, mean=(0.0, 0.0, 0.0))), settings
        )
    with pytest.raises(ConfigError, match="is of other classes"):
        distil.check_comparable(learner, replace(learner, classes=learner.classes[::-1]), settings)
