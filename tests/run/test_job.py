from __future__ import annotations

import av
import numpy as np
import pytest

from pipeline.errors import ChunksFailedError, ConfigError, InputError, RunInTheWayError, UsageError
from pipeline.formats.own_file import save_weights
from pipeline.run import flow
from pipeline.run.run_videos import exit_code
from pipeline.run.stopping import StopSignal
from pipeline.run.work.reach import OutOfReachError, check_reach
from pipeline.store.reader import DetectionsFile
from pipeline.store.region_picture import read_region
from pipeline.track import own_car
from pipeline.workers.in_process import InProcessPools


def frames_of(path):
    with av.open(str(path)) as container:
        return [(frame.pts, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)]


def sound_of(path):
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        return [(packet.pts, bytes(packet)) for packet in container.demux(stream) if packet.size]


def tracks_of(path):
    with DetectionsFile(path) as file:
        return [
            (frame, tracks.track_ids.tolist(), tracks.class_ids.tolist(), tracks.detections.boxes.tolist())
            for frame, tracks in file.frames()
        ]


def redone(events):
    return [event["passes"] for event in events if event["event"] == "redo"]


def noted(monkeypatch, happened, owner, name, tell):
    """Let what happens be told to `happened` when that function of the owner is called."""
    called = getattr(owner, name)

    def noting(*arguments, **options):
        happened.append(tell(*arguments))
        return called(*arguments, **options)

    monkeypatch.setattr(owner, name, noting)


def test_the_output_is_the_same_video_plus_masks_and_no_worker_waits_for_the_driver(
    work, traffic, tmp_path, monkeypatch
):
    happened = []
    noted(monkeypatch, happened, InProcessPools, "submit", lambda pools, pool, key, task: key[1])
    noted(monkeypatch, happened, flow, "write_detections", lambda *_: "stored")
    noted(monkeypatch, happened, flow, "join_detections", lambda *_: "joined")
    out = tmp_path / "out.mp4"
    (result,), _ = work([traffic], out, chunk_frames=8)
    assert result.state == "made"
    assert happened[:4] == [("segment", 0), ("segment", 1), "stored", ("segment", 2)]
    last_stored = len(happened) - happened[::-1].index("stored")
    assert ("render", 0) in happened[last_stored : happened.index("joined")]
    busy = result.facts.busy_seconds
    assert set(busy) == {"segment", "network", "track", "label", "render", "join", "mux"}
    assert min(busy.values()) > 0.0
    before, after = frames_of(traffic), frames_of(out)
    assert len(after) == 40
    assert [pts for pts, _ in after] == [pts for pts, _ in before]
    assert sound_of(out) == sound_of(traffic)
    # The car's square is painted; the road far from both objects is as it was.
    assert np.abs(after[20][1][35:55, 50:70].astype(int) - before[20][1][35:55, 50:70]).mean() > 20
    assert np.abs(after[20][1][2:8, 100:150].astype(int) - before[20][1][2:8, 100:150]).mean() < 2


def test_ids_run_through_and_do_not_depend_on_chunks(work, traffic, tmp_path):
    work([traffic], tmp_path / "small.mp4", chunk_frames=8)
    work([traffic], tmp_path / "whole.mp4", chunk_frames=100)
    small, whole = (tmp_path / f"{name}.mp4.seg-run/detections.parquet" for name in ("small", "whole"))
    assert small.read_bytes() == whole.read_bytes()
    tracks = tracks_of(whole)
    assert [frame for frame, *_ in tracks] == list(range(40))
    # The one that is seen in the first ten frames, a third of a second with 0.6, stays in doubt and has no number.
    assert [ids for _, ids, _, _ in tracks] == [[1, -1, 2]] * 10 + [[1, 2]] * 30
    assert tracks[39][3][0] == [82.0, 30.0, 112.0, 60.0]  # 4 + 2 * 39, 30 px wide


def test_only_manifest_ledger_and_detections_stay(work, traffic, tmp_path):
    work([traffic], tmp_path / "out.mp4", chunk_frames=8)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4", "out.mp4.seg-run"]
    folder = tmp_path / "out.mp4.seg-run"
    assert sorted(path.name for path in folder.iterdir()) == [
        "detections.parquet", "ledger.jsonl", "lock", "manifest.json",
    ]  # fmt: skip


