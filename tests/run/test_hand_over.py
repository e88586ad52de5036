"""docs/cluster.md, command by command: a real head, started by its path with nothing on PATH, and a player of S3.

In it a worker is lost, one joins late, the driver is killed, and the job submitted again, another version sent along.
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO
from urllib.request import urlopen

import psutil
import pytest
import ray  # noqa: F401 - sets a variable of the environment for good, and so before any test
import yaml

from pipeline import __version__
from pipeline.run import shipped
from pipeline.run.hand_over import hand_over
from pipeline.run.shipped import pins_here, python_here, unpacked, write_wheel
from tests.patience import until
from tests.storage.server import ObjectServer

BIN = Path(sys.executable).parent
ROOT = Path(__file__).resolve().parents[2]
SECONDS = 300.0

pytestmark = pytest.mark.skipif(not (BIN / "seg-video").is_file(), reason="seg-video is not installed")

PAGE = (ROOT / "docs" / "cluster.md").read_text()
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
(JOB,) = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))

#: The command that puts the dashboard beside Ray's own.
(GRAFANA,) = (command for command in COMMANDS if command.startswith("cp "))

#: So that a busy machine is no dead one; and a dead one is known to be it after 5 s instead of 15.
PATIENCE = {
    "RAY_DASHBOARD_STARTUP_TIMEOUT_S": "300",
    "RAY_agent_register_timeout_ms": "300000",
    "RAY_worker_register_timeout_seconds": "300",
    "RAY_health_check_timeout_ms": "30000",
    "RAY_health_check_period_ms": "1000",
}

#: Commands of the page that are not run on these machines: a test of their own installs, and the variable is set.
INSTALL = COMMANDS[:2]
NOT_RUN = {*INSTALL, "export RAY_AUTH_MODE=token"}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as asking:
        return asking.connect_ex(("127.0.0.1", port)) == 0


class Machines:
    """The head, workers, a storage, and whoever types the page's commands; all of them this machine.

    environment : in which commands are typed. runs : the folder of runs, on the head.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.runs, self.storage = folder, folder / ".local" / "state", ObjectServer()
        self.typed, self.started = set(NOT_RUN), []
        self.port, self.dashboard = free_port(), free_port()
        self.told = iter(folder / f"told{number}" for number in range(9))
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("RAY_", "AWS_"))},
            **{
                "HOME": str(folder),
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": str(ROOT),
                "RAY_AUTH_MODE": "token",
                **PATIENCE,
            },
        }
        self.keys = {
            "AWS_ENDPOINT_URL": self.storage.url(""),
            **{"AWS_ACCESS_KEY_ID": "KEY", "AWS_SECRET_ACCESS_KEY": "SECRET", "AWS_DEFAULT_REGION": "eu-1"},
        }

    def type(
        self, command: str, *more: str, told: IO[str] | int = subprocess.PIPE, **environment: str
    ) -> subprocess.Popen[str]:
        """A process of one of the page's commands; `more` is what several machines in one need."""
        assert command in COMMANDS
        self.typed.add(command)
        for name, here in {
            "HEAD:6379": f"127.0.0.1:{self.port}",
            "HEAD:8265": f"127.0.0.1:{self.dashboard}",
            "docs/": f"{ROOT}/docs/",
            "~": str(self.folder),
            "/tmp/ray/": f"{self.folder}/r/",
        }.items():
            command = command.replace(name, here)
        program, *words = command.split()
        started = subprocess.Popen(
            [str(BIN / program) if (BIN / program).exists() else program, *words, *more],
            **{"cwd": self.folder, "env": {**self.environment, **environment}, "text": True},
            **{"stdout": told, "stderr": subprocess.STDOUT, "start_new_session": True},
        )
        self.started.append(started)
        return started

    def ray(self, command: str, *more: str) -> subprocess.Popen[str]:
        """A node of the cluster, which is up. Ray gives up after 30 s, so that on a busy machine it is typed again."""
        while True:
            # By itself its agent takes a port that the agent of another Ray here may hold.
            port, file = str(free_port()), next(self.told)
            words = [*more, "--dashboard-agent-listen-port", port, "--object-store-memory", str(80 << 20)]
            with file.open("w") as told:
                node = self.type(command, *words, "--block", "--disable-usage-stats", told=told, **self.keys)
            if is_up(node, file):
                return node
            assert "timed out during startup" in file.read_text(), file.read_text()
            kill_named(port if "--address" in command else str(self.folder))

    def close(self) -> None:
        for process in self.started:
            kill(process)
        kill_named(str(self.folder))
        self.storage.shutdown()
        self.storage.server_close()


