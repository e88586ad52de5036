"""docs/security.md, held: no shell, no code in data, no file or address that a video names, no open folders."""

from __future__ import annotations

import ast
import socket
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from pipeline import cli
from pipeline.errors import InputError, UsageError
from pipeline.job.job_file import read_job_file
from pipeline.networks import registry
from pipeline.video.read.decode import decode_yuv
from pipeline.video.read.plan import plan
from pipeline.video.read.probe import probe
from pipeline.weights.cache import WeightsCache
from tests import fake_network
from tests.footage import write_clip
from tests.traffic import write_traffic

#: Calls that hand text to a shell, to Python, or to something that runs what it reads.
FORBIDDEN = {
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "eval", "exec", "compile",
    "__import__", "pickle.load", "pickle.loads", "marshal.loads", "shelve.open", "yaml.load", "yaml.load_all",
    "yaml.unsafe_load", "yaml.full_load", "torch.load", "tempfile.mktemp",
}  # fmt: skip
#: Arguments that turn a harmless call into one of those.
UNSAFE_ARGUMENTS = {"shell": True, "allow_pickle": True, "safe_mode": False, "weights_only": False}


def dangers(source: str) -> Iterator[str]:
    """The forbidden calls of a module, by name and line; a YAML loader other than the safe one."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            if name in FORBIDDEN:
                yield f"{name}, line {node.lineno}"
            for keyword in node.keywords:
                value = keyword.value
                unsafe = UNSAFE_ARGUMENTS.get(str(keyword.arg), "nothing")
                if isinstance(value, ast.Constant) and value.value is unsafe:
                    yield f"{keyword.arg}={value.value}, line {node.lineno}"
                if keyword.arg == "Loader" and ast.unparse(value) != "yaml.SafeLoader":
                    yield f"{ast.unparse(value)}, line {node.lineno}"


def test_no_value_reaches_a_shell_or_an_interpreter(repo_root: Path) -> None:
    modules = sorted((repo_root / "pipeline").rglob("*.py"))
    assert len(modules) > 100
    assert [f"{path}: {danger}" for path in modules for danger in dangers(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(
    "source",
    [
        "subprocess.run(command, shell=True)",
        "os.system(f'ffmpeg {path}')",
        "yaml.load(text, Loader=yaml.SafeLoader)",
        "yaml.compose(text, Loader=yaml.Loader)",
        "np.load(path, allow_pickle=True)",
        "keras.models.load_model(path, safe_mode=False)",
        "pickle.loads(content)",
        "eval(text)",
    ],
)
def test_what_is_forbidden_is_found(source: str) -> None:
    assert len(list(dangers(source))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "!!python/object/apply:os.system ['touch {marker}']",
        "inputs: !!python/object/apply:os.system ['touch {marker}']",
        "inputs: a.mp4\nmodel: !!python/object/new:os.system ['touch {marker}']",
        "inputs: a.mp4\nconf: !!python/name:os.system",
    ],
)
def test_a_job_file_runs_nothing(tmp_path: Path, text: str) -> None:
    marker = tmp_path / "marker"
    (tmp_path / "job.yaml").write_text(text.format(marker=marker))
    with pytest.raises((UsageError, InputError)) as refused:
        read_job_file(tmp_path / "job.yaml")
    assert "job.yaml" in str(refused.value)
    assert not marker.exists()


@pytest.fixture
def address() -> Iterator[tuple[str, socket.socket]]:
    """An address of this machine, and the socket that would notice a caller."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield f"http://127.0.0.1:{server.getsockname()[1]}/secret.ts", server


PLAYLISTS = {
    "HLS": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{target}\n#EXT-X-ENDLIST\n",
    "HLS master": "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{target}\n",
    "ffconcat": "ffconcat version 1.0\nfile '{target}'\n",
    "DASH": '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static"><Period>'
    '<AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{target}</BaseURL>'
    '<SegmentBase indexRange="0-9"/></Representation></AdaptationSet></Period></MPD>',
    "SDP": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n",
    "a picture's SVG": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{target}"/></svg>',
}


