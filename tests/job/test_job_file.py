from __future__ import annotations

import os
import resource
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from pipeline.errors import UsageError
from pipeline.job.job_file import read_job_file
from pipeline.job.resolve import resolve
from pipeline.store.region_picture import write_region
from tests.effort import calls_of


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


def test_a_path_is_as_short_as_it_can_be_unless_a_link_makes_it_another(tmp_path):
    jobs = tmp_path / "jobs"
    jobs.mkdir()
    (spec,) = read_job_file(write(jobs, "inputs: ../a.mp4\noutput: ../out/\n"))
    assert (spec.inputs, spec.output) == ((f"{tmp_path}/a.mp4",), f"{tmp_path}/out/")
    (tmp_path / "elsewhere" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "deep")
    (spec,) = read_job_file(write(tmp_path / "link", "inputs: ../a.mp4\n"))
    assert spec.inputs == (f"{tmp_path}/link/../a.mp4",)


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
        ("output: a.mp4\ninput: b.mp4\n", 2, "did you mean 'inputs'"),
        ("inputs: a.mp4\n---\ninputs: b.mp4\nalpha: 3\n", 4, "alpha must lie in"),
        ("- inputs: a.mp4\n- just words\n", 2, "must be a mapping"),
        ("inputs: a.mp4\nignore-region: 1,2,3\n", 2, "x,y,width,height"),
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


def test_a_wrong_option_of_the_command_line_has_no_line_of_the_file(tmp_path):
    with pytest.raises(UsageError, match=r"^--alpha must lie in"):
        read_job_file(write(tmp_path, "inputs: a.mp4\nalpha: 0.3\n"), {"alpha": "3"})


def test_all_wrong_keys_of_a_job_are_told_at_once(tmp_path):
    with pytest.raises(UsageError) as refused:
        read_job_file(write(tmp_path, "inputs: a.mp4\nconff: 0.3\nalpha: much\n"))
    assert "line 2: There is no setting" in refused.value.what
    assert "line 3: alpha has an invalid value" in refused.value.what


def test_off_is_a_word_and_no_switch(tmp_path):
    (spec,) = read_job_file(write(tmp_path, "inputs: a.mp4\nown-car: off\n"))
    assert spec.settings.track.own_car == "off"


@pytest.mark.parametrize(
    "line", ["every: 010", "every: 1:30", "crf: 1_8", "every: 0b11", "model: no", "classes: !!set {car}"]
)
def test_a_value_that_yaml_1_1_makes_another_one_of_is_refused_with_its_line(tmp_path, line):
    with pytest.raises(UsageError, match=r"line 2: .*(an invalid value|is not text)") as refused:
        read_job_file(write(tmp_path, f"inputs: a.mp4\n{line}\n"))
    assert "False" not in (refused.value.do or "")


def test_a_day_is_a_name(tmp_path):
    (spec,) = read_job_file(
        write(tmp_path, "inputs: 2024-05-01\noutput: 2024-05-02\nevery: 0x2\nconf: 1e-1\n")
    )
    assert (spec.inputs, spec.output) == ((str(tmp_path / "2024-05-01"),), str(tmp_path / "2024-05-02"))
    assert (spec.settings.segment.every, spec.settings.render.conf) == (2, 0.1)


