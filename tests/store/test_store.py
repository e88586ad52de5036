"""Stores are read back as they were written; equal content gives equal bytes; faults are named."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.errors import StoreError, WriteError
from pipeline.store import writer
from pipeline.store.header import Header
from pipeline.store.join import join_detections
from pipeline.store.parquet_rows import row_groups
from pipeline.store.reader import DetectionsFile
from pipeline.store.schema import WRITTEN, to_table
from pipeline.store.writer import write_detections, write_tracks
from pipeline.structures.detections import Detections
from pipeline.structures.tracks import FOUND, INTERPOLATED, NO_TRACK, Tracks

NAMES = {1: "person", 3: "car"}


def found(*rows: tuple[float, int]) -> Detections:
    """Detections with these (score, class id), each with a box and a mask of its own."""
    count = len(rows)
    return Detections(
        boxes=np.arange(count * 4, dtype=np.float32).reshape(count, 4) + np.float32(0.25),
        scores=np.array([score for score, _ in rows], np.float32).reshape(count),
        class_ids=np.array([class_id for _, class_id in rows], np.int32).reshape(count),
        roi_masks=np.full((count, 28, 28), 200, np.uint8) - np.arange(count, dtype=np.uint8)[:, None, None],
    )


# Frame 5 has two objects, frame 6 none, frame 7 one, frame 8 none.
FRAMES = [found((0.9, 3), (0.5, 1)), found(), found((0.75, 3)), found()]
HEADER = Header(640, 360, Fraction(1, 90000), 5, np.array([0, 3000, 6001, 9000], np.int64), NAMES)


def tracked(detections: Detections, first_id: int) -> Tracks:
    ids = np.arange(first_id, first_id + len(detections))
    return Tracks(detections, ids, np.full(len(ids), 3, np.int32), np.full(len(ids), 0.95, np.float32))


TRACKS = [tracked(FRAMES[0], 1), tracked(FRAMES[1], 1), Tracks.untracked(FRAMES[2]), tracked(FRAMES[3], 1)]


def same(left: Detections, right: Detections) -> bool:
    columns = ("boxes", "scores", "class_ids", "roi_masks")
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in columns)


def test_detections_come_back_frame_by_frame_the_empty_ones_too(tmp_path):
    write_detections(tmp_path / "a.parquet", HEADER, FRAMES)
    with DetectionsFile(tmp_path / "a.parquet") as file:
        assert file.header.pts.tolist() == [0, 3000, 6001, 9000]
        assert [len(frame) for frame in file.read()] == [2, 0, 1, 0]
        assert all(same(left, right) for left, right in zip(file.read(), FRAMES, strict=True))


def test_a_chunk_in_which_nothing_was_found_still_names_its_frames(tmp_path):
    write_detections(tmp_path / "a.parquet", HEADER, [found()] * 4)
    with DetectionsFile(tmp_path / "a.parquet") as file:
        assert (file.header.first_frame, file.header.stop_frame) == (5, 9)
        assert [len(frame) for frame in file.read()] == [0, 0, 0, 0]


def test_tracks_come_back_and_an_untracked_row_stays_untracked(tmp_path):
    write_tracks(tmp_path / "a.parquet", HEADER, TRACKS)
    with DetectionsFile(tmp_path / "a.parquet") as file:
        tracks = file.read_tracks()
    assert tracks[0].track_ids.tolist() == [1, 2]
    assert tracks[0].class_ids.tolist() == [3, 3]
    assert tracks[0].detections.class_ids.tolist() == [3, 1]
    assert tracks[0].peak_scores.tolist() == pytest.approx([0.95, 0.95])
    assert tracks[2].track_ids.tolist() == [NO_TRACK]
    assert tracks[2].class_ids.tolist() == [3]
    assert tracks[2].peak_scores.tolist() == [0.75]


def test_the_table_reads_as_it_is(tmp_path):
    write_tracks(tmp_path / "a.parquet", HEADER, TRACKS)
    rows = pq.read_table(tmp_path / "a.parquet").drop_columns(["mask"]).to_pylist()
    assert rows[1] == {
        "frame": 5,
        "pts": 0,
        "seconds": 0.0,
        "class_id": 1,
        "class": "person",
        "score": 0.5,
        "track_id": 2,
        "track_class_id": 3,
        "track_class": "car",
        "track_peak_score": pytest.approx(0.95),
        "x1": 4.25,
        "y1": 5.25,
        "x2": 6.25,
        "y2": 7.25,
        "origin": "found",
    }
    assert (rows[2]["frame"], rows[2]["pts"], rows[2]["seconds"]) == (7, 6001, 6001 / 90000)
    assert (rows[2]["track_id"], rows[2]["track_class"]) == (None, None)


def test_equal_content_gives_equal_bytes(tmp_path):
    write_tracks(tmp_path / "a.parquet", HEADER, TRACKS)
    write_tracks(tmp_path / "b.parquet", HEADER, TRACKS)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def parts_of(folder: Path, sizes: list[int], frames: list[Tracks], header: Header) -> list[Path]:
    paths, start = [], 0
    for number, size in enumerate(sizes):
        paths.append(folder / f"{number}.parquet")
        span = slice(start, start + size)
        part = replace(header, first_frame=header.first_frame + start, pts=header.pts[span])
        write_tracks(paths[-1], part, frames[span])
        start += size
    return paths


@pytest.mark.parametrize("sizes", [[4], [1, 3], [2, 1, 1], [1, 1, 1, 1]])
def test_joined_chunks_give_the_bytes_of_the_whole_wherever_they_were_cut(tmp_path, monkeypatch, sizes):
    monkeypatch.setattr(writer, "ROW_GROUP_ROWS", 2)
    write_tracks(tmp_path / "whole.parquet", HEADER, TRACKS)
    join_detections(tmp_path / "joined.parquet", parts_of(tmp_path, sizes, TRACKS, HEADER))
    assert (tmp_path / "joined.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_a_span_is_read_across_row_groups_and_only_from_those_it_needs(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "ROW_GROUP_ROWS", 3)
    frames = [Tracks.untracked(found(*[(0.5, 3)] * (index % 3))) for index in range(9)]
    header = replace(HEADER, first_frame=0, pts=np.arange(9, dtype=np.int64))
    write_tracks(tmp_path / "a.parquet", header, frames)
    with DetectionsFile(tmp_path / "a.parquet") as file:
        assert [len(frame) for frame in file.read_tracks(2, 6)] == [2, 0, 1, 2]
        assert file.table(7, 9).num_rows == 3
        assert file.read(4, 4) == []
        with pytest.raises(ValueError, match=r"\[0, 9\), asked for \[5, 10\)"):
            file.read(5, 10)


def test_a_gap_between_parts_is_named(tmp_path):
    first, _, last = parts_of(tmp_path, [1, 2, 1], TRACKS, HEADER)
    with pytest.raises(StoreError, match="first frame is 8 instead of 6"):
        join_detections(tmp_path / "joined.parquet", [first, last])
    assert not (tmp_path / "joined.parquet").exists()


def test_parts_of_two_videos_are_not_joined(tmp_path):
    first, second = parts_of(tmp_path, [2, 2], TRACKS, HEADER)
    write_tracks(second, replace(HEADER, width=1280, first_frame=7, pts=HEADER.pts[2:]), TRACKS[2:])
    with pytest.raises(StoreError, match="another video"):
        join_detections(tmp_path / "joined.parquet", [first, second])


def test_a_class_without_a_name_is_refused(tmp_path):
    with pytest.raises(ValueError, match="class id 7 has no name"):
        write_detections(tmp_path / "a.parquet", HEADER, [found((0.5, 7)), found(), found(), found()])


def test_a_frame_too_few_is_refused(tmp_path):
    with pytest.raises(ValueError, match="expected 4 frames as in the header, found 3"):
        write_detections(tmp_path / "a.parquet", HEADER, FRAMES[:3])
    assert list(tmp_path.iterdir()) == []


def test_tracks_of_an_untracked_file_are_refused(tmp_path):
    write_detections(tmp_path / "a.parquet", HEADER, FRAMES)
    with (
        DetectionsFile(tmp_path / "a.parquet") as file,
        pytest.raises(StoreError, match="contains no tracks"),
    ):
        file.read_tracks()


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StoreError, match=r"no file of stored detections at .*gone\.parquet"):
        DetectionsFile(tmp_path / "gone.parquet")


def test_a_folder_is_nothing_to_delete(tmp_path):
    with pytest.raises(StoreError, match="cannot be opened") as raised:
        DetectionsFile(tmp_path)
    assert "delete" not in str(raised.value)


def test_a_cut_file_is_named(tmp_path):
    write_detections(tmp_path / "a.parquet", HEADER, FRAMES)
    whole = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "a.parquet").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StoreError, match="cannot be read as stored detections"):
        DetectionsFile(tmp_path / "a.parquet")


def test_columns_missing_or_of_another_type_are_named_one_by_one(tmp_path):
    write_detections(tmp_path / "a.parquet", HEADER, FRAMES)
    table = pq.read_table(tmp_path / "a.parquet")
    table = table.drop_columns(["mask"]).set_column(5, "score", table["score"].cast(pa.float64()))
    pq.write_table(table, tmp_path / "b.parquet")
    with pytest.raises(StoreError, match=r"mask \(binary\) is missing; score is double, expected float"):
        DetectionsFile(tmp_path / "b.parquet")


def test_a_column_of_nothing_is_told(tmp_path):
    write_detections(tmp_path / "a.parquet", HEADER, FRAMES)
    table = pq.read_table(tmp_path / "a.parquet")
    nothing = table.set_column(0, "frame", pa.nulls(len(table), pa.int64()))
    pq.write_table(nothing, tmp_path / "b.parquet")
    with (
        DetectionsFile(tmp_path / "b.parquet") as file,
        pytest.raises(StoreError, match="cannot be read as stored detections"),
    ):
        file.read()


def test_a_file_of_another_schema_version_is_refused(tmp_path):
    write_detections(tmp_path / "a.parquet", HEADER, FRAMES)
    table = pq.read_table(tmp_path / "a.parquet")
    header = table.schema.metadata[b"seg_video"].replace(b'"schema":2', b'"schema":3')
    pq.write_table(table.replace_schema_metadata({b"seg_video": header}), tmp_path / "b.parquet")
    with pytest.raises(StoreError, match="schema version 3; this release reads 1 and 2"):
        DetectionsFile(tmp_path / "b.parquet")


def test_a_file_of_version_1_is_read_as_all_found(tmp_path):
    write_tracks(tmp_path / "a.parquet", HEADER, TRACKS)
    table = pq.read_table(tmp_path / "a.parquet")
    header = table.schema.metadata[b"seg_video"].replace(b'"schema":2', b'"schema":1')
    old = table.drop_columns(["origin"]).replace_schema_metadata({b"seg_video": header})
    pq.write_table(old, tmp_path / "b.parquet")
    with DetectionsFile(tmp_path / "b.parquet") as file:
        tracks = file.read_tracks()
        assert file.table().column_names[-1] == "origin"
    assert tracks[0].track_ids.tolist() == [1, 2]
    assert tracks[0].origins.tolist() == [FOUND, FOUND]


def test_a_column_that_is_not_known_is_left_alone(tmp_path):
    write_tracks(tmp_path / "a.parquet", HEADER, TRACKS)
    table = pq.read_table(tmp_path / "a.parquet")
    pq.write_table(table.append_column("speed", pa.array([1.0, 2.0, 3.0])), tmp_path / "b.parquet")
    with DetectionsFile(tmp_path / "b.parquet") as file:
        assert "speed" not in file.table().column_names
        assert file.read_tracks()[0].track_ids.tolist() == [1, 2]


def test_what_follows_from_other_frames_is_told_from_what_was_found(tmp_path):
    origins = np.array([FOUND, INTERPOLATED], np.uint8)
    frames = [replace(TRACKS[0], origins=origins), *TRACKS[1:]]
    write_tracks(tmp_path / "a.parquet", HEADER, frames)
    assert pq.read_table(tmp_path / "a.parquet")["origin"].to_pylist() == ["found", "interpolated", "found"]
    with DetectionsFile(tmp_path / "a.parquet") as file:
        assert file.read_tracks()[0].origins.tolist() == [FOUND, INTERPOLATED]


def test_the_cameras_motion_comes_back_and_is_joined(tmp_path):
    motions = np.arange(32, dtype=np.float32).reshape(4, 8) / 3
    whole = replace(HEADER, motions=motions)
    for number, span in enumerate((slice(0, 1), slice(1, 4))):
        part = replace(whole, first_frame=5 + span.start, pts=whole.pts[span], motions=whole.motions[span])
        write_tracks(tmp_path / f"{number}.parquet", part, TRACKS[span])
    join_detections(tmp_path / "joined.parquet", [tmp_path / "0.parquet", tmp_path / "1.parquet"])
    write_tracks(tmp_path / "whole.parquet", whole, TRACKS)
    assert (tmp_path / "joined.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    with DetectionsFile(tmp_path / "joined.parquet") as file:
        assert file.header.motion(6).to_numbers()[:6] == motions[1, :6].tolist()
        assert file.header.motion(6).cut


def test_a_missing_folder_is_told(tmp_path):
    with pytest.raises(WriteError, match="Cannot write"):
        write_detections(tmp_path / "gone" / "a.parquet", HEADER, FRAMES)


def test_rows_are_written_as_soon_as_a_row_group_is_full():
    asked = []

    def endless():
        for number in range(3):
            asked.append(number)
            yield to_table(HEADER, TRACKS)

    groups = row_groups(WRITTEN, endless(), 2)
    assert next(groups).num_rows == 2
    assert asked == [0]
