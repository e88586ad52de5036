"""A camera by RTSP over TCP (RFC 2326, 10.12): FFmpeg makes its packets, and they are handed on between the answers."""

from __future__ import annotations

import socket
import socketserver
import subprocess
import threading
from pathlib import Path

_SESSION = "Session: 1\r\n"
_TRANSPORT = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n"


class RtspCamera(socketserver.ThreadingTCPServer):
    """Shows a film again and again to whoever asks, until it is closed."""

    daemon_threads = allow_reuse_address = True

    def __init__(self, program: Path, film: Path, folder: Path, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Answers)
        self.port = self.server_address[1]
        self.packets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.packets.bind(("127.0.0.1", 0))
        self.packets.settimeout(5)
        sdp = folder / "camera.sdp"
        sdp.unlink(missing_ok=True)
        self._sender = subprocess.Popen(
            [
                *(program, "-loglevel", "error", "-nostdin", "-re", "-stream_loop", "-1", "-i", film),
                *("-map", "0:v", "-c", "copy", "-f", "rtp", "-sdp_file", sdp),
                f"rtp://127.0.0.1:{self.packets.getsockname()[1]}",
            ]
        )
        self.packets.recv(1 << 16)
        self.description = sdp.read_text()
        self.viewers: list[socket.socket] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        for viewer in self.viewers:
            viewer.shutdown(socket.SHUT_RDWR)
        self._sender.kill()
        self._sender.wait()
        self.server_close()
        self.packets.close()

    def handle_error(self, *_: object) -> None:
        """A viewer that goes away is nobody's error."""


class _Answers(socketserver.StreamRequestHandler):
    server: RtspCamera

    def handle(self) -> None:
        self.server.viewers.append(self.connection)
        while method := self._method():
            if method == "PLAY":
                self._play()

    def _method(self) -> str:
        """The method of a request, answered."""
        lines = []
        while line := self.rfile.readline().decode().strip():
            lines.append(line)
        if not lines:
            return ""
        method = lines[0].split()[0]
        number = next(line for line in lines if line.lower().startswith("cseq"))
        more, content = {
            "OPTIONS": ("Public: OPTIONS, DESCRIBE, SETUP, PLAY\r\n", ""),
            "DESCRIBE": ("Content-Type: application/sdp\r\n", self.server.description),
            "SETUP": (_SESSION + _TRANSPORT, ""),
        }.get(method, (_SESSION, ""))
        head = f"RTSP/1.0 200 OK\r\n{number}\r\n{more}Content-Length: {len(content)}\r\n\r\n"
        self.wfile.write((head + content).encode())
        return method

    def _play(self) -> None:
        try:
            while packet := self.server.packets.recv(1 << 16):
                self.wfile.write(b"$\0" + len(packet).to_bytes(2, "big") + packet)
        except OSError:
            return