def test_a_tilde_is_the_home_folder_where_there_is_one(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    text = "inputs: [~/a.mp4, ~nobody-here/a.mp4]\noutput: ~/out/\nwork-dir: ~nobody-here/work\n"
    (spec,) = read_job_file(write(tmp_path, text))
    assert spec.inputs == ("/home/me/a.mp4", f"{tmp_path}/~nobody-here/a.mp4")
    assert spec.output == "/home/me/out/"


def test_an_ignored_region_may_be_a_picture_whose_path_counts_from_the_file(tmp_path):
    write_region(tmp_path / "own_car.png", np.array([[0, 0], [0, 1]], np.bool_), 40, 20)
    (spec,) = read_job_file(write(tmp_path, "inputs: a.mp4\nignore-region: ['1,2,3,4', own_car.png]\n"))
    assert spec.settings.track.ignore_regions == ((1, 2, 3, 4), (20, 10, 20, 10))


def test_a_picture_of_a_region_that_is_not_there_is_told_with_its_line(tmp_path):
    with pytest.raises(UsageError, match=r"line 2.*Cannot read .*gone\.png"):
        read_job_file(write(tmp_path, "inputs: a.mp4\nignore-region: gone.png\n"))


def test_weights_by_path_count_from_the_file_and_names_do_not(tmp_path):
    (tmp_path / "own.safetensors").write_bytes(b"")
    values = [("own.safetensors", str(tmp_path / "own.safetensors")), ("dashcam-lite", "dashcam-lite")]
    for written, read in values:
        (spec,) = read_job_file(write(tmp_path, f"inputs: a.mp4\nmodel: {written}\n"))
        assert spec.settings.segment.model == read


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("12.5", 12.5),
        ("1:30", 90.0),
        ("'1:30'", 90.0),
        ("00:10.5", 10.5),
        ("1:02:03.25", 3723.25),
        (".5", 0.5),
    ],
)
def test_a_part_s_times_are_seconds_or_what_a_clock_shows(tmp_path, written, seconds):
    parts = "- {inputs: a.mp4, start: %s}\n- {inputs: a.mp4, start: 0, duration: %s, keep-times: true}\n"
    first, second = read_job_file(write(tmp_path, parts % (written, written)))
    assert (first.settings.decode.start, first.settings.decode.keep_times) == (seconds, False)
    assert (second.settings.decode.duration, second.settings.decode.keep_times) == (seconds, True)


@pytest.mark.parametrize(
    "written", ["1:60", "1:60:00", "-3", "soon", "[1, 2]", "'1:2:3:4'", "true", "1" * 400]
)
def test_what_no_clock_shows_is_refused_with_its_line(tmp_path, written):
    with pytest.raises(UsageError, match=r"line 2: start has an invalid value(?s:.*)MM:SS or HH:MM:SS"):
        read_job_file(write(tmp_path, f"inputs: a.mp4\nstart: {written}\n"))


def test_the_jobs_that_come_along_can_be_read(repo_root):
    files = sorted((repo_root / "jobs").glob("*.yaml"))
    assert [file.name for file in files] == [
        "cluster.yaml",
        "night_folder.yaml",
        "one_clip.yaml",
        "parts.yaml",
    ]
    for file in files:
        assert read_job_file(file)[0].inputs


def laughs(levels: int, width: int = 9) -> str:
    """Aliases that multiply: `width` to the power of `levels` words, in a few lines."""
    lines = ["a0: &a0 [ha]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * width)}]")
    return "\n".join([*lines, f"inputs: [*a{levels - 1}]"])


