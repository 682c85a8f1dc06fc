"""Requests that are tried again where that is safe, which by `Idempotency-Key` is everywhere."""

import hashlib
import os
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import httpx

from lacquer.errors import ApiError, ConnectionFailed, LacquerError, error_of

USER_AGENT: Final = "lacquer-python/0.1.0"
RETRIES: Final = 5
FIRST_WAIT_SECONDS: Final = 0.5
LONGEST_WAIT_SECONDS: Final = 60.0
CHUNK_BYTES: Final = 256 * 1024
TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)

T = TypeVar("T")
Progress = Callable[[int, int], None]  # bytes so far, bytes in all


class Transport:
    """Speaks to one site with one key."""

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        retries: int = RETRIES,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url, self._retries, self.sleep = url, retries, sleep
        self._key = {"Authorization": f"Bearer {api_key}"}
        self._http = httpx.Client(
            timeout=TIMEOUT, transport=transport, headers={"User-Agent": USER_AGENT}
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """Read something."""
        return self.send("GET", path, query=query).json()

    def poll(self, path: str, etag: str = "") -> tuple[Any, str, float]:
        """Read something again; None where it has not changed. And its tag, and when to ask."""
        response = self.send("GET", path, headers={"If-None-Match": etag} if etag else {})
        told = None if response.status_code == 304 else response.json()
        return told, response.headers.get("ETag", etag), _retry_after(response) or 0.0

    def post(self, path: str, body: Any = None, *, key: str = "") -> Any:
        """Have something done, once: however often it is sent, and if need be again with a key."""
        headers = {"Idempotency-Key": key or uuid.uuid4().hex}
        response = self.send("POST", path, json={} if body is None else body, headers=headers)
        return response.json() if response.content else None

    def post_file(self, path: str, name: str, content: bytes, fields: Mapping[str, str]) -> Any:
        """Send a small file with a form, once however often it is sent."""
        return self.send(
            "POST",
            path,
            form=fields,
            files={"file": (name, content)},
            headers={"Idempotency-Key": uuid.uuid4().hex},
        ).json()

    def patch(self, path: str, body: Any) -> Any:
        """Change something."""
        return self.send("PATCH", path, json=body).json()

    def delete(self, path: str) -> None:
        """Delete something; what is gone already is well."""
        self.send("DELETE", path, missing_ok=True)

    def pages(self, path: str, query: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Go through a list, page by page as far as it is looked at."""
        asked = {name: value for name, value in query.items() if value is not None}
        while True:
            page = self.get(path, asked)
            yield from page["data"]
            if not page.get("next_cursor"):
                return
            asked["cursor"] = page["next_cursor"]

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
        files: Mapping[str, tuple[str, bytes]] | None = None,
        headers: Mapping[str, str] | None = None,
        missing_ok: bool = False,
    ) -> httpx.Response:
        """Send a request, again where the network or the site fails, and return the answer.

        Raises
        ------
        ApiError, ConnectionFailed
        """

        def attempt() -> httpx.Response:
            response = self._http.request(
                method,
                f"{self.url}/api/v1/{path}",
                params=query,
                json=json,
                data=form,
                files=files,
                headers={**self._key, **(headers or {})},
            )
            if response.is_error and not (missing_ok and response.status_code in (404, 410)):
                raise _refused(response)
            return response

        return self._again(attempt)

    def put_file(
        self,
        method: str,
        url: str,
        path: Path,
        *,
        headers: Mapping[str, str],
        progress: Progress | None = None,
    ) -> None:
        """Send a file piece by piece by a signed request, which knows nothing of the key."""
        size = path.stat().st_size

        def attempt() -> None:
            response = self._http.request(
                method,
                url,
                content=_pieces(path, size, progress),
                headers={**headers, "Content-Length": str(size)},
            )
            if response.is_error:
                raise _refused(response)

        self._again(attempt)

    def fetch(
        self, path: str, target: Path, *, sha256: str = "", progress: Progress | None = None
    ) -> Path:
        """Bring a file whole into its place, or not at all.

        Raises
        ------
        ApiError, ConnectionFailed
        LacquerError
            Where what came is not what was made.
        """
        part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")

        def attempt() -> str:
            digest = hashlib.sha256()
            url = path if path.startswith(("http://", "https://")) else f"{self.url}{path}"
            # A redirect leads to the storage; httpx takes the key to no other host.
            with (
                self._http.stream("GET", url, headers=self._key, follow_redirects=True) as response,
                part.open("wb") as file,
            ):
                if response.is_error:
                    response.read()
                    raise _refused(response)
                total, so_far = int(response.headers.get("Content-Length", 0)), 0
                for chunk in response.iter_bytes(CHUNK_BYTES):
                    file.write(chunk)
                    digest.update(chunk)
                    so_far += len(chunk)
                    if progress is not None:
                        progress(so_far, total)
            return digest.hexdigest()

        try:
            came = self._again(attempt)
            if sha256 and came != sha256:
                raise LacquerError(f"What came is not what was made: {target.name}")
            os.replace(part, target)  # noqa: PTH105  # whole, over what was there
        finally:
            part.unlink(missing_ok=True)
        return target

    def _again(self, attempt: Callable[[], T]) -> T:
        """Try as often as it is worth it, and wait in between as the site says."""
        for number in range(self._retries + 1):
            try:
                return attempt()
            except ApiError as refused:
                if number == self._retries or not _is_passing(refused):
                    raise
                asked = refused.retry_after
                if asked is not None and asked > LONGEST_WAIT_SECONDS:
                    raise
            except httpx.TransportError as error:
                if number == self._retries:
                    raise ConnectionFailed(f"{self.url}: {type(error).__name__} {error}") from error
                asked = None
            self.sleep(asked if asked else _back_off(number))
        raise AssertionError  # the last try returns or raises


def _is_passing(refused: ApiError) -> bool:
    return refused.status in (429, 502, 503, 504) or refused.code == "request_in_progress"


def _back_off(number: int) -> float:
    wait: float = min(FIRST_WAIT_SECONDS * 2.0**number, LONGEST_WAIT_SECONDS)
    return wait * random.uniform(0.75, 1.25)  # noqa: S311  # spreads, hides nothing


def _pieces(path: Path, size: int, progress: Progress | None) -> Iterator[bytes]:
    sent = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
            sent += len(chunk)
            if progress is not None:
                progress(sent, size)


def _refused(response: httpx.Response) -> ApiError:
    try:
        problem = response.json()
    except ValueError:
        problem = {}
    if not isinstance(problem, Mapping):
        problem = {}
    return error_of(response.status_code, problem, retry_after=_retry_after(response))


def _retry_after(response: httpx.Response) -> float | None:
    said = response.headers.get("Retry-After", "").strip()
    if said.isdecimal():
        return float(said)
    try:
        return max(parsedate_to_datetime(said).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError):
        return None