def test_nothing_stays_without_sidecar(work, traffic, tmp_path):
    work([traffic], tmp_path / "out.mp4", no_sidecar=True)
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_work_files_go_where_they_are_told_and_stay_if_asked(work, traffic, tmp_path):
    work([traffic], tmp_path / "out.mp4", work_dir=str(tmp_path / "work"), keep_work=True, chunk_frames=8)
    (folder,) = (tmp_path / "work").iterdir()
    assert [part.name for part in sorted((folder / "parts").iterdir())] == [
        "000000.mp4", "000001.mp4", "000002.mp4", "000003.mp4", "000004.mp4",
    ]  # fmt: skip
    assert not (tmp_path / "out.mp4.seg-run" / "work").exists()


def test_the_same_again_is_kept_as_it_is(work, traffic, tmp_path, fake_network):
    out = tmp_path / "out.mp4"
    work([traffic], out, chunk_frames=8)
    written = out.stat().st_mtime_ns
    (result,), _ = work([traffic], out, chunk_frames=8)
    assert result.state == "kept"
    assert out.stat().st_mtime_ns == written
    assert sorted(fake_network.looked_at) == [0, 1, 2, 3, 4]


def test_an_output_that_exists_is_refused_skipped_or_replaced(work, traffic, tmp_path):
    out = tmp_path / "out.mp4"
    out.write_bytes(b"precious")
    with pytest.raises(UsageError, match="exists already"):
        work([traffic], out)
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]
    (result,), events = work([traffic], out, no_clobber=True)
    assert (result.state, out.read_bytes()) == ("skipped", b"precious")
    assert [(event["event"], event["output"]) for event in events] == [("skipped", str(out))]
    (result,), _ = work([traffic], out, force=True)
    assert result.state == "made"
    assert len(frames_of(out)) == 40


def test_an_output_of_other_settings_is_refused_without_force(work, traffic, tmp_path):
    work([traffic], tmp_path / "out.mp4")
    with pytest.raises(UsageError, match="exists already"):
        work([traffic], tmp_path / "out.mp4", alpha=0.9)


def test_a_new_colour_redoes_render_and_mux_alone(work, traffic, tmp_path, fake_network):
    out = tmp_path / "out.mp4"
    work([traffic], out, chunk_frames=8)
    fake_network.looked_at.clear()
    first = out.read_bytes()
    _, events = work([traffic], out, chunk_frames=8, color_by="class", force=True)
    assert redone(events) == [["label", "render", "mux"]]
    (redo,) = (event for event in events if event["event"] == "redo")
    assert redo["changed"] == ["color-by: track -> class"]
    assert fake_network.looked_at == []
    assert out.read_bytes() != first
    work([traffic], tmp_path / "fresh.mp4", chunk_frames=8, color_by="class")
    assert out.read_bytes() == (tmp_path / "fresh.mp4").read_bytes()


def test_an_ignored_region_redoes_tracking_but_not_the_network(work, traffic, tmp_path, fake_network):
    out = tmp_path / "out.mp4"
    work([traffic], out, chunk_frames=8)
    fake_network.looked_at.clear()
    _, events = work([traffic], out, chunk_frames=8, ignore_region=["110,60,50,36"], force=True)
    assert redone(events) == [["track", "label", "render", "join", "mux"]]
    assert fake_network.looked_at == []
    assert {tuple(ids) for _, ids, _, _ in tracks_of(tmp_path / "out.mp4.seg-run/detections.parquet")} == {
        (1, -1, -1),
        (1, -1),
    }


def test_the_own_car_lies_beside_the_output_as_a_picture(work, traffic, tmp_path, monkeypatch):
    # So short a film proves nothing: here whatever is unsure stands, which is the small squares.
    monkeypatch.setattr(own_car, "_FIXED", 0.0)
    work([traffic], tmp_path / "small.mp4", chunk_frames=8)
    work([traffic], tmp_path / "whole.mp4", chunk_frames=100)
    small, whole = (tmp_path / f"{name}.mp4.seg-run" for name in ("small", "whole"))
    assert (small / "own_car.png").read_bytes() == (whole / "own_car.png").read_bytes()
    assert (small / "detections.parquet").read_bytes() == (whole / "detections.parquet").read_bytes()
    squares = {(145, 5, 11, 11), (121, 71, 15, 15)}
    assert set(read_region(small / "own_car.png")) == squares
    work([traffic], tmp_path / "off.mp4", own_car="off")
    assert not (tmp_path / "off.mp4.seg-run/own_car.png").exists()


def test_other_chunks_use_what_was_found_before(work, traffic, tmp_path, fake_network):
    out = tmp_path / "out.mp4"
    work([traffic], out, chunk_frames=8)
    fake_network.looked_at.clear()
    work([traffic], out, chunk_frames=16, force=True)
    assert fake_network.looked_at == []


