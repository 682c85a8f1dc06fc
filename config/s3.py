"""Files in an S3 service: how it is spoken to, and from where browsers fetch."""

from typing import Any
from urllib.parse import urlsplit

from botocore.config import Config

SIGNED_SECONDS = 900  # of an address to fetch from, where none asks for less
IN_MEMORY_BYTES = 8_000_000  # larger objects go through a file, never whole into memory


def storage(
    *,
    bucket: str,
    endpoint_url: str,
    region: str,
    access_key: str,
    secret_key: str,
    addressing_style: str,
) -> dict[str, Any]:
    """Return the entry of STORAGES for a private bucket."""
    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            "endpoint_url": endpoint_url or None,
            "access_key": access_key or None,
            "secret_key": secret_key or None,
            "region_name": region,
            "default_acl": None,  # the bucket's own: private
            "file_overwrite": True,  # keys are ours and unique; asking first costs a request
            "querystring_auth": True,
            "querystring_expire": SIGNED_SECONDS,
            "max_memory_size": IN_MEMORY_BYTES,
            "object_parameters": {"CacheControl": "private"},
            "client_config": Config(
                signature_version="s3v4",
                s3={"addressing_style": addressing_style},
                connect_timeout=3,
                read_timeout=20,
                retries={"total_max_attempts": 3, "mode": "standard"},
                # Services other than Amazon's may not know the newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        },
    }


def origins(*, bucket: str, endpoint_url: str, region: str, addressing_style: str) -> list[str]:
    """Return the origins of signed addresses, for the content security policy."""
    endpoints = (
        [endpoint_url]
        if endpoint_url
        else [
            "https://s3.amazonaws.com",
            f"https://s3.{region}.amazonaws.com",
        ]
    )
    parts = [urlsplit(endpoint) for endpoint in endpoints]
    prefix = f"{bucket}." if addressing_style == "virtual" else ""
    return [f"{part.scheme}://{prefix}{part.netloc}" for part in parts]
