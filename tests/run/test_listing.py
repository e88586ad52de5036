"""Listings: many videos of a storage, done once each by however many jobs there are."""

from __future__ import annotations

import json
import threading
import time
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest

from pipeline import cli
from pipeline.errors import InterruptedRunError, UsageError
from pipeline.job.inputs import is_listing
from pipeline.job.request import JobRequest, make_request
from pipeline.loading.given import Given
from pipeline.record.find_run import request_of
from pipeline.record.listing import ListingRecord, VideoOutcome
from pipeline.record.lock import run_lock
from pipeline.run import run_listing as listing_module
from pipeline.run.run_listing import listed_videos, run_listing
from pipeline.run.run_videos import VideoResult
from pipeline.run.stopping import StopSignal
from pipeline.storage import claim
from pipeline.storage.listing import objects_below
from tests.storage.conftest import s3 as s3
from tests.storage.conftest import server as server

TRIPS, MASKS = "s3://fleet/trips/", "s3://fleet/masks/"


@pytest.fixture
def fleet(s3, traffic, tmp_path, monkeypatch):
    """A storage with two videos in folders of their own, told one a page; the current folder is the job's."""
    monkeypatch.chdir(tmp_path)
    s3.page = 1
    for name in ("a/drive.mp4", "b/drive?v=2.MP4"):
        s3.objects[f"/fleet/trips/{name}"] = traffic.read_bytes()
    s3.objects["/fleet/trips/a/notes.json"] = b"{}"
    return s3


def request(inputs=(TRIPS,), output=MASKS, **options) -> JobRequest:
    values = {key.replace("_", "-"): value for key, value in {"workers": 0, **options}.items()}
    return make_request(tuple(inputs), output, Given(values))


class Heard:
    def __init__(self):
        self.events = []

    def tell(self, event):
        self.events.append(event)

    def names(self, name):
        return [event for event in self.events if event.name == name]


def do(asked, stop=None):
    heard = Heard()
    return run_listing(asked, heard, stop or StopSignal()), heard


def test_a_listing_is_told_page_by_page_and_a_page_that_fails_is_asked_for_again(fleet):
    fleet.faults.extend([None, 503, None, 500])
    assert [found.url.removeprefix(TRIPS) for found in objects_below(TRIPS)] == [
        *("a/drive.mp4", "a/notes.json", "b/drive?v=2.MP4"),
    ]
    assert not fleet.faults
    with pytest.raises(UsageError, match="cannot be listed"):
        next(objects_below("https://host/trips/"))


def test_each_video_is_made_once_and_what_is_missing_is_made_when_the_job_is_run_again(
    fleet, fake_network, capsys
):
    asked = request(chunk_frames=40, work_dir="job")
    status, heard = do(asked)
    assert (status.videos, status.left, status.states, status.frames) == (2, 0, {"made": 2}, 80)
    (listed,) = heard.names("listed")
    assert listed.videos == 2
    made = [name for name in fleet.objects if "/masks/" in name and "seg-run" not in name]
    assert sorted(made) == ["/fleet/masks/a/drive_seg.mp4", "/fleet/masks/b/drive?v=2_seg.mp4"]
    assert len(fake_network.looked_at) == 2

    fleet.objects["/fleet/trips/c/new.mp4"] = fleet.objects["/fleet/trips/a/drive.mp4"]
    fleet.puts.clear()
    status, heard = do(asked)
    assert (status.videos, status.left) == (3, 0)
    assert [event.source for event in heard.names("video")] == [f"{TRIPS}c/new.mp4"]
    assert {path.partition(".seg-run")[0] for path, _ in fleet.puts} == {"/fleet/masks/c/new_seg.mp4"}

    assert cli.main(["status"]) == 0
    assert "3 of 3 videos are there, 0 failed, 120 frames" in capsys.readouterr().out
    run = next(Path(status.folder).glob("runs/*/*.seg-run"))
    with pytest.raises(UsageError, match="belongs to a listing"):
        request_of(run)


def test_a_video_that_fails_stops_no_other_and_is_tried_again_by_the_next_job(fleet, fake_network):
    whole = fleet.objects["/fleet/trips/a/drive.mp4"]
    fleet.objects["/fleet/trips/a/drive.mp4"] = b"no video"
    status, heard = do(request())
    assert (status.left, status.states) == (1, {"made": 1, "failed": 1})
    assert [event.source for event in heard.names("set_aside")] == [f"{TRIPS}a/drive.mp4"]
    fleet.objects["/fleet/trips/a/drive.mp4"] = whole
    status, _ = do(request())
    assert (status.left, status.states) == (0, {"made": 2})


@pytest.fixture
def pretended(monkeypatch, tmp_path):
    """Forty videos of a list, whose making is only written down."""
    monkeypatch.chdir(tmp_path)
    Path("list.txt").write_text("".join(f"s3://fleet/{number}/drive.mp4\n" for number in range(40)))
    made = []

    def make(pair, *_):
        time.sleep(0.002)
        made.append(str(pair.source))
        return VideoResult(pair.source, pair.target, "made")

    monkeypatch.setattr(listing_module, "run_video", make)
    monkeypatch.setattr(listing_module, "is_refused_unseen", lambda *_: False)
    monkeypatch.setattr(listing_module, "claimed", lambda *_: nullcontext(enter_result=True))
    return made


def test_jobs_side_by_side_share_a_listing_and_end_when_all_of_it_is_there(pretended, monkeypatch):
    monkeypatch.setattr(listing_module.random, "randrange", lambda _: 0)  # all begin with the same video
    monkeypatch.setattr(listing_module, "_WAIT_SECONDS", 0.01)
    ended = []
    jobs = [threading.Thread(target=lambda: ended.append(do(request(["list.txt"]))[0])) for _ in range(4)]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    assert [status.left for status in ended] == [0] * 4
    assert sorted(pretended) == sorted(f"s3://fleet/{number}/drive.mp4" for number in range(40))


