from __future__ import annotations

import pytest

from pipeline.errors import UsageError
from pipeline.job.job_file import read_job_file
from pipeline.run.plan_run import resolve


def write(tmp_path, text):
    path = tmp_path / "job.yaml"
    path.write_text(text)
    return path


def test_keys_are_the_long_flags_and_paths_count_from_the_file(tmp_path):
    (spec,) = read_job_file(
        write(
            tmp_path,
            "inputs: [a.mp4, night/]\n"
            "output: out/{stem}_seg.mp4\n"
            "conf: 0.25\n"
            "classes: [person, car]\n"
            "ignore-region: ['0,600,1280,120', [1, 2, 3, 4]]\n"
            "style: masks,labels\n"
            "chunk-frames: 48\n"
            "workers: auto\n"
            "bitrate: 4M\n"
            "no-sidecar: true\n"
            "work-dir: scratch\n",
        )
    )
    assert spec.inputs == (str(tmp_path / "a.mp4"), str(tmp_path / "night") + "/")
    assert spec.output == str(tmp_path / "out/{stem}_seg.mp4")
    assert (spec.settings.render.conf, spec.settings.render.classes, spec.settings.render.style) == (
        0.25,
        ("person", "car"),
        ("masks", "labels"),
    )
    assert spec.settings.track.ignore_regions == ((0.0, 600.0, 1280.0, 120.0), (1.0, 2.0, 3.0, 4.0))
    track = resolve(spec.settings).track
    assert (track.start_score, track.follow_score) == (0.25, 0.2)
    assert (spec.settings.run.chunk_frames, spec.settings.run.workers, spec.settings.run.sidecar) == (
        48,
        None,
        False,
    )
    assert spec.settings.run.work_dir == str(tmp_path / "scratch")
    assert spec.settings.encode.bitrate == 4_000_000


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("inputs: a.mp4\nconff: 0.3\n", 2, "did you mean 'conf'"),
        ("inputs: a.mp4\n\nchunk_frame: 3\n", 3, "did you mean 'chunk-frames'"),
        ("inputs: a.mp4\nconf: often\n", 2, "give a number"),
        ("inputs: a.mp4\nforce: 3\n", 2, "true or false"),
        ("inputs: a.mp4\nworkers: 1.5\n", 2, "auto or a whole number"),
        ("inputs: [1, 2]\n", 1, "give paths"),
        ("output: a.mp4\n", 1, "needs inputs"),
        ("inputs: a.mp4\n---\ninputs: b.mp4\nalpha: 3\n", 3, "alpha has to lie in"),
        ("- inputs: a.mp4\n- just words\n", 2, "has to be a mapping"),
        ("inputs: a.mp4\nignore-region: 1,2,3\n", 1, "x,y,width,height"),
    ],
)
def test_a_complaint_has_file_and_line(tmp_path, text, line, words):
    path = write(tmp_path, text)
    with pytest.raises(UsageError) as refused:
        read_job_file(path)
    assert f"{path}, line {line}: " in str(refused.value)
    assert words in str(refused.value)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("text", ["inputs: [a\n", "\x00", ""])
def test_what_is_no_job_file_is_told(tmp_path, text):
    with pytest.raises(UsageError, match=r"job\.yaml"):
        read_job_file(write(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        "inputs: a.mp4\n---\ninputs: b.mp4\n",
        "- inputs: a.mp4\n- inputs: b.mp4\n",
        "jobs:\n  - inputs: a.mp4\n  - inputs: b.mp4\n",
    ],
)
def test_a_file_may_hold_several_jobs(tmp_path, text):
    specs = read_job_file(write(tmp_path, text))
    assert [spec.inputs for spec in specs] == [(str(tmp_path / "a.mp4"),), (str(tmp_path / "b.mp4"),)]


def test_the_command_line_stands_above_the_file(tmp_path):
    (spec,) = read_job_file(write(tmp_path, "inputs: a.mp4\nconf: 0.3\nalpha: 0.7\n"), {"conf": 0.6})
    assert (spec.settings.render.conf, spec.settings.render.alpha) == (0.6, 0.7)


def test_weights_by_path_count_from_the_file_and_names_do_not(tmp_path):
    (tmp_path / "own.safetensors").write_bytes(b"")
    values = [("own.safetensors", str(tmp_path / "own.safetensors")), ("dashcam-lite", "dashcam-lite")]
    for written, read in values:
        (spec,) = read_job_file(write(tmp_path, f"inputs: a.mp4\nmodel: {written}\n"))
        assert spec.settings.segment.model == read


def test_the_jobs_that_come_along_can_be_read(repo_root):
    files = sorted((repo_root / "jobs").glob("*.yaml"))
    assert [file.name for file in files] == ["cluster.yaml", "night_folder.yaml", "one_clip.yaml"]
    for file in files:
        assert read_job_file(file)[0].inputs
