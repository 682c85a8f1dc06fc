"""Errors told to a Sentry, without anything of a person or of this site's secrets."""

from typing import Any

import sentry_sdk

from accounts.trace import current_trace
from config.scrub import scrub_all

# Of a request, what tells where an error was; never cookies, forms or addresses' queries.
KEPT_OF_REQUESTS = ("method", "url")


def begin(dsn: str, *, environment: str, **options: Any) -> None:
    """Tell of every error that is logged, from now on, in this process and its forks."""
    sentry_sdk.init(
        dsn=dsn,
        environment=environment,
        include_local_variables=False,  # they may hold a form, or a key
        max_request_body_size="never",
        max_breadcrumbs=0,
        traces_sample_rate=0.0,
        server_name="",
        before_send=clean,
        **options,
    )


def clean(event: Any, _hint: Any) -> Any:
    """Return an event that says what went wrong, in whose name, and nothing else."""
    trace = current_trace()
    for name in ("user", "extra", "modules", "breadcrumbs"):
        event.pop(name, None)
    if request := event.get("request"):
        event["request"] = {name: request[name] for name in KEPT_OF_REQUESTS if name in request}
    event = scrub_all(event)
    if trace.request_id:
        event.setdefault("tags", {})["request_id"] = trace.request_id.hex
    if trace.work:
        event.setdefault("tags", {})["work"] = trace.work
    return event
