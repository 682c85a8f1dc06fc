"""Whether this process lives, and whether it can answer people: asked by proxies and by hosts."""

from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

RETRY_SECONDS = 5

_was_migrated = False


def alive(_request: HttpRequest) -> HttpResponse:
    """Answer as long as there is a thread to; a database away is no reason to be restarted."""
    return JsonResponse({"status": "alive"})


def ready(_request: HttpRequest) -> HttpResponse:
    """Answer 503 while this process should get no visitors.

    A cache that is away is told, and no reason: pages, log-ins and downloads do without.
    """
    database = _database()
    parts = {"database": database, "cache": _cache()}
    if database == "ok":
        return JsonResponse({"status": "ready", **parts})
    response = JsonResponse({"status": "not ready", **parts}, status=503)
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "ok" if _is_migrated() else "behind"
    except DatabaseError:
        connection.close()
        return "away"


def _is_migrated() -> bool:
    """Tell whether the database is as far as this code; once it is, it stays so."""
    global _was_migrated
    if not _was_migrated:
        executor = MigrationExecutor(connection)
        _was_migrated = not executor.migration_plan(executor.loader.graph.leaf_nodes())
    return _was_migrated


def _cache() -> str:
    try:
        cache.set("ready", 1, 10)
        return "ok" if cache.get("ready") else "away"
    except Exception:  # noqa: BLE001 (of any cache: it is told, and nothing else depends on it)
        return "away"
