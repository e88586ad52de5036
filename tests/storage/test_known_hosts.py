"""SFTP goes to hosts whose key is known, and to no others: by what ssh itself reads, and before it tells who it is."""

from __future__ import annotations

import base64
import hmac
import zipfile
from hashlib import sha1

import pytest

from pipeline.errors import InputError
from pipeline.storage import reach
from pipeline.storage.objects import look_at
from pipeline.structures.address import Address
from tests.storage.file_servers import PASSWORD, SftpServer, home_that_knows

fsspec = pytest.importorskip("fsspec")
pytest.importorskip("paramiko")
asyncssh = pytest.importorskip("asyncssh")


@pytest.fixture
def served(tmp_path, monkeypatch):
    """What starts a server with keys of these kinds, over a folder with one file of nine bytes."""
    monkeypatch.setattr(reach, "PAUSES", ())
    monkeypatch.setattr(reach, "_CONNECTIONS", {})
    monkeypatch.setitem(fsspec.config.conf, "sftp", {"password": PASSWORD})
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.mp4").write_bytes(b"nine byte")
    with zipfile.ZipFile(root / "a.zip", "w") as archive:
        archive.write(root / "a.mp4", "a.mp4")
    running = []

    def start(*kinds):
        running.append(SftpServer(root, kinds or ("ssh-ed25519",)))
        return running[-1]

    yield start
    for one in running:
        one.close()


@pytest.fixture
def known(tmp_path):
    """What writes the user's file of known hosts."""
    return lambda *lines: home_that_knows(tmp_path / "home", list(lines))


def size_at(server, name="a.mp4"):
    return look_at(Address(f"{server.url}/{name}")).size


def another_key(kind="ssh-ed25519"):
    return asyncssh.generate_private_key(kind).export_public_key().decode()


def hashed(line):
    """As ssh writes names with HashKnownHosts."""
    name, _, rest = line.partition(" ")
    salt = bytes(range(20))
    words = [base64.b64encode(part).decode() for part in (salt, hmac.digest(salt, name.encode(), sha1))]
    return f"|1|{words[0]}|{words[1]} {rest}"


@pytest.mark.parametrize("chain", [False, True])
@pytest.mark.parametrize("file", [None, "", "another host", "no port"])
def test_a_host_that_is_not_known_is_refused_before_it_is_told_a_name(served, known, file, chain):
    server = served()
    if file is not None:
        names = {"": "", "another host": "[127.0.0.2]:22", "no port": "127.0.0.1"}
        known(f"{names[file]} {server.known_host().partition(' ')[2]}" if file else "")
    url = f"zip://a.mp4::{server.url}/a.zip" if chain else f"{server.url}/a.mp4"
    with pytest.raises(InputError, match=r"is not in ~/.ssh/known_hosts") as told:
        look_at(Address(url))
    words = str(told.value)
    assert server.keys["ssh-ed25519"].get_fingerprint() in words
    assert f"ssh-keyscan -p {server.url.rpartition(':')[2]} 127.0.0.1 >> ~/.ssh/known_hosts" in words
    assert server.asked == []


@pytest.mark.parametrize("others", [[], ["127.0.0.1 " + another_key(), "# a word", "", "nonsense"]])
@pytest.mark.parametrize(
    "form", [str, hashed, lambda line: f"one,{line} a comment", lambda line: f"{line}\n{line}"]
)
def test_a_host_that_is_known_is_read(served, known, form, others):
    server = served()
    known(*others, form(server.known_host()))
    assert size_at(server) == 9
    assert server.asked == ["me"]


def test_a_host_that_shows_another_key_than_the_known_one_is_refused(served, known):
    server = served()
    known(f"{server.host} {another_key()}")
    with pytest.raises(InputError, match="another key than it is known by") as told:
        size_at(server)
    assert f"ssh-keygen -R '{server.host}'" in str(told.value)
    assert server.keys["ssh-ed25519"].get_fingerprint() in str(told.value)
    assert server.asked == []


@pytest.mark.parametrize("kind", ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"])
def test_of_a_host_with_several_keys_the_known_one_is_asked_for(served, known, kind):
    server = served("ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa")
    known(server.known_host(kind))
    assert size_at(server) == 9


def test_a_key_that_was_revoked_vouches_for_no_host_and_an_authority_for_none_here(served, known):
    server = served()
    line = server.known_host()
    known(line, f"@revoked * {line.partition(' ')[2]}")
    with pytest.raises(InputError, match="is not in"):
        size_at(server)
    known(f"@cert-authority {line}", f"@cert-authority * {another_key('ssh-rsa')}")
    with pytest.raises(InputError, match="is not in"):
        size_at(server)
    known(f"@cert-authority * {another_key('ssh-rsa')}", line)
    assert size_at(server) == 9


def test_any_of_several_keys_of_one_kind_is_known(served, known):
    server = served()
    known(f"{server.host} {another_key()}", server.known_host())
    assert size_at(server) == 9


def test_a_setting_of_fsspec_does_not_let_other_hosts_in(served, known, monkeypatch):
    monkeypatch.setitem(fsspec.config.conf, "sftp", {"password": PASSWORD, "host_key_policy": "auto_add"})
    with pytest.raises(InputError, match="is not in"):
        size_at(served())


def test_a_file_of_known_hosts_that_cannot_be_read_is_told(served, tmp_path):
    (tmp_path / "home/.ssh/known_hosts").mkdir(parents=True)
    with pytest.raises(InputError, match=r"~/.ssh/known_hosts cannot be read"):
        size_at(served())


def test_the_file_of_the_machine_is_read_behind_the_users(served, known, tmp_path, monkeypatch):
    from pipeline.storage import known_hosts

    server = served()
    machine = tmp_path / "ssh_known_hosts"
    machine.write_text(server.known_host())
    monkeypatch.setattr(known_hosts, "_FILES", (known_hosts._FILES[0], str(machine)))
    assert size_at(server) == 9
    known(f"{server.host} {another_key()}")
    reach.forget(server.url)
    assert size_at(server) == 9
