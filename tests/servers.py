"""Whether a PostgreSQL and a Redis answer at DATABASE_URL and REDIS_URL; tells why not."""

import os
import socket
import sys
from urllib.parse import urlsplit

import psycopg


def why_not(database_url: str, redis_url: str) -> str:
    """Tell why they do not serve; nothing where they do."""
    database, redis = urlsplit(database_url), urlsplit(redis_url)
    try:
        psycopg.connect(database._replace(path="/postgres").geturl(), connect_timeout=3).close()
        with socket.create_connection((redis.hostname or "", redis.port or 6379), 3) as line:
            line.sendall(b"PING\r\n")
            if not line.recv(5).startswith(b"+"):
                raise OSError("Redis wants a password")
    except (psycopg.Error, OSError) as error:
        return " ".join(str(error).split())
    return ""


def main() -> int:
    if why := why_not(os.environ["DATABASE_URL"], os.environ["REDIS_URL"]):
        sys.stderr.write(f"no servers: {why}\n")
    return int(bool(why))


if __name__ == "__main__":
    sys.exit(main())
