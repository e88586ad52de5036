"""Servers of files on loopback: SFTP and FTP, over a folder of this machine."""

from __future__ import annotations

import asyncio
import threading
import warnings
from pathlib import Path

PASSWORD = "SECRET"


class SftpServer:
    """asyncssh's server of SFTP, whose root is `folder`; the name of who comes is `me`.

    url : of its root. host : its name in files of known hosts. keys : by their kind.
    asked : the names that it was told.
    """

    def __init__(self, folder: Path, keys: tuple[str, ...] = ("ssh-ed25519",)) -> None:
        import asyncssh

        self._open = opened = set()
        self.asked = asked = []
        self.keys = {kind: asyncssh.generate_private_key(kind) for kind in keys}

        class Door(asyncssh.SSHServer):
            def connection_made(self, conn):
                opened.add(conn)

            def begin_auth(self, username):
                asked.append(username)
                return True

            def password_auth_supported(self):
                return True

            def validate_password(self, username, password):
                return (username, password) == ("me", PASSWORD)

        class Root(asyncssh.SFTPServer):
            def __init__(self, channel):
                super().__init__(channel, chroot=str(folder))

        async def serve():
            held = list(self.keys.values())
            return await asyncssh.listen(
                "127.0.0.1", 0, server_factory=Door, server_host_keys=held, sftp_factory=Root
            )

        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._serving = self._do(serve())
        self.host = f"[127.0.0.1]:{self._serving.get_port()}"
        self.url = f"sftp://me@127.0.0.1:{self._serving.get_port()}"

    def known_host(self, kind: str = "ssh-ed25519") -> str:
        """The line of its key of that kind in a file of known hosts."""
        return f"{self.host} {self.keys[kind].export_public_key().decode()}"

    def hang_up(self) -> None:
        """End all that are connected."""

        async def end():
            for one in self._open:
                one.abort()
            await asyncio.gather(*(one.wait_closed() for one in self._open))
            self._open.clear()

        self._do(end())

    def close(self) -> None:
        async def end():
            self._serving.close()
            await self._serving.wait_closed()

        self._do(end())
        self.hang_up()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, what):
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(30)


def home_that_knows(folder: Path, lines: list[str]) -> Path:
    """A home in `folder` whose file of known hosts has these lines."""
    file = folder / ".ssh" / "known_hosts"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(f"{line}\n" for line in lines))
    return folder


class FtpServer:
    """pyftpdlib's server of FTP, whose root is `folder`."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # of asyncore, which it brings itself from 3.12 on
            from pyftpdlib.authorizers import DummyAuthorizer
            from pyftpdlib.handlers import FTPHandler
            from pyftpdlib.servers import ThreadedFTPServer

        class Handler(FTPHandler):
            authorizer, log_prefix = DummyAuthorizer(), ""

            def log(self, *_, **__):
                pass

            logline = logerror = log_cmd = log_transfer = log

        Handler.authorizer.add_user("me", PASSWORD, str(folder), perm="elradfmwMT")
        self._serving = ThreadedFTPServer(("127.0.0.1", 0), Handler)
        self.url = f"ftp://me@127.0.0.1:{self._serving.address[1]}"
        self._thread = threading.Thread(target=self._serving.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._serving.close_all()
        self._thread.join(10)
