"""Small graphs with the zoo's signature: a frame's mean brightness says where its first box ends."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pipeline.errors import InputError, WeightsError
from pipeline.formats.detection_graph import DetectionGraph
from pipeline.formats.frozen_graph import load_frozen_graph
from pipeline.networks.devices import claim_tensorflow
from pipeline.networks.tensorflow_graph import TensorFlowGraphSegmenter

tf = pytest.importorskip("tensorflow")
v1 = tf.compat.v1

NAMES = {1: "person", 3: "car"}
#: Mean brightness 51, 102 and 204: 0.2, 0.4 and 0.8 of the range.
FRAMES = np.stack([np.full((20, 40, 3), value, np.uint8) for value in (51, 102, 204)])


def detect(frames: Any) -> dict[str, Any]:
    """Two objects a frame: a car up to the brightness, a person in the lower right quarter."""
    mean = tf.reduce_mean(tf.cast(frames, tf.float32), axis=[1, 2, 3]) / 255.0
    zero, one = tf.zeros_like(mean), tf.ones_like(mean)
    car = tf.stack([zero, zero, mean, mean], axis=1)
    person = tf.stack([0.5 * one, 0.5 * one, one, one], axis=1)
    return {
        "detection_boxes": tf.stack([person, car], axis=1),
        "detection_scores": tf.stack([0.5 * one, 0.75 * one], axis=1),
        "detection_classes": tf.stack([one, 3.0 * one], axis=1),
        "detection_masks": tf.stack([zero, mean], axis=1)[:, :, None, None] * tf.ones([15, 33]),
        "num_detections": 2.0 * one,
    }


def detect_one(frames: Any) -> dict[str, Any]:
    """The same for a single frame; more of them are an error, as in the zoo's graphs of 2018."""
    return detect(tf.squeeze(frames, axis=0)[None])


def graph_def(shape: list[int | None], dtype: Any = None, network: Any = detect, omit: str = "") -> Any:
    with v1.Graph().as_default() as graph:
        frames = v1.placeholder(dtype or tf.uint8, shape, name="image_tensor")
        for name, value in network(frames).items():
            if name != omit:
                tf.identity(value, name=name)
        return graph.as_graph_def()


def frozen(folder: Path, *arguments: Any, **options: Any) -> Path:
    path = folder / "frozen_inference_graph.pb"
    path.write_bytes(graph_def(*arguments, **options).SerializeToString())
    return path


class _Network(tf.Module):
    """A module with a variable, so that its SavedModel has the operations that save and restore one."""

    def __init__(self, batch: int | None, side_effect: Any = None) -> None:
        super().__init__()
        self.gain = tf.Variable(1.0)
        self.side_effect = side_effect
        spec = tf.TensorSpec([batch, None, None, 3], tf.uint8, "input_tensor")
        self.serve = tf.function(self._serve, input_signature=[spec])

    def _serve(self, input_tensor: Any) -> dict[str, Any]:
        if self.side_effect is not None:
            self.side_effect()
        outputs = detect(input_tensor)
        return {**outputs, "detection_scores": outputs["detection_scores"] * self.gain}


def saved(folder: Path, batch: int | None = 1, side_effect: Any = None) -> Path:
    network = _Network(batch, side_effect)
    tf.saved_model.save(network, str(folder), signatures={"serving_default": network.serve})
    return folder


def assert_detected(found: list[Any], means: tuple[float, ...] = (0.2, 0.4, 0.8)) -> None:
    assert len(found) == len(means)
    for detections, mean in zip(found, means, strict=True):
        np.testing.assert_allclose(detections.scores, [0.75, 0.5])
        np.testing.assert_array_equal(detections.class_ids, [3, 1])
        np.testing.assert_allclose(
            detections.boxes, [[0, 0, 40 * mean, 20 * mean], [20, 10, 40, 20]], atol=1e-4
        )
        assert detections.roi_masks[0].min() == detections.roi_masks[0].max() == round(255 * mean)
        assert detections.roi_masks[1].max() == 0


@pytest.mark.parametrize(
    ("shape", "network"),
    [([None, None, None, 3], detect), ([1, None, None, 3], detect_one), ([None, None, None, 3], detect_one)],
)
def test_a_frozen_graph_detects_in_every_frame_whatever_batch_it_takes(
    tmp_path: Path, shape: list[int | None], network: Any
) -> None:
    segmenter = TensorFlowGraphSegmenter.load(frozen(tmp_path, shape, network=network), NAMES)
    assert segmenter.class_names == NAMES
    assert_detected(segmenter.segment(FRAMES))
    assert_detected(segmenter.segment(FRAMES[:1]), (0.2,))
    assert segmenter.segment(FRAMES[:0]) == []


