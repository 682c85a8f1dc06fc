"""An S3 service on loopback, and what tests ask of it."""

from collections.abc import Iterator
from typing import Any
from urllib.request import Request, urlopen

import boto3
import pytest
from django.core.files.storage import default_storage
from moto.server import ThreadedMotoServer

from config import s3
from tests.fault_proxy import FaultProxy

BUCKET = "masters-of-tests"
KEYS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}


class Service:
    """An S3 service that can be switched off and on, and keeps what it has."""

    def __init__(self) -> None:
        self.port = 0
        self.start()
        boto3.client("s3", "us-east-1", endpoint_url=self.url, **KEYS).create_bucket(Bucket=BUCKET)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.server = ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self.server.start()
        self.port = self.server.get_host_and_port()[1]

    def stop(self) -> None:
        self.server.stop()


def entry_of(url: str) -> dict[str, Any]:
    """Return the entry of STORAGES for the service, as reached at an address."""
    return s3.storage(
        bucket=BUCKET,
        endpoint_url=url,
        region="us-east-1",
        access_key="key",
        secret_key="secret",
        addressing_style="path",
    )


@pytest.fixture
def service(settings) -> Iterator[Service]:
    service = Service()
    settings.STORAGES = settings.STORAGES | {"default": entry_of(service.url)}
    yield service
    client().close()
    service.stop()


@pytest.fixture
def line(service: Service, settings) -> Iterator[FaultProxy]:
    """Return what stands between us and the service."""
    line = FaultProxy(service.port)
    entry = entry_of(f"http://127.0.0.1:{line.port}")
    settings.STORAGES = settings.STORAGES | {"default": entry}
    yield line
    client().close()
    line.close()


def client() -> Any:
    storage: Any = default_storage
    return storage.connection.meta.client


def fetched(url: str, **headers: str):
    with urlopen(Request(url, headers=headers)) as answer:  # noqa: S310
        return answer.status, answer.headers, answer.read()


def keys() -> list[str]:
    listed = client().list_objects_v2(Bucket=BUCKET)
    return [entry["Key"] for entry in listed.get("Contents", [])]