def test_another_model_redoes_everything(work, traffic, tmp_path, fake_network):
    out, other = tmp_path / "out.mp4", tmp_path / "other.safetensors"
    save_weights(other, {"weight": np.zeros(1, np.float32)}, {})
    work([traffic], out, chunk_frames=8)
    fake_network.looked_at.clear()
    _, events = work([traffic], out, chunk_frames=8, model=str(other), force=True)
    assert redone(events) == [["segment", "track", "label", "render", "join", "mux"]]
    assert sorted(fake_network.looked_at) == [0, 1, 2, 3, 4]


def test_a_chunk_that_always_fails_leaves_the_others_done_and_resume_tries_it_alone(
    work, traffic, tmp_path, fake_network, monkeypatch
):
    out = tmp_path / "out.mp4"
    monkeypatch.setenv("FAKE_FAIL", "16")
    with pytest.raises(ChunksFailedError) as failed:
        work([traffic], out, chunk_frames=8)
    assert failed.value.exit_code == 4
    assert "chunk 2 (frames 16 to 23)" in str(failed.value)
    assert "not in the mood" in str(failed.value)
    assert sorted(fake_network.looked_at) == [0, 1, 3, 4]
    assert not out.exists()
    monkeypatch.delenv("FAKE_FAIL")
    fake_network.looked_at.clear()
    work([traffic], out, chunk_frames=8)
    assert fake_network.looked_at == [2]
    work([traffic], tmp_path / "fresh.mp4", chunk_frames=8)
    assert out.read_bytes() == (tmp_path / "fresh.mp4").read_bytes()


def test_detections_that_were_changed_are_made_anew_though_their_chunk_is_tracked(
    work, traffic, tmp_path, fake_network, monkeypatch
):
    # The tracks of a later chunk hold what was measured in them: without them the run never went on.
    out = tmp_path / "out.mp4"
    monkeypatch.setenv("FAKE_FAIL", "24")
    with pytest.raises(ChunksFailedError):
        work([traffic], out, chunk_frames=8)
    with (tmp_path / "out.mp4.seg-run" / "work" / "detections" / "000000.parquet").open("ab") as damaged:
        damaged.write(b"\0")
    monkeypatch.delenv("FAKE_FAIL")
    fake_network.looked_at.clear()
    work([traffic], out, chunk_frames=8)
    assert sorted(fake_network.looked_at) == [0, 3]


def test_a_chunk_that_fails_twice_is_tried_a_third_time(work, traffic, tmp_path, fake_network, monkeypatch):
    tries, process = [], fake_network.process

    def fail_twice(self, task):
        tries.append(task.chunk.index)
        if tries.count(1) in (1, 2) and task.chunk.index == 1:
            raise ArithmeticError
        return process(self, task)

    monkeypatch.setattr(fake_network, "process", fail_twice)
    (result,), events = work([traffic], tmp_path / "out.mp4", chunk_frames=8)
    assert result.state == "made"
    assert tries.count(1) == 3
    assert [event["chunk"] for event in events if event["event"] == "retry"] == [1, 1]


def test_a_run_of_another_input_is_not_overwritten(work, traffic, tmp_path, monkeypatch):
    monkeypatch.setenv("FAKE_FAIL", "8")
    out, other = tmp_path / "out.mp4", tmp_path / "other.mp4"
    with pytest.raises(ChunksFailedError):
        work([traffic], out, chunk_frames=8)
    other.write_bytes(traffic.read_bytes() + b"\0" * 8)
    monkeypatch.delenv("FAKE_FAIL")
    with pytest.raises(RunInTheWayError, match=r"drive\.mp4 -> .*other\.mp4") as refused:
        work([other], out, chunk_frames=8)
    assert refused.value.exit_code == 5
    (result,), _ = work([other], out, chunk_frames=8, force=True)
    assert result.state == "made"


def test_a_moved_input_goes_on(work, traffic, tmp_path, fake_network, monkeypatch):
    monkeypatch.setenv("FAKE_FAIL", "32")
    with pytest.raises(ChunksFailedError):
        work([traffic], tmp_path / "out.mp4", chunk_frames=8)
    moved = tmp_path / "moved.mp4"
    moved.write_bytes(traffic.read_bytes())
    monkeypatch.delenv("FAKE_FAIL")
    fake_network.looked_at.clear()
    work([moved], tmp_path / "out.mp4", chunk_frames=8)
    assert fake_network.looked_at == [4]


def test_a_class_that_the_network_does_not_know_is_told_before_a_frame_is_inferred(
    work, traffic, tmp_path, fake_network
):
    with pytest.raises(ConfigError, match="did you mean car"):
        work([traffic], tmp_path / "out.mp4", classes="cars")
    assert fake_network.looked_at == []