def is_up(node: subprocess.Popen[str], told: Path) -> bool:
    """False for a node that ended instead."""
    until(lambda: "Ray runtime started" in told.read_text() or node.poll() is not None, SECONDS)
    return node.poll() is None


def kill_named(word: str) -> None:
    """End what a command has left behind that ended itself: processes with this in their command line."""
    for one in psutil.process_iter(["cmdline"]):
        if one.pid != os.getpid() and any(word in part for part in one.info["cmdline"] or ()):
            with suppress(psutil.NoSuchProcess):
                one.kill()


def kill(process: subprocess.Popen[str]) -> None:
    """End a command with all that it has started, at once."""
    if process.poll() is None:
        for one in [*psutil.Process(process.pid).children(recursive=True), process]:
            with suppress(psutil.NoSuchProcess):  # with the ones before it
                one.kill()
    process.communicate(timeout=30)


@pytest.fixture(scope="module")
def machines():
    with tempfile.TemporaryDirectory(
        prefix="sv", ignore_cleanup_errors=True
    ) as folder:  # Ray's sockets: short
        made = Machines(Path(folder))
        try:
            made.type("ray get-auth-token --generate").wait(SECONDS)
            made.type("chmod 600 ~/.ray/auth_token").wait(SECONDS)
            ports = ["--port", str(made.port), "--dashboard-port", str(made.dashboard)]
            made.ray("ray start --head --num-cpus 0", *ports, "--temp-dir", f"{folder}/r")
            until(lambda: answers(made.dashboard), SECONDS)
            yield made
        finally:
            made.close()


@pytest.fixture
def job(machines):
    """The page's job file, for a short film with folders of this machine."""
    file = machines.folder / "job.yaml"
    file.write_text(yaml.safe_dump({**JOB, "chunk-frames": 8}))
    return file


class Gate:
    """Stops whoever reads the storage when a number of chunks is done, until it is opened."""

    def __init__(self, machines: Machines, chunks: int) -> None:
        self.reached, self.opened = threading.Event(), threading.Event()
        self._machines, self._chunks = machines, chunks
        machines.storage.before_read = self._stop

    def wait(self, command: subprocess.Popen[str]) -> None:
        """Return when somebody is stopped; fail, with what the command said, where that ends before."""
        until(lambda: self.reached.is_set() or command.poll() is not None, SECONDS)
        assert self.reached.is_set(), command.communicate()[0]

    def _stop(self) -> None:
        if len(segmented(self._machines)) >= self._chunks and not self.opened.is_set():
            self.reached.set()
            self.opened.wait(SECONDS)


def segmented(machines: Machines) -> list[int]:
    """Chunks in which objects were found, in the order in which they were written down."""
    ledgers = list(machines.runs.rglob("*.seg-run/ledger.jsonl"))
    lines = [json.loads(line) for ledger in ledgers for line in ledger.read_text().splitlines()]
    return [line["chunk"] for line in lines if line["step"] == "segment"]


def drivers() -> list[psutil.Process]:
    """Processes on the head that do what was submitted."""
    mine = psutil.Process().children(recursive=True)
    return [one for one in mine if {"submit", "auto"} <= set(one.cmdline())]


