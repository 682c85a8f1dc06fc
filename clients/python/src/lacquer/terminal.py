"""What a person in front of a terminal sees: one line that moves, on the error stream."""

import sys
import time
from types import TracebackType
from typing import Self, TextIO

WIDTH = 24
REDRAW_SECONDS = 0.1


class Bar:
    """A line that tells what is done and how far; where nobody watches, a line for each thing."""

    def __init__(self, *, quiet: bool = False, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.quiet, self.moves = quiet, self.stream.isatty()
        self.label, self.drawn = "", 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.clear()

    def show(self, label: str, share: float | None = None) -> None:
        """Tell what is done now, and how much of it is."""
        if self.quiet:
            return
        begins, self.label = label != self.label, label
        if not self.moves:
            if begins:
                self._write(f"{label}\n")
            return
        now = time.monotonic()
        if not begins and now - self.drawn < REDRAW_SECONDS and (share or 0.0) < 1.0:
            return
        self.drawn = now
        if share is None:
            self._write(f"\r\033[K{label}")
            return
        filled = round(WIDTH * min(max(share, 0.0), 1.0))
        self._write(f"\r\033[K{'█' * filled}{'░' * (WIDTH - filled)} {share:4.0%}  {label}")

    def say(self, text: str) -> None:
        """Leave a line behind."""
        if not self.quiet:
            self.clear()
            self._write(f"{text}\n")

    def clear(self) -> None:
        """Take the moving line away."""
        if self.moves and self.label and not self.quiet:
            self._write("\r\033[K")
            self.label = ""

    def _write(self, text: str) -> None:
        try:
            self.stream.write(text)
        except UnicodeEncodeError:  # a terminal of another time
            self.stream.write(
                text.replace("█", "#").replace("░", "-").encode("ascii", "replace").decode()
            )
        self.stream.flush()