@pytest.mark.parametrize("where", ["a local file", "an address"])
@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_playlist_called_mp4_opens_nothing(
    tmp_path: Path,
    address: tuple[str, socket.socket],
    kind: str,
    where: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    secret = write_clip(tmp_path / "secret.ts")
    target = str(secret) if where == "a local file" else address[0]
    (tmp_path / "innocent.mp4").write_text(PLAYLISTS[kind].format(target=target))
    assert cli.main([str(tmp_path / "innocent.mp4"), str(tmp_path / "out.mp4"), "--workers", "0"]) == 3
    assert "cannot be read as video" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["innocent.mp4", "secret.ts"]
    with pytest.raises(BlockingIOError):
        address[1].accept()


def box_at(content: bytes, kinds: list[bytes]) -> list[int]:
    """Where each box of a path, such as moov, trak, mdia, begins in an MP4."""
    places, start = [], 0
    for kind in kinds:
        while content[start + 4 : start + 8] != kind:
            start += struct.unpack(">I", content[start : start + 4])[0]
        places.append(start)
        start += 8
    return places


def with_external_data(clip: Path, path: Path, elsewhere: Path) -> Path:
    """The clip's index alone; its frames are to be taken from `elsewhere`, by an alias as QuickTime has them."""
    content = bytearray(clip.read_bytes())
    places = box_at(content, [b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"])
    name = str(elsewhere).encode()
    name += b"\0" * (len(name) % 2)
    alias = bytes(10) + bytes(28) + bytes(12) + bytes(64) + bytes(16) + struct.pack(">HH", 1, 1) + bytes(16)
    alias += struct.pack(">HH", 2, len(name)) + name + struct.pack(">HH", 0xFFFF, 0)
    entry = struct.pack(">I4sI", 12 + len(alias), b"alis", 0) + alias
    old = struct.unpack(">I", content[places[-1] : places[-1] + 4])[0]
    dref = struct.pack(">I4sII", 16 + len(entry), b"dref", 0, 1) + entry
    grown = len(dref) - old
    content[places[-1] : places[-1] + old] = dref
    for place in places[:-1]:
        size = struct.unpack(">I", content[place : place + 4])[0]
        content[place : place + 4] = struct.pack(">I", size + grown)
    mdat = box_at(content, [b"mdat"])[0]
    size = struct.unpack(">I", content[mdat : mdat + 4])[0]
    content[mdat + 8 : mdat + size] = bytes(size - 8)
    path.write_bytes(content)
    return path


def shown(path: Path) -> list[object]:
    info = probe(path)
    return list(decode_yuv(info, plan(info)[0]))


def test_an_mp4_whose_frames_lie_in_another_file_shows_none_of_them(tmp_path: Path) -> None:
    secret = write_clip(tmp_path / "secret.mp4")
    crafted = with_external_data(secret, tmp_path / "crafted.mp4", secret)
    with av.open(str(crafted), options={"enable_drefs": "1", "use_absolute_path": "1"}) as container:
        assert len(list(container.decode(video=0))) == 10, "a reader that follows references finds them"
    with pytest.raises(InputError):
        shown(crafted)


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An output with everything kept beside it."""
    monkeypatch.setitem(registry.KINDS, "own", fake_network.KIND)
    traffic = write_traffic(tmp_path / "drive.mp4", 16)
    words = [str(traffic), str(tmp_path / "out.mp4"), "--workers", "0", "--keep-work", "--quiet"]
    assert cli.main([*words, "--work-dir", str(tmp_path / "work")]) == 0
    return tmp_path


def test_work_and_cache_folders_are_their_owner_s_alone(made: Path) -> None:
    WeightsCache(made / "cache").create()
    folders = [made / "out.mp4.seg-run", made / "cache", *(made / "work").rglob("*")]
    modes = {folder.name: stat.S_IMODE(folder.stat().st_mode) for folder in folders if folder.is_dir()}
    assert len(modes) >= 6
    assert set(modes.values()) == {0o700}


def test_a_graph_of_the_user_s_is_announced_as_a_program(
    made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (made / "graph.pb").write_bytes(b"graph")
    words = [str(made / "drive.mp4"), str(made / "other.mp4"), "--workers", "0", "--quiet"]
    assert (
        cli.main([*words, "--model", str(made / "graph.pb")]) == 1
    )  # it is none: announced before it is read
    assert "which is a program: use it only if you trust it" in capsys.readouterr().err


def test_openvino_sends_no_usage_data() -> None:
    """By itself it tells a server of each import and each conversion, from forks of the process."""
    from openvino.tools.ovc import telemetry_utils

    assert telemetry_utils.tm.__name__ == "openvino.tools.ovc.telemetry_stub"