def test_a_last_batch_that_is_not_full_is_filled(tmp_path: Path) -> None:
    segmenter = TensorFlowGraphSegmenter.load(frozen(tmp_path, [2, 20, 40, 3]), NAMES)
    assert_detected(segmenter.segment(FRAMES))


@pytest.mark.parametrize(
    ("taken", "batch", "calls"), [(None, 2, [2, 2]), (None, 1, [1] * 3), (1, 2, [1] * 3)]
)
def test_a_graph_is_always_given_the_same_number_of_frames(
    taken: int | None, batch: int, calls: list[int]
) -> None:
    """A dense layer of TensorFlow 2.21 gives other last bits for two frames than for one, whatever the other shows."""
    given: list[int] = []

    def call(frames: Any) -> dict[str, Any]:
        given.append(len(frames))
        return {name: value.numpy() for name, value in detect(frames).items()}

    graph = DetectionGraph(call, "uint8", taken, None, None)
    assert_detected(TensorFlowGraphSegmenter(graph, NAMES, 0.05, "graph.pb", batch=batch).segment(FRAMES))
    assert given == calls


def test_a_graph_that_takes_floats_gets_them(tmp_path: Path) -> None:
    path = frozen(tmp_path, [None, None, None, 3], tf.float32)
    assert_detected(TensorFlowGraphSegmenter.load(path, NAMES).segment(FRAMES))


def test_low_scores_are_dropped(tmp_path: Path) -> None:
    path = frozen(tmp_path, [None, None, None, 3])
    found = TensorFlowGraphSegmenter.load(path, NAMES, score_threshold=0.6).segment(FRAMES[:1])
    np.testing.assert_allclose(found[0].scores, [0.75])


def test_a_graph_of_one_frame_size_says_so(tmp_path: Path) -> None:
    segmenter = TensorFlowGraphSegmenter.load(frozen(tmp_path, [None, 300, 300, 3]), NAMES)
    with pytest.raises(WeightsError, match=r"only frames of 300x300 px\.\n  found: frames of 40x20 px"):
        segmenter.segment(FRAMES)
    with pytest.raises(InputError, match="found: float32"):
        segmenter.segment(FRAMES.astype(np.float32))


def test_an_operation_that_fails_is_told_by_its_name(tmp_path: Path) -> None:
    path = frozen(tmp_path, [None, None, None, 3], network=detect_one)
    graph = load_frozen_graph(path)
    found = r"InvalidArgumentError at Squeeze: Can not squeeze dim\[0\], expected a dimension of 1, got 3$"
    network = TensorFlowGraphSegmenter(replace(graph, batch=None), NAMES, 0.05, "graph.pb", batch=3)
    with pytest.raises(WeightsError, match=r"graph\.pb failed during inference") as failed:
        network.segment(FRAMES)
    assert re.search(found, failed.value.found or "")


def test_a_class_without_a_name_is_an_error(tmp_path: Path) -> None:
    segmenter = TensorFlowGraphSegmenter.load(frozen(tmp_path, [None, None, None, 3]), {1: "person"})
    with pytest.raises(WeightsError, match=r"class ids \[3\], label map of 1 classes"):
        segmenter.segment(FRAMES)


def test_a_graph_without_an_output_lists_what_it_has(tmp_path: Path) -> None:
    path = frozen(tmp_path, [None, None, None, 3], omit="detection_masks")
    with pytest.raises(
        WeightsError, match=r"no detection_masks; it takes \['image_tensor'\] and ends"
    ) as caught:
        TensorFlowGraphSegmenter.load(path, NAMES)
    assert "detection_boxes" in str(caught.value)