def other_version(folder: Path) -> Path:
    """A folder with a copy of the package that says it is of another version."""
    shutil.copytree(ROOT / "pipeline", folder / "pipeline", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "pipeline" / "__init__.py").write_text("__version__ = '9.9.9'\n")
    shutil.copy(ROOT / "seg_video.py", folder)
    return folder


def seen_by_prometheus(machines: Machines) -> list[dict[str, float]]:
    """The figures of each driver, as the nodes show them to Prometheus."""
    (nodes,) = json.loads((machines.folder / "r" / "prom_metrics_service_discovery.json").read_text())
    found: dict[str, dict[str, float]] = {}
    for node in nodes["targets"]:
        with (
            suppress(OSError),
            urlopen(f"http://{node}/metrics", timeout=10) as answer,
        ):  # one that was killed
            lines = re.findall(r"^ray_seg_video_(\w+)\{(.*)\} (\S+)$", answer.read().decode(), re.MULTILINE)
            for name, tags, value in lines:
                (driver,) = re.findall(r'WorkerId="(\w+)"', tags)
                key = " ".join([name, *re.findall(r'(?:pass|state)="(\w+)"', tags)])
                found.setdefault(driver, {})[key] = float(value)
    return list(found.values())


def check_dashboard(figures: list[dict[str, float]]) -> None:
    """What the dashboard asks for is what Prometheus sees, but for what has not come to pass."""
    asked = set(re.findall(r"ray_seg_video_(\w+)", (ROOT / "docs" / "seg_video_dashboard.json").read_text()))
    seen = {key.split()[0] for each in figures for key in each}
    assert asked - seen <= {"retries_total", "failed_chunks_total", "gpu_seconds_total", "frames_left"}
    assert seen < asked


def check_figures(figures: dict[str, float], told: list[dict[str, object]], size: int) -> None:
    """What Prometheus sees, what was told of each product, and the bill at the end are the same."""
    assert figures["videos_total made"] == 1
    assert figures["bytes_out_total"] >= size  # products of workers lie in the storage too
    for name in ("cpu_seconds", "bytes_in", "seconds"):
        shown = "pass_seconds" if name == "seconds" else name
        seen = sum(value for key, value in figures.items() if key.split()[0] == f"{shown}_total")
        assert seen == pytest.approx(sum(event[name] for event in told if event["event"] == "progress"))
        assert seen > 0
    for step in ("segment", "render"):
        chunks = [event for event in told if event.get("step") == step]
        assert figures[f"chunks_total {step}"] == len(chunks)
        assert figures[f"frames_total {step}"] == 8 * len(chunks)
    bill = told[-1]
    assert (bill["event"], bill["videos"]) == ("bill", 1)
    assert bill["bytes_out"] >= figures["bytes_out_total"]
    assert bill["cpu_seconds"] >= sum(
        value for key, value in figures.items() if key.startswith("cpu_seconds")
    )


