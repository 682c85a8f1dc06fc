"""The one place from which strangers' servers are called.

The name of a server is resolved here, every address it stands for is judged, and the connection
goes to one of those very addresses: no second look at the name could lead elsewhere. The name
itself stays what TLS verifies and what the server is told. Redirects are not followed. All of a
call, from the name to the last byte that is kept, has one limit of time.
"""

import contextlib
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import certifi
import httpcore

from accounts.errors import AddressForbidden, WebhookRefused
from accounts.gateway.addresses import (
    Address,
    ascii_host,
    checked_url,
    host_header,
    may_call,
    port_of,
)

CALL_SECONDS = 15.0
KEPT_BYTES = 16_384  # of an answer; the rest is never read
OK, REDIRECTS, GONE = range(200, 300), range(300, 400), 410

# Names are asked for in threads of their own: the system's resolver knows no limit of time.
_resolvers = ThreadPoolExecutor(64, thread_name_prefix="names")


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a call; ``error_code`` is empty exactly when it was taken."""

    duration_ms: int
    status_code: int | None = None
    error_code: str = ""
    body: str = ""
    retry_after_seconds: float = 0.0

    @property
    def is_taken(self) -> bool:
        return not self.error_code

    @property
    def is_gone(self) -> bool:
        return self.status_code == GONE


def post(url: str, *, headers: Mapping[str, str], body: bytes) -> Answer:
    """Send a body to an address that a stranger named; whatever happens is an answer."""
    begun = time.monotonic()
    status, error, text, wait = None, "", b"", ""
    try:
        status, text, wait = _call(url, headers, body, deadline=begun + CALL_SECONDS)
    except WebhookRefused as refusal:
        error = refusal.code
    except _NameUnknown:
        error = "name_unknown"
    except (httpcore.TimeoutException, TimeoutError):
        error = "timeout"
    except httpcore.ConnectError as failure:
        error = "tls_failed" if _is_of_tls(failure) else "connection_failed"
    except (httpcore.NetworkError, OSError):
        error = "connection_failed"
    except (httpcore.ProtocolError, httpcore.UnsupportedProtocol, ValueError):
        error = "answer_unreadable"
    if status is not None and status not in OK:
        error = "redirected" if status in REDIRECTS else "not_taken"
    return Answer(
        duration_ms=round(1000 * (time.monotonic() - begun)),
        status_code=status,
        error_code=error,
        body=text.decode(errors="replace").replace("\0", "�"),
        retry_after_seconds=float(wait) if wait.isdecimal() and len(wait) < 8 else 0.0,
    )


def _call(
    url: str, headers: Mapping[str, str], body: bytes, *, deadline: float
) -> tuple[int, bytes, str]:
    parts = urlsplit(checked_url(url))
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    address = httpcore.URL(
        scheme=parts.scheme,
        host=ascii_host(parts).encode(),
        port=port_of(parts),
        target=_escaped(target),
    )
    sent = {"Host": host_header(parts), "Accept-Encoding": "identity", **headers}
    network = _Guarded(parts.scheme, deadline)
    with (
        httpcore.ConnectionPool(ssl_context=_trust(), network_backend=network) as pool,
        pool.stream(
            "POST",
            address,
            headers=[(name.encode(), value.encode()) for name, value in sent.items()],
            content=body,
        ) as response,
    ):
        told = {name.lower(): value.decode("latin-1") for name, value in response.headers}
        kept = b""
        # Its status says it all: a body that breaks off changes nothing.
        with contextlib.suppress(httpcore.NetworkError, httpcore.ProtocolError):
            for chunk in response.iter_stream():
                kept += chunk
                if len(kept) >= KEPT_BYTES:
                    break
        return response.status, kept[:KEPT_BYTES], told.get(b"retry-after", "").strip()


class _NameUnknown(Exception):
    """A name that stands for no address."""


class _Guarded(httpcore.NetworkBackend):
    """Connects to judged addresses only, and within a deadline."""

    def __init__(self, scheme: str, deadline: float) -> None:
        self.scheme, self.deadline = scheme, deadline
        self.plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002  # the deadline is what holds
        local_address: str | None = None,  # noqa: ARG002
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        addresses = _addresses_of(host, port, deadline=self.deadline)
        if not all(may_call(address, scheme=self.scheme, port=port) for address in addresses):
            raise AddressForbidden
        failure: Exception = _NameUnknown()
        for address in addresses:
            try:
                stream = self.plain.connect_tcp(
                    str(address),
                    port,
                    timeout=_left(self.deadline) / len(addresses),
                    socket_options=socket_options,
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _Timed(stream, self.deadline)
        raise failure


class _Timed(httpcore.NetworkStream):
    """A connection whose every wait ends with the deadline of the whole call."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self.stream, self.deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self.stream.read(max_bytes, timeout=_left(self.deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self.stream.write(buffer, timeout=_left(self.deadline))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        begun = self.stream.start_tls(ssl_context, server_hostname, timeout=_left(self.deadline))
        return _Timed(begun, self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _addresses_of(host: str, port: int, *, deadline: float) -> list[Address]:
    asked = _resolvers.submit(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    try:
        found = asked.result(timeout=_left(deadline))
    except (socket.gaierror, UnicodeError) as error:
        raise _NameUnknown from error
    # Without the zone of a link-local one: that is never public anyway.
    plain = (str(entry[4][0]).partition("%")[0] for entry in found)
    return [ip_address(address) for address in dict.fromkeys(plain)]


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0.0:
        raise httpcore.ReadTimeout
    return left


@lru_cache(maxsize=1)
def _trust() -> ssl.SSLContext:
    """Return whom we believe: the machine's authorities, and where it has none, the usual ones."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    context.set_alpn_protocols(["http/1.1"])
    return context


def _is_of_tls(failure: BaseException) -> bool:
    return isinstance(failure.__context__ or failure.__cause__, ssl.SSLError)


def _escaped(target: str) -> bytes:
    """Return a path as ASCII, with what is escaped already left as it is."""
    return "".join(
        char if char.isascii() else "".join(f"%{byte:02X}" for byte in char.encode())
        for char in target
    ).encode()
