"""KnownHostsSftp: SFTP that goes to known hosts only, as ssh does; fsspec's own believes whatever key a host shows."""

from __future__ import annotations

import base64
from hashlib import sha256
from pathlib import Path
from typing import Any

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem
from paramiko.hostkeys import HostKeyEntry, HostKeys, InvalidHostKey

from pipeline.errors import InputError

#: The files of known hosts that ssh reads: the user's, and the machine's.
_FILES = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")


class KnownHostsSftp(SFTPFileSystem):
    """No name and no password is told to a host whose key is not in a file of known hosts; no setting changes that.

    A line of such a file that speaks of hosts by a pattern, or of an authority that vouches for them, counts for none.
    """

    def _connect(self) -> None:
        """Connect as fsspec does. Raises InputError for a host without a known key, or with another than the known."""
        host, port = self.host.lower(), int(self.ssh_kwargs.get("port", 22))
        name = host if port == 22 else f"[{host}]:{port}"
        known = _keys_of(name)
        self.client = paramiko.SSHClient()
        self.client.set_missing_host_key_policy(
            _Known(name, known)
        )  # of every host: the client has no list itself
        try:
            self.client.connect(host, transport_factory=_asking_for(known), **self.ssh_kwargs)
            self.ftp = self.client.open_sftp()
        except BaseException:
            self.client.close()
            raise


class _Known(paramiko.MissingHostKeyPolicy):
    """The question whether a host's key is one of those that are known by its name."""

    def __init__(self, name: str, known: list[Any]) -> None:
        self._name, self._known = name, known

    def missing_host_key(self, client: Any, hostname: str, key: Any) -> None:
        """Raises InputError for a key that is not known; paramiko asks before it tells the host anything."""
        del client, hostname
        if any(key.asbytes() == one.asbytes() for one in self._known):
            return
        if self._known:
            raise InputError(
                f"{self._name} shows another key than it is known by: another machine may answer in its place.",
                found=f"{_print_of(key)}, and not {', '.join(map(_print_of, self._known))}",
                do="ask who runs it; only if its key was replaced, forget the old one "
                f"(ssh-keygen -R '{self._name}') and add the new one to {_FILES[0]}",
            )
        host, _, port = self._name.strip("[").partition("]:")
        raise InputError(
            f"{self._name} is not in {' or '.join(_FILES)}, so that nothing vouches for the key that it shows.",
            found=_print_of(key),
            do="ask who runs it whether this is its key, then add it on every machine that reads or writes there: "
            f"ssh-keyscan -p {port or 22} {host} >> {_FILES[0]}",
        )


def _asking_for(known: list[Any]) -> Any:
    """A maker of paramiko's transports that asks for a key of a known kind first: a host may have several."""
    kinds = {key.get_name() for key in known}

    def is_other(kind: str) -> bool:
        return (
            "ssh-rsa" if kind.startswith("rsa-sha2-") else kind
        ) not in kinds  # RSA's are called by the signature

    def made(*args: Any, **settings: Any) -> Any:
        transport = paramiko.Transport(*args, **settings)
        options = transport.get_security_options()
        options.key_types = sorted(options.key_types, key=is_other)
        return transport

    return made


def _keys_of(name: str) -> list[Any]:
    """The keys that a host is known by. name : as the files have it. Raises InputError for one that cannot be read."""
    found, revoked = [], set()
    for line in _lines():
        mark, _, rest = line.partition(" ")
        try:
            entry = HostKeyEntry.from_line(rest if mark == "@revoked" else line)
        except (paramiko.SSHException, InvalidHostKey):  # such as an authority's: it names no host's own key
            continue
        if entry is None:
            continue
        if mark == "@revoked":
            revoked.add(entry.key.asbytes())
        elif any(
            one == name or (one[:3] == "|1|" and HostKeys.hash_host(name, one) == one)
            for one in entry.hostnames
        ):
            found.append(entry.key)
    return [key for key in found if key.asbytes() not in revoked]


def _lines() -> list[str]:
    lines: list[str] = []
    for name in _FILES:
        try:
            lines += Path(name).expanduser().read_text(errors="replace").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise InputError(
                f"{name} cannot be read, which tells what hosts are known.", found=str(error)
            ) from error
    return lines


def _print_of(key: Any) -> str:
    """The key in short, as ssh shows it."""
    digest = base64.b64encode(sha256(key.asbytes()).digest()).decode().rstrip("=")
    return f"{key.get_name()} SHA256:{digest}"
