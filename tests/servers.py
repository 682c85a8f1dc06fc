"""Whether a PostgreSQL and a Redis answer at DATABASE_URL and REDIS_URL; tells why not."""

import os
import socket
import sys
from urllib.parse import urlsplit

import psycopg


def main() -> int:
    database, redis = urlsplit(os.environ["DATABASE_URL"]), urlsplit(os.environ["REDIS_URL"])
    try:
        psycopg.connect(database._replace(path="/postgres").geturl(), connect_timeout=3).close()
        with socket.create_connection((redis.hostname or "", redis.port or 6379), 3) as line:
            line.sendall(b"PING\r\n")
            if not line.recv(5).startswith(b"+"):
                raise OSError("Redis wants a password")
    except (psycopg.Error, OSError) as error:
        sys.stderr.write(f"no servers: {' '.join(str(error).split())}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