HOSTILE = {
    "aliases that multiply": (laughs(11).encode(), 5),
    "an alias within itself": (b"inputs: &a [x, *a]\n", 1),
    "deep lists": (b"inputs: a.mp4\nclasses: " + b"[" * 120_000, 2),
    "deep mappings": (b"a: " + b"{a: " * 60_000, 1),
    "deep blocks": ("\n".join(" " * depth + "-" for depth in range(600)).encode(), 13),
    "a number of 200000 digits": (b"inputs: a.mp4\nworkers: " + b"9" * 200_000, 2),
    "a number of 4000 digits": (b"inputs: a.mp4\nworkers: " + b"9" * 4_000, 2),
    "a number in sixties": (b"inputs: a.mp4\nworkers: 1" + b":59" * 1_300, 2),
    "a number beyond 32 bits": (b"inputs: a.mp4\n\nchunk-frames: 4294967296", 3),
    "infinite bits": (b"inputs: a.mp4\nbitrate: .inf\n", 2),
    "no number of bits": (b"inputs: a.mp4\nbitrate: .nan\n", 2),
    "infinite bits as text": (b"inputs: a.mp4\nbitrate: infM\n", 2),
    "an infinite score": (b"inputs: a.mp4\nconf: -.inf\n", 2),
    "an infinite region": (b"inputs: a.mp4\nignore-region: [0, 0, .inf, 1]\n", 2),
    "an infinite region as text": (b"inputs: a.mp4\nignore-region: 0,0,1e999,1\n", 2),
    "no date": (b"inputs: a.mp4\nmodel: !!timestamp 2001-99-99\n", 2),
    "no number": (b"inputs: a.mp4\nworkers: !!int ''\n", 2),
    "no switch": (b"inputs: a.mp4\nforce: !!bool maybe\n", 2),
    "no moment": (b"inputs: a.mp4\nmodel: !!timestamp x\n", 2),
    "NUL": (b"inputs: a.mp4\n\nmodel: a\0b\n", 3),
    "NUL in a name": (b'inputs: "a\\0b.mp4"\n', 1),
    "a name that is too long": (b"inputs: " + b"x" * 5_000, 1),
    "a key twice": (b"inputs: a.mp4\nconf: 0.3\nconf: 0.9\n", 3),
    "a key twice in two spellings": (b"inputs: a.mp4\nchunk-frames: 8\nchunk_frames: 9\n", 3),
    "a key that is a list": (b"inputs: a.mp4\n? [a, b]\n: 3\n", 2),
    "bytes that are no UTF-8": (b"inputs: a.mp4\nmodel: \xff\xfe\n", 2),
    "a list without end": (b"inputs: a.mp4\nclasses: [a,\n", 3),
    "more values than a job has": (b"inputs:\n" + b"- a\n" * 12_000, 10_001),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_job_file_is_an_error_with_its_line_at_once(tmp_path, case):
    path = tmp_path / "job.yaml"
    content, line = HOSTILE[case]
    path.write_bytes(content)

    def refusal() -> None:
        with pytest.raises(UsageError) as refused:
            read_job_file(path)
        messages.append(str(refused.value))

    messages = []
    assert calls_of(refusal) < 3_000_000
    (message,) = messages
    assert f"{path}, line {line}: " in message
    assert len(message) < 1_000


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "job.yaml"
    with path.open("wb") as stream:
        stream.truncate(100 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(UsageError, match="too large for a file of settings"):
            read_job_file(path)
        assert tracemalloc.get_traced_memory()[1] < 10 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", ["FIFO", "folder", "device", "nothing", "a file as a folder"])
def test_what_is_no_file_is_no_job_file(tmp_path, kind):
    path = tmp_path / "job.yaml"
    if kind == "FIFO":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "a file as a folder":
        path.write_bytes(b"")
        path /= "job.yaml"
    with pytest.raises(UsageError, match=r"job\.yaml (is not a regular file|cannot be opened)"):
        read_job_file(path)


@pytest.mark.parametrize("case", ["aliases that multiply", "deep lists", "deep mappings"])
def test_a_hostile_job_file_takes_little_memory(tmp_path, repo_root, case):
    (tmp_path / "job.yaml").write_bytes(HOSTILE[case][0])
    limit = 200 << 20
    code = (
        "import sys, pathlib; from pipeline.job.job_file import *; read_job_file(pathlib.Path(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "job.yaml")],
        cwd=repo_root,
        capture_output=True,
        text=True,
        timeout=20,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_DATA, (limit, limit)),
    )
    assert "UsageError" in done.stderr
    assert "MemoryError" not in done.stderr


def test_an_honest_alias_and_a_long_list_are_read(tmp_path):
    names = "".join(f"- clip {number}.mp4\n" for number in range(3_000))
    text = f"inputs:\n{names}conf: &much 0.7\nalpha: *much\n"
    (spec,) = read_job_file(write(tmp_path, text))
    assert len(spec.inputs) == 3_000
    assert spec.settings.render.alpha == 0.7