def test_a_video_that_another_job_works_on_is_left_to_it_and_taken_over_when_that_one_dies(
    pretended, monkeypatch
):
    asked = request(["list.txt"])
    videos = list(listed_videos(asked))
    record = ListingRecord(listing_module._folder(asked))
    record.write(asked.inputs, MASKS, videos)
    held = run_lock(record.claim(videos[7]))
    held.__enter__()
    monkeypatch.setattr(listing_module, "_WAIT_SECONDS", 0.01)
    # It dies while this one waits.
    dying = SimpleNamespace(time=time.time, sleep=lambda _: held.__exit__(None, None, None))
    monkeypatch.setattr(listing_module, "time", dying)
    status, _ = do(asked)
    assert status.left == 0
    assert pretended[-1] == videos[7].source


def test_jobs_of_two_clusters_share_a_listing_and_make_no_video_twice(s3, tmp_path, monkeypatch):
    made = []

    def make(pair, *_):
        made.append(str(pair.source))
        time.sleep(0.02)
        s3.objects[f"/{str(pair.target).partition('://')[2]}"] = b"made"
        return VideoResult(pair.source, pair.target, "made")

    monkeypatch.setattr(listing_module, "run_video", make)
    monkeypatch.setattr(listing_module.random, "randrange", lambda _: 0)
    monkeypatch.setattr(listing_module, "_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(claim, "_LOOK_SECONDS", 0.01)
    monkeypatch.setattr(claim, "_BEAT_SECONDS", 0.01)
    (tmp_path / "list.txt").write_text("".join(f"s3://fleet/{number}/drive.mp4\n" for number in range(6)))
    ended = []

    def cluster(name):
        options = {"no_clobber": True, "work_dir": str(tmp_path / name)}
        ended.append(do(request([str(tmp_path / "list.txt")], **options))[0].left)

    clusters = [threading.Thread(target=cluster, args=(name,)) for name in ("one", "other")]
    for one in clusters:
        one.start()
    for one in clusters:
        one.join()
    assert ended == [0, 0]
    assert sorted(made) == [f"s3://fleet/{number}/drive.mp4" for number in range(6)]
    assert not any(name.endswith("/claim") for name in s3.objects)


def test_a_stop_leaves_a_listing_that_goes_on(pretended):
    stop, asked = StopSignal(), request(["list.txt"])

    class Stopping(Heard):
        def tell(self, event):
            super().tell(event)
            if len(self.names("video")) == 3:
                stop.asked = True

    with pytest.raises(InterruptedRunError):
        run_listing(asked, Stopping(), stop)
    assert len(pretended) == 3
    do(asked)
    assert len(pretended) == len(set(pretended)) == 40


def test_lines_that_a_kill_cut_off_cost_no_more_than_themselves(pretended):
    asked = request(["list.txt"])
    status, _ = do(asked)
    record = ListingRecord(Path(status.folder))
    video = next(iter(listed_videos(asked)))
    path = record.folder / "outcomes" / f"{video.shard:02x}.jsonl"
    path.write_bytes(path.read_bytes().rstrip()[:-9])
    record.add(video, VideoOutcome(video.key, "made", 1.0, 7))
    assert record.outcomes(video.shard)[video.key].frames == 7


def test_the_same_videos_in_another_order_give_the_same_shards_and_other_settings_another_folder(pretended):
    asked = request(["list.txt"])
    videos = list(listed_videos(asked))
    shards = []
    for name, order in (("one", videos), ("two", videos[::-1])):
        ListingRecord(Path(name)).write(("list.txt",), MASKS, order)
        shards.append([path.read_bytes() for path in sorted(Path(name, "shards").iterdir())])
    assert shards[0] == shards[1]
    assert {video.key for video in videos}.isdisjoint(
        video.key for video in listed_videos(request(["list.txt"], conf=0.4))
    )
    assert listing_module._folder(asked) != listing_module._folder(request(["list.txt"], conf=0.4))


@pytest.mark.parametrize(
    ("inputs", "output", "words"),
    [
        ([TRIPS], "out/", "must go to a folder of a storage"),
        ([TRIPS], f"{TRIPS}masks/", "would contain the outputs"),
        (["twice.txt"], MASKS, "2 videos of the listing would be written to"),
        (["among.txt"], MASKS, "masks/fleet/a_seg.mp4 lies in the folder of the outputs"),
        ([TRIPS, "a.mp4"], MASKS, "listings or other inputs, not both"),
    ],
)
def test_listings_that_cannot_be_done_are_told(pretended, inputs, output, words):
    Path("twice.txt").write_text("s3://fleet/a.mp4\ns3://fleet/a.mov\n")
    Path("among.txt").write_text(f"s3://fleet/a.mp4\nS3{MASKS[2:]}fleet/a_seg.mp4\n")
    with pytest.raises(UsageError, match=words):
        do(request(inputs, output)) if is_listing(inputs, output) else None


def test_a_dry_run_counts(fleet, capsys):
    assert cli.main([TRIPS, MASKS, "--dry-run", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["listings"]
    assert found["videos"] == 2


def test_no_name_of_an_object_leads_a_run_out_of_the_listing_s_folder(pretended):
    Path("names.txt").write_text("s3://fleet/../../etc/x.mp4\ns3://fleet//etc/x.mp4\n../../etc/x.mp4\n")
    record = ListingRecord(Path("listing"))
    for video in listed_videos(request(["names.txt"])):
        assert record.output_of(video).resolve().parents[2] == record.folder.resolve()