@pytest.mark.timeout(1500)
def test_a_job_over_s3_is_finished_whatever_becomes_of_its_machines(machines, job, traffic, tmp_path):
    from pipeline import cli

    submit = "seg-video submit --cluster http://HEAD:8265 job.yaml"
    machines.storage.objects["/fleet/trips/drive.mp4"] = traffic.read_bytes()
    first = machines.ray("ray start --address HEAD:6379", "--num-cpus", "1")
    gate = Gate(machines, 1)
    began = machines.type(submit)
    gate.wait(began)
    machines.ray("ray start --address HEAD:6379", "--num-cpus", "1")
    kill(first)
    gate.opened.set()
    gate = Gate(machines, 3)
    gate.wait(began)
    until(lambda: any(each.get("frames_left", 0) > 0 for each in seen_by_prometheus(machines)), SECONDS)
    for driver in drivers():
        driver.kill()
    gate.opened.set()
    told, _ = began.communicate(timeout=SECONDS)
    assert began.returncode != 0
    assert '"event": "retry"' in told
    assert "ray job stop raysubmit_" in told

    again = machines.type(submit, "--ship", PYTHONPATH=str(other_version(tmp_path)))
    told, _ = again.communicate(timeout=SECONDS)
    assert again.returncode == 0, told
    assert '"event": "made"' in told
    assert sorted(segmented(machines)) == list(range(5))  # none of them twice
    (manifest,) = machines.runs.rglob("*.seg-run/manifest.json")
    assert json.loads(manifest.read_text())["versions"]["seg-video"] == "9.9.9"
    sent = machines.folder.glob("r/session_*/runtime_resources/*/*/pipeline")
    assert {path.parents[1].name for path in sent} == {
        "py_modules_files"
    }  # which no node deletes under another
    status, _ = machines.type("seg-video status ~/.local/state/seg-video").communicate(timeout=SECONDS)
    assert "done" in status
    alone = tmp_path / "alone.mp4"
    assert cli.main([str(traffic), str(alone), "--workers", "0", "--chunk-frames", "8", "--quiet"]) == 0
    made = machines.storage.objects["/fleet/masks/drive_seg.mp4"]
    assert made == alone.read_bytes()
    told_of = [json.loads(line) for line in told.splitlines() if line.startswith("{")]
    figures = seen_by_prometheus(machines)
    check_dashboard(figures)
    (driver,) = (each for each in figures if "videos_total made" in each)
    check_figures(driver, told_of, len(made))
    shown, _ = machines.type(GRAFANA).communicate(timeout=SECONDS)
    assert shown == ""
    (dashboards,) = machines.folder.glob("r/session_2*/metrics/grafana/dashboards")
    assert {"seg_video_dashboard.json", "default_grafana_dashboard.json"} <= {
        path.name for path in dashboards.iterdir()
    }
    assert machines.typed == set(COMMANDS)
    token = machines.folder / ".ray" / "auth_token"
    assert token.stat().st_mode & 0o077 == 0
    files = (path for path in machines.folder.rglob("*") if path.is_file() and path != token)
    written = [path.read_bytes() for path in files]  # of the runs, and Ray's logs
    assert len(written) > 20
    for secret in ("SECRET", token.read_text()):
        assert secret not in told + status
        assert not any(secret.encode() in content for content in written)


def test_a_head_of_another_version_is_told_before_anything_starts(tmp_path, monkeypatch, capfd):
    def run_here(address, command, working_dir, begun, listen, *_):
        # The shell's parent is Ray's job server there and this process here: both have loaded Ray's library.
        return subprocess.run(command, shell=True, cwd=working_dir, check=False).returncode

    monkeypatch.setattr("pipeline.run.hand_over.run_on_cluster", run_here)
    monkeypatch.setattr("pipeline.run.hand_over.__version__", "9.9.9")
    file = tmp_path / "job.yaml"
    file.write_text(yaml.safe_dump(JOB))
    assert hand_over(file, "", print, print) == 2
    told = capfd.readouterr().err
    assert "another version" in told
    assert "there, seg-video 9.9.9 here" in told


def test_a_package_that_is_sent_is_a_wheel_with_its_dependencies_pinned(tmp_path):
    wheel = write_wheel(tmp_path)
    assert write_wheel(tmp_path).read_bytes() == wheel.read_bytes()
    # As pip installs it, where all that it pins is here.
    target = tmp_path / "installed"
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-index",
        "--no-deps",
        "--target",
        str(target),
    ]
    subprocess.run([*command, str(wheel)], check=True, capture_output=True)
    (found,) = importlib.metadata.distributions(name="seg-video", path=[str(target)])
    assert (found.version, dict(pin.split("==") for pin in found.requires)) == (__version__, pins_here())
    files = {path.relative_to(ROOT / "pipeline") for path in (ROOT / "pipeline").rglob("*") if path.is_file()}
    for name in (name for name in files if "__pycache__" not in name.parts):
        assert (target / "pipeline" / name).read_bytes() == (ROOT / "pipeline" / name).read_bytes()
    told = subprocess.run(
        [target / "bin" / "seg-video", "--version"],
        **{"env": {**os.environ, "PYTHONPATH": str(target)}, "cwd": tmp_path, "capture_output": True},
        text=True,
        check=True,
    )
    assert told.stdout == f"seg-video {__version__}\n"