def test_an_output_folder_that_cannot_be_is_told_before_a_frame_is_inferred(
    work, traffic, tmp_path, fake_network
):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(Exception, match="Cannot write into") as refused:
        work([traffic], tmp_path / "file" / "out.mp4")
    assert refused.value.exit_code == 1
    assert fake_network.looked_at == []


def test_a_broken_input_among_others_is_set_aside(work, traffic, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.mp4").write_bytes(b"no video at all")
    (folder / "b.mp4").write_bytes(traffic.read_bytes())
    results, events = work([folder], tmp_path / "out")
    assert [(result.source.name, result.state) for result in results] == [
        ("a.mp4", "failed"),
        ("b.mp4", "made"),
    ]
    assert exit_code(results) == 4
    assert "set_aside" in [event["event"] for event in events]
    assert (tmp_path / "out" / "b_seg.mp4").exists()


def test_a_broken_input_alone_is_an_input_error(work, tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"no video at all")
    with pytest.raises(InputError):
        work([tmp_path / "a.mp4"], tmp_path / "out.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


def test_one_model_serves_all_videos_of_a_job(work, traffic, tmp_path, fake_network, monkeypatch):
    setups = []
    monkeypatch.setattr(fake_network, "setup", lambda self: setups.append(1) or {1: "person", 3: "car"})
    other = tmp_path / "other.mp4"
    other.write_bytes(traffic.read_bytes())
    work([traffic, other], tmp_path / "out")
    assert setups == [1]


def test_the_first_stop_keeps_what_is_done(work, traffic, tmp_path, fake_network, monkeypatch):
    stop = StopSignal()
    process = fake_network.process

    def process_and_stop(self, task):
        stop.asked = task.chunk.index == 1
        return process(self, task)

    monkeypatch.setattr(fake_network, "process", process_and_stop)
    with pytest.raises(Exception, match="Stopped") as stopped:
        work([traffic], tmp_path / "out.mp4", stop=stop, chunk_frames=8)
    assert stopped.value.exit_code == 130
    assert 1 in fake_network.looked_at
    assert len(fake_network.looked_at) < 5
    before = list(fake_network.looked_at)
    monkeypatch.setattr(fake_network, "process", process)
    work([traffic], tmp_path / "out.mp4", chunk_frames=8)
    assert sorted(fake_network.looked_at) == [0, 1, 2, 3, 4]
    assert fake_network.looked_at[: len(before)] == before


def test_workers_that_cannot_see_the_source_get_the_packets_of_their_chunk(
    work, traffic, tmp_path, monkeypatch
):
    def blind(path, size, packets):
        if packets is None:
            raise OutOfReachError(f"{path} cannot be read here.")

    work([traffic], tmp_path / "seen.mp4", chunk_frames=8)
    monkeypatch.setattr("pipeline.run.work.segment_worker.check_reach", blind)
    monkeypatch.setattr("pipeline.run.work.render_worker.check_reach", blind)
    (result,), events = work([traffic], tmp_path / "unseen.mp4", chunk_frames=8)
    assert result.state == "made"
    assert [event["event"] for event in events].count("packets") == 1
    assert (tmp_path / "unseen.mp4").read_bytes() == (tmp_path / "seen.mp4").read_bytes()


@pytest.mark.parametrize("size", [None, 7])
def test_a_worker_knows_whether_it_sees_the_source(tmp_path, size):
    if size:
        (tmp_path / "in.mp4").write_bytes(b"-" * size)
    with pytest.raises(OutOfReachError):
        check_reach(tmp_path / "in.mp4", 8, None)
    (tmp_path / "in.mp4").write_bytes(b"-" * 8)
    check_reach(tmp_path / "in.mp4", 8, None)


@pytest.mark.parametrize(("first", "last"), [(16, 31), (0, 15)])
def test_chunks_without_a_single_good_frame_show_their_neighbour_and_are_told(
    work, traffic, tmp_path, first, last
):
    damaged = tmp_path / "damaged.mp4"
    content = bytearray(traffic.read_bytes())
    with av.open(str(traffic)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    for packet in sorted(packets, key=lambda packet: packet.pts)[first : last + 1]:
        content[packet.pos : packet.pos + packet.size] = bytes(packet.size)
    damaged.write_bytes(content)
    (result,), events = work([damaged], tmp_path / "out.mp4", chunk_frames=8)
    assert result.state == "made"
    assert [pts for pts, _ in frames_of(tmp_path / "out.mp4")] == [pts for pts, _ in frames_of(traffic)]
    (told,) = (event["text"] for event in events if event["event"] == "damage")
    assert told == f"16 of 40 frames do not decode and show the frame before them: {first} to {last}"
    assert exit_code([result]) == 4
