"""A server of somebody else's, on this machine, that answers webhooks as a test says."""

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answering = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Call:
    headers: dict[str, str]
    body: bytes


@dataclass
class Endpoint:
    port: int = 0
    calls: list[Call] = field(default_factory=list)
    answering: Answering | None = None
    letting_go: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str = "/hook", host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def answers(self, status: int, body: bytes = b"", **headers: str) -> None:
        def answer(handler: BaseHTTPRequestHandler) -> None:
            handler.send_response(status)
            for name, value in headers.items():
                handler.send_header(name.replace("_", "-"), value)
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)

        self.answering = answer

    def says_nothing(self) -> None:
        """Take the call and keep silent until the end of the test."""

        def answer(_: BaseHTTPRequestHandler) -> None:
            self.letting_go.wait(30)

        self.answering = answer

    def drips(self, seconds: float) -> None:
        """Send a byte at a time, so that every single wait is short."""

        def answer(handler: BaseHTTPRequestHandler) -> None:
            for byte in b"HTTP/1.1 200 " + b"O" * 10_000:
                try:
                    handler.wfile.write(bytes([byte]))
                    handler.wfile.flush()
                except OSError:
                    return
                if self.letting_go.wait(seconds):
                    return

        self.answering = answer


@contextmanager
def endpoint(tls: ssl.SSLContext | None = None) -> Iterator[Endpoint]:
    """Serve until the end, on a port that is free."""
    served = Endpoint()
    served.answers(204)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            served.calls.append(Call({k.lower(): v for k, v in self.headers.items()}, body))
            if served.answering is not None:
                served.answering(self)
            self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    served.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.letting_go.set()
        server.shutdown()
        server.server_close()
        thread.join(5)