@pytest.fixture
def sent(tmp_path):
    """compare(requirement, ...): what the head says of a wheel that pins these."""
    folder = tmp_path / "sent"
    package, info = unpacked(write_wheel(tmp_path), folder)

    def compare(*words, pins):
        text = re.sub(r"Requires-Dist: .*\n", "", (info / "METADATA").read_text())
        (info / "METADATA").write_text(text + "".join(f"Requires-Dist: {pin}\n" for pin in pins))
        environment = {**os.environ, "PYTHONPATH": str(folder)}
        command = [sys.executable, "-m", "pipeline.run.shipped", *words]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stderr

    assert package.is_dir()
    return compare


def test_what_a_package_that_is_sent_stands_on_is_compared_before_it_starts(sent):
    python, pins = python_here(), [f"{name}=={number}" for name, number in pins_here().items()]
    assert sent(python, pins=pins) == (0, "")
    lacks = [*pins, "numpy-of-mars==4", "av==1.2.3"]
    code, told = sent(python, pins=lacks)
    assert code == 2
    assert "pip install 'numpy-of-mars==4' 'av==1.2.3'," in told
    code, told = sent(python, "--may-install", pins=lacks)
    assert (code, "numpy-of-mars==4 (none there)" in told) == (shipped.LACKS_PACKAGES, True)
    code, told = sent("2.7", "--may-install", pins=pins)
    assert (code, "another Python" in told) == (2, True)
    code, told = sent(python, pins=[])
    assert (code != 0, "is not found here" in told) == (True, True)


def test_a_head_that_lacks_packages_gets_an_environment_of_ray_s_with_the_wheel(tmp_path, monkeypatch):
    codes, asked = [shipped.LACKS_PACKAGES, 0], []

    def run(address, command, working_dir, begun, listen, packages=(), installed=()):
        asked.append(
            (sorted(path.name for path in packages), {path.name for path in working_dir.iterdir()}, installed)
        )
        return codes[len(asked) - 1]

    monkeypatch.setattr("pipeline.run.hand_over.run_on_cluster", run)
    file = tmp_path / "job.yaml"
    file.write_text(yaml.safe_dump(JOB))
    assert hand_over(file, "", print, print, shipped=True) == 0
    wheel = f"seg_video-{__version__}-py3-none-any.whl"
    folders = ["pipeline", f"seg_video-{__version__}.dist-info"]
    assert [(each[0], wheel in each[1]) for each in asked] == [(folders, False), (folders, True)]
    assert asked[0][2] == ()
    assert asked[1][2] == [wheel, *(f"{name}=={number}" for name, number in pins_here().items())]


def test_the_page_s_commands_install_a_program_that_runs(tmp_path):
    """The package from a wheel of this tree, and what it stands on from this environment."""
    folder, wheels = tmp_path / "opt", tmp_path / "wheels"
    wheels.mkdir()
    write_wheel(wheels)
    packages = [folder for folder in sys.path if folder.endswith("site-packages")]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PIP_")},
        **{
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(wheels),
            "PIP_NO_DEPS": "1",
            "PIP_CONFIG_FILE": os.devnull,
        },
    }
    for command in INSTALL:
        words = [word.replace("/opt", str(folder)) for word in shlex.split(command)]
        words = [sys.executable if word == "python3" else word for word in words]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    told = subprocess.run(
        [folder / "seg-video/bin/seg-video", "--version"],
        **{
            "env": {**environment, "PYTHONPATH": os.pathsep.join(packages)},
            "cwd": tmp_path,
            "capture_output": True,
            "text": True,
        },
        check=True,
    )
    assert told.stdout == f"seg-video {__version__}\n"
    assert list(folder.rglob("site-packages/pipeline/weights/data/catalog.json"))