def test_files_that_are_no_graph_are_weights_errors(tmp_path: Path) -> None:
    path = tmp_path / "frozen_inference_graph.pb"
    for content in (b"", b"<!DOCTYPE html>", graph_def([None, None, None, 3]).SerializeToString()[:-40]):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match="cannot be used as a frozen detection graph"):
            TensorFlowGraphSegmenter.load(path, NAMES)
    for name, largest in (
        ("frozen_inference_graph.pb", "frozen detection graph"),
        ("saved_model.pb", "SavedModel"),
    ):
        path = tmp_path / name
        with path.open("wb") as file:
            file.truncate(1 << 33)
        with pytest.raises(WeightsError, match=rf"{largest}\.\n  found: OSError: 8589934592 bytes"):
            TensorFlowGraphSegmenter.load(path if name.startswith("frozen") else tmp_path, NAMES)
        path.unlink()
    (tmp_path / "empty").mkdir()
    with pytest.raises(WeightsError, match=r"a folder with \[\]"):
        TensorFlowGraphSegmenter.load(tmp_path / "empty", NAMES)
    with pytest.raises(WeightsError, match="no such file or folder"):
        TensorFlowGraphSegmenter.load(tmp_path / "none", NAMES)


def test_a_graph_that_is_not_frozen_says_so(tmp_path: Path) -> None:
    graph = graph_def([None, None, None, 3])
    graph.node.add(name="conv/kernel", op="VariableV2")
    (tmp_path / "g.pb").write_bytes(graph.SerializeToString())
    with pytest.raises(WeightsError, match="1 variables, conv/kernel the first"):
        TensorFlowGraphSegmenter.load(tmp_path / "g.pb", NAMES)


@pytest.mark.parametrize(
    ("op", "reason"),
    [
        ("WriteFile", "none that a detection network"),
        ("ReadFile", "none that a detection network"),
        ("MatchingFiles", "none that a detection network"),
        ("TFRecordDatasetV2", "none that a detection network"),
        ("WholeFileReaderV2", "none that a detection network"),
        ("InitializeTableFromTextFileV2", "none that a detection network"),
        ("PrintV2", "none that a detection network"),
        ("DebugIdentityV2", "none that a detection network"),
        ("PyFunc", "none that a detection network"),
        ("EagerPyFunc", "none that a detection network"),
        ("RpcCall", "none that a detection network"),
        ("Abort", "none that a detection network"),
        ("SleepOp", "none that a detection network"),
        ("ImmutableConst", "none that a detection network"),
        ("_Send", "none that a detection network"),
        ("OfTomorrow", "none that a detection network"),
        ("SaveV2", "checkpoints"),
        ("RestoreV2", "checkpoints"),
    ],
)
def test_a_frozen_graph_with_a_forbidden_operation_is_refused(tmp_path: Path, op: str, reason: str) -> None:
    graph = graph_def([None, None, None, 3])
    graph.node.add(name="innocent", op=op)
    (tmp_path / "g.pb").write_bytes(graph.SerializeToString())
    with pytest.raises(WeightsError, match=rf"{reason}[\s\S]*{op} at 'innocent'"):
        TensorFlowGraphSegmenter.load(tmp_path / "g.pb", NAMES)


def test_a_forbidden_operation_in_a_graphs_function_is_refused(tmp_path: Path) -> None:
    graph = graph_def([None, None, None, 3])
    function = graph.library.function.add()
    function.signature.name = "hidden"
    function.node_def.add(name="w", op="WriteFile")
    (tmp_path / "g.pb").write_bytes(graph.SerializeToString())
    with pytest.raises(WeightsError, match="WriteFile at 'hidden'"):
        TensorFlowGraphSegmenter.load(tmp_path / "g.pb", NAMES)


@pytest.mark.parametrize("batch", [1, None])
def test_a_saved_model_detects_in_every_frame(tmp_path: Path, batch: int | None) -> None:
    saved(tmp_path / "saved_model", batch)
    assert_detected(TensorFlowGraphSegmenter.load(tmp_path, NAMES).segment(FRAMES))


def test_a_saved_model_of_tensorflow_1_is_run_too(tmp_path: Path) -> None:
    assert_detected(TensorFlowGraphSegmenter.load(saved_by_tensorflow_1(tmp_path), NAMES).segment(FRAMES))


def saved_by_tensorflow_1(folder: Path) -> Path:
    path = folder / "tf1"
    with v1.Graph().as_default(), v1.Session() as session:
        frames = v1.placeholder(tf.uint8, [None, None, None, 3], name="image_tensor")
        gain = v1.get_variable("gain", initializer=1.0, use_resource=False)
        outputs = detect(frames)
        outputs["detection_scores"] *= gain
        session.run(gain.initializer)
        builder = v1.saved_model.Builder(str(path))
        signature = v1.saved_model.predict_signature_def({"inputs": frames}, outputs)
        builder.add_meta_graph_and_variables(session, ["serve"], {"serving_default": signature})
        builder.save()
    return path


