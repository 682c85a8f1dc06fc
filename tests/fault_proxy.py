"""A TCP proxy that does what networks do: delay, trickle, cut, refuse, swallow."""

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field

PIECE_BYTES = 4_096


@dataclass
class FaultProxy:
    """Stands before a port of loopback; its faults may be changed at any time.

    `cut_after` ends each connection after so many bytes of the answer, `bytes_per_second` makes
    the line slow in both directions, `swallows` takes everything and answers nothing. It is
    reached at a port of loopback as well, or where its `listener` listens.
    """

    target_port: int
    cut_after: int | None = None
    bytes_per_second: float | None = None
    swallows: bool = False
    port: int = 0
    listener: socket.socket | None = None
    _open: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._listener = self.listener or socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def taken(self) -> int:
        """How many connections were taken and not dropped since."""
        return len(self._open) // 2

    def heal(self) -> None:
        self.cut_after = self.bytes_per_second = None
        self.swallows = False

    def drop(self) -> None:
        """Break every connection there is."""
        while self._open:
            _break(self._open.pop())

    def close(self) -> None:
        _break(self._listener)
        self.drop()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self.target_port), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            self._open += [near, far]
            for source, target, is_answer in ((near, far, False), (far, near, True)):
                threading.Thread(
                    target=self._pass, args=(source, target, is_answer), daemon=True
                ).start()

    def _pass(self, source: socket.socket, target: socket.socket, is_answer: bool) -> None:
        passed = 0
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE_BYTES):
                if self.swallows:
                    continue
                if self.bytes_per_second:
                    time.sleep(len(piece) / self.bytes_per_second)
                if is_answer and self.cut_after is not None:
                    piece = piece[: self.cut_after - passed]
                target.sendall(piece)
                passed += len(piece)
                if is_answer and self.cut_after is not None and passed >= self.cut_after:
                    break
        _break(source)
        _break(target)


def _break(end: socket.socket) -> None:
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
