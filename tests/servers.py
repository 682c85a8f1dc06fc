"""A PostgreSQL and a Redis at DATABASE_URL and REDIS_URL: whether they answer, and room of our own.

Run as a program it tells why they do not serve.
"""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import psycopg
import redis

DATABASE_URL = "postgres://postgres@127.0.0.1:5432/postgres"
REDIS_URL = "redis://127.0.0.1:6379"
REDIS_NUMBERS = range(14, 0, -1)  # of its databases, that may be taken if empty


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


@contextmanager
def own_database(server: str, name: str) -> Iterator[str]:
    """Make a database of that name and yield its address; it is gone at the end."""
    address = urlsplit(server)
    root = address._replace(path="/postgres").geturl()
    with psycopg.connect(root, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield address._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def own_redis(server: str) -> Iterator[str]:
    """Yield the address of a number of it that is empty, and empty it again at the end."""
    for number in REDIS_NUMBERS:
        url = urlsplit(server)._replace(path=f"/{number}").geturl()
        broker = redis.Redis.from_url(url)
        if broker.dbsize() == 0 and broker.set("taken by", os.getpid(), nx=True):
            break
    else:
        raise SystemExit("No database of Redis is empty, so none can be taken.")
    try:
        yield url
    finally:
        broker.flushdb()


def main() -> int:
    if why := why_not(os.environ["DATABASE_URL"], os.environ["REDIS_URL"]):
        sys.stderr.write(f"no servers: {why}\n")
    return int(bool(why))


if __name__ == "__main__":
    sys.exit(main())