def test_a_saved_model_without_the_outputs_lists_its_signatures(tmp_path: Path) -> None:
    network = _Network(1)
    spec = tf.TensorSpec([1, None, None, 3], tf.uint8, "input_tensor")
    classify = tf.function(lambda input_tensor: {"logits": detect(input_tensor)["num_detections"]}, [spec])
    network.classify = classify
    tf.saved_model.save(network, str(tmp_path / "m"), signatures={"classify": classify})
    with pytest.raises(WeightsError, match="the signatures classify -> logits"):
        TensorFlowGraphSegmenter.load(tmp_path / "m", NAMES)


def test_a_saved_model_of_encoded_images_says_what_it_takes(tmp_path: Path) -> None:
    network = tf.Module()
    spec = tf.TensorSpec([None], tf.string, "encoded")
    network.serve = tf.function(
        lambda encoded: detect(tf.zeros([1, 4, 4, 3]) + float(len(encoded.shape))), [spec]
    )
    tf.saved_model.save(network, str(tmp_path / "m"), signatures={"serving_default": network.serve})
    with pytest.raises(WeightsError, match="the inputs encoded: string"):
        TensorFlowGraphSegmenter.load(tmp_path / "m", NAMES)


def test_a_damaged_saved_model_is_a_weights_error(tmp_path: Path) -> None:
    folder = saved(tmp_path / "m")
    (folder / "variables" / "variables.index").unlink()
    with pytest.raises(WeightsError, match="cannot be used as a detection SavedModel"):
        TensorFlowGraphSegmenter.load(folder, NAMES)
    (folder / "saved_model.pb").write_bytes(b"<!DOCTYPE html>")
    with pytest.raises(WeightsError, match="DecodeError"):
        TensorFlowGraphSegmenter.load(folder, NAMES)


def test_a_saved_model_that_writes_files_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "written"
    folder = saved(tmp_path / "m", side_effect=lambda: tf.io.write_file(str(target), "x"))
    with pytest.raises(WeightsError, match="WriteFile at"):
        TensorFlowGraphSegmenter.load(folder, NAMES)
    assert not target.exists()


def test_checkpoints_are_read_and_written_only_aside(tmp_path: Path) -> None:
    """Every SavedModel has SaveV2 and RestoreV2; one whose network calls them is refused."""

    def save() -> None:
        tf.raw_ops.SaveV2(
            prefix=str(tmp_path / "x"), tensor_names=["a"], shape_and_slices=[""], tensors=[1.0]
        )

    def restore() -> None:
        tf.raw_ops.RestoreV2(prefix="x", tensor_names=["a"], shape_and_slices=[""], dtypes=[tf.float32])

    with pytest.raises(WeightsError, match=r"writes checkpoints[\s\S]*SaveV2"):
        TensorFlowGraphSegmenter.load(saved(tmp_path / "s", side_effect=save), NAMES)
    with pytest.raises(WeightsError, match=r"reads checkpoints[\s\S]*RestoreV2"):
        TensorFlowGraphSegmenter.load(saved(tmp_path / "r", side_effect=restore), NAMES)


def test_a_restore_operation_that_writes_a_checkpoint_is_refused(tmp_path: Path) -> None:
    from tensorflow.core.protobuf import saved_model_pb2

    folder = saved_by_tensorflow_1(tmp_path)
    model = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
    graph = model.meta_graphs[0].graph_def
    restore = next(n for n in graph.node if n.name == model.meta_graphs[0].saver_def.restore_op_name)
    save = next(n for n in graph.node if n.op == "SaveV2")
    restore.input.append(f"^{save.name}")
    (folder / "saved_model.pb").write_bytes(model.SerializeToString())
    with pytest.raises(WeightsError, match="writes checkpoints while it is loaded"):
        TensorFlowGraphSegmenter.load(folder, NAMES)


def test_a_program_that_has_computed_with_tensorflow_keeps_its_threads():
    tf.constant(1) + 1
    before = tf.config.threading.get_intra_op_parallelism_threads()
    assert not claim_tensorflow("cpu", before + 3)
    assert tf.config.threading.get_intra_op_parallelism_threads() == before
