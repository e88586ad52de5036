"""HDR through the whole command: kept as it is by default, made SDR where that is asked for."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from pipeline import cli
from pipeline.job.inputs import Pair
from pipeline.job.request import make_request
from pipeline.loading.given import Given
from pipeline.proof.verify import verify
from pipeline.record.changes import changed_things
from pipeline.run import plan_run as plan_module
from pipeline.run.flow import PASSES
from pipeline.run.manifest_of import manifest_of
from pipeline.run.passes import fingerprints
from pipeline.run.plan_run import plan_run
from pipeline.store.reader import DetectionsFile
from pipeline.structures.colour import ColourTags
from pipeline.video.read.probe import probe
from tests.traffic import SIZE, TICK, run_in_chunks

TAGS = "colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc"
LIGHT = (
    "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"
)
HDR = ColourTags(9, 9, 16, False)
SDR = ColourTags(1, 1, 1, False)

#: Coded luma of the road and of a square, 10 bit: 2.4 and 54 cd/m2. As they stand the square is 115 of 255, and
#: not bright enough for the fake network; tone-mapped it is 147.
ROAD, SQUARE = 64 + round(876 * 0.20), 64 + round(876 * 0.45)


@pytest.fixture(scope="module")
def hdr(tmp_path_factory):
    """24 frames of PQ at uneven times, a keyframe every 8; a square drives to the right."""
    path = tmp_path_factory.mktemp("hdr") / "drive.mp4"
    options = {
        "x265-params": f"log-level=error:pools=none:keyint=8:min-keyint=8:open-gop=0:{TAGS}:{LIGHT}",
        "crf": "12",
    }
    width, height = SIZE
    with av.open(str(path), "w", container_options={"video_track_timescale": "600"}) as out:
        video = out.add_stream("libx265", rate=Fraction(30), options=options)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p10le"
        video.codec_context.time_base = video.time_base = TICK
        for number in range(24):
            frame = av.VideoFrame(width, height, "yuv420p10le")
            y, u, v = (
                np.frombuffer(memoryview(plane), np.uint16).reshape(plane.height, -1)
                for plane in frame.planes
            )
            u[...] = v[...] = 512
            y[...] = ROAD
            y[30:60, 4 + 2 * number : 34 + 2 * number] = SQUARE
            frame.pts, frame.time_base = 20 * number + number % 3, TICK
            out.mux(video.encode(frame))
        out.mux(video.encode(None))
    return path


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, fake_network):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def faults(source, output):
    return {check.name for check in verify(source, output).checks if check.holds is False}


def found_in(output):
    """How many objects the network found in each frame."""
    with DetectionsFile(output.with_name(f"{output.name}.seg-run") / "detections.parquet") as file:
        return [len(tracks) for _, tracks in file.frames()]


def test_hdr_stays_hdr_with_its_light_metadata(hdr, here, capsys):
    assert run_in_chunks(hdr, "out.mp4") == 0
    assert capsys.readouterr().err == ""
    before, after = probe(hdr), probe(here / "out.mp4")
    assert (after.colour, after.bit_depth, after.stream.codec) == (HDR, 10, "hevc")
    assert after.light is not None
    assert after.light.same(before.light)
    assert after.pts.tolist() == before.pts.tolist()
    assert faults(hdr, here / "out.mp4") == set()


def test_tone_mapping_makes_sdr_and_keeps_frames_and_times(hdr, here, capsys):
    assert run_in_chunks(hdr, "out.mp4", "--tone-map") == 0
    assert capsys.readouterr().err == ""
    before, after = probe(hdr), probe(here / "out.mp4")
    assert (after.colour, after.bit_depth, after.pixel_format) == (SDR, 8, "yuv420p")
    assert (after.stream.codec, after.light) == ("h264", None)
    assert after.pts.tolist() == before.pts.tolist()
    # The road: 2.4 cd/m2 is 0.0120 of white, 0.0120^(1/2.4) = 0.158, and 16 + 219 * 0.158 = 50.7.
    with av.open(str(here / "out.mp4")) as container:
        road = next(container.decode(video=0)).to_ndarray()[80, 100]
    assert abs(int(road) - 51) <= 2


def test_the_proof_knows_what_was_asked_and_fails_without_the_record(hdr, here, capsys):
    assert run_in_chunks(hdr, "out.mp4", "--tone-map") == 0
    capsys.readouterr()
    assert cli.main(["verify", str(hdr), "out.mp4"]) == 0
    rows = {line.split("  ")[0]: line for line in capsys.readouterr().out.splitlines()}
    for name in ("colour tags", "bits per sample", "light metadata"):
        assert rows[name].endswith("tone-mapped, as requested")
    assert float(rows["untouched pixels"].split(" dB")[1].split()[-1]) > 35
    assert cli.main(["verify", str(hdr), "out.mp4", "--quick"]) == 0
    shutil.rmtree(here / "out.mp4.seg-run")
    assert faults(hdr, here / "out.mp4") == {"colour tags", "bits per sample", "light metadata"}
    assert cli.main(["verify", str(hdr), "out.mp4", "--quick"]) == 1


def test_a_record_that_asks_for_no_mapping_does_not_excuse_it(hdr, here):
    assert run_in_chunks(hdr, "out.mp4", "--tone-map") == 0
    manifest = here / "out.mp4.seg-run/manifest.json"
    values = json.loads(manifest.read_text())
    values["settings"]["decode"]["tone_map"] = False
    manifest.write_text(json.dumps(values))
    assert faults(hdr, here / "out.mp4") >= {"colour tags", "bits per sample", "light metadata"}


def test_a_mapping_that_was_asked_for_and_not_made_is_no_proof(hdr, here):
    assert run_in_chunks(hdr, "hdr.mp4") == 0
    assert run_in_chunks(hdr, "out.mp4", "--tone-map") == 0
    (here / "hdr.mp4").replace(here / "out.mp4")
    assert faults(hdr, here / "out.mp4") >= {"colour tags", "light metadata"}


def test_the_network_sees_sdr_either_way(hdr, here):
    assert run_in_chunks(hdr, "kept.mp4") == 0
    assert run_in_chunks(hdr, "mapped.mp4", "--tone-map") == 0
    assert found_in(here / "kept.mp4") == found_in(here / "mapped.mp4") == [1] * 24


def test_sdr_has_nothing_to_map_and_is_told_so(traffic, here, capsys):
    assert run_in_chunks(traffic, "plain.mp4") == 0
    capsys.readouterr()
    assert run_in_chunks(traffic, "out.mp4", "--tone-map") == 0
    assert "is not HDR, so --tone-map leaves its colours as they are" in capsys.readouterr().err
    assert (here / "out.mp4").read_bytes() == (here / "plain.mp4").read_bytes()
    assert faults(traffic, here / "out.mp4") == set()


def test_a_job_file_says_it_with_the_flag_s_name(hdr, here):
    (here / "job.yaml").write_text(
        f"inputs: [{hdr}]\noutput: {here / 'out.mp4'}\ntone-map: true\nworkers: 0\n"
    )
    assert cli.main(["submit", "job.yaml", "--quiet"]) == 0
    assert probe(here / "out.mp4").colour == SDR


def planned(source, here, **values):
    return plan_run(
        Pair(source, here / "out.mp4"), make_request((str(source),), None, Given(values)).settings
    )


def test_what_was_found_in_hdr_serves_with_and_without_mapping(hdr, traffic, here):
    def prints(source, **values):
        return fingerprints(planned(source, here, **values), PASSES)

    plain, mapped = prints(hdr), prints(hdr, **{"tone-map": True})
    assert plain["segment"] == mapped["segment"]
    assert plain["render"] != mapped["render"]
    assert prints(traffic) == prints(traffic, **{"tone-map": True})


def test_a_run_of_before_is_not_told_of_a_switch_that_nobody_touched(hdr, here):
    marks = dict.fromkeys(("segment", "track", "render", "mux"), "0" * 32)
    new = manifest_of(planned(hdr, here, crf=30), marks)
    before = {key: value for key, value in new.settings["decode"].items() if key != "tone_map"}
    old = replace(new, settings={**new.settings, "decode": before, "encode": {"crf": None}})
    assert [text for text in changed_things(old, new) if text.startswith(("crf", "tone"))] == [
        "crf: None -> 30"
    ]
    asked = manifest_of(planned(hdr, here, **{"tone-map": True}), marks)
    assert "tone-map: None -> True" in changed_things(old, asked)


@pytest.mark.parametrize(("words", "told"), [({}, True), ({"tone-map": True}, False)])
def test_an_encoder_that_cannot_write_light_metadata_is_told(hdr, here, monkeypatch, words, told):
    real = plan_module.probe_encoder
    monkeypatch.setattr(
        plan_module, "probe_encoder", lambda info, settings: replace(real(info, settings), name="hevc_nvenc")
    )
    made = planned(hdr, here, **words)
    sentence = f"{hdr} has HDR's static metadata, which hevc_nvenc cannot write; libx265 can"
    assert (sentence in made.warnings) == told
