"""The props of the studio, and an S3 service."""

from tests.flows.s3_service import line, service
from tests.studio import bells, engine, finished

__all__ = ["bells", "engine", "finished", "line", "service"]
