"""Log lines: whose they are, and that no secret is ever in one, nor in what a Sentry is told."""

import json
import logging
import re
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest
import sentry_sdk
from django.conf import settings as site
from django.test import Client
from sentry_sdk.transport import Transport

from accounts.trace import Trace, serving
from config import logs, scrub, sentry
from config.logs import JsonFormatter, PlainFormatter
from mastering.services import create_share
from mastering.tasks import render_next
from references.services import begin_upload
from tests.conftest import PASSWORD
from tests.mastering.pages import CHOSEN
from tests.studio import MIX, REFERENCE, measured, submitted, uploaded

SIGNED = (
    "https://bucket.example/audio/a.wav?X-Amz-Algorithm=AWS4-HMAC-SHA256"
    "&X-Amz-Credential=AKIAEXAMPLEKEY%2F20261127&X-Amz-Signature=9f8e7d6c5b4a39281706f5e4d3c2b1a0"
)
API_KEY = "lq_8Zk2mQ4rT6vX9yB1dF3hJ5kL7nP0sU2wAbCdEf"
STRIPE_KEY = "sk_test_51NotARealKeyButAsLongAsOne00aBcDeFgH"


class Kept(logging.Handler):
    """Keeps lines as they would be written."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self.formatters = (JsonFormatter(), PlainFormatter())

    def emit(self, record: logging.LogRecord) -> None:
        self.lines += [formatter.format(record) for formatter in self.formatters]

    @property
    def objects(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.lines if line.startswith("{")]


class Told(Transport):
    def __init__(self) -> None:
        super().__init__()
        self.events: list[object] = []

    def capture_envelope(self, envelope) -> None:
        self.events += [item.payload.json for item in envelope.items]


@pytest.fixture
def kept() -> Iterator[Kept]:
    handler = Kept()
    root, requests = logging.getLogger(), logging.getLogger("config.middleware")
    level, asked = root.level, requests.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    requests.setLevel(logging.INFO)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)
    requests.setLevel(asked)


@pytest.fixture
def told() -> Iterator[Told]:
    transport = Told()
    sentry.begin("https://key@sentry.example/1", environment="tests", transport=transport)
    yield transport
    sentry_sdk.init()


def secrets_of_a_journey(alice, mailoutbox, monkeypatch, settings, engine) -> set[str]:
    """Do what people do, well and badly, on a site that breaks; return every secret on the way."""
    settings.STRIPE_SECRET_KEY = STRIPE_KEY
    client = Client(raise_request_exception=False)
    client.post("/account/login/", {"login": alice.email, "password": "a wrong passphrase 1"})
    client.post("/account/login/", {"login": alice.email, "password": PASSWORD})
    client.get(f"/account/login/?next=/new/&password={PASSWORD}")
    client.post("/account/signup/", {"email": "new@example.com", "password1": "many odd words 77"})
    Client().post("/account/password/reset/", {"email": alice.email})
    links = [link for mail in mailoutbox for link in re.findall(r"http\S+", str(mail.body))]
    for link in links:
        Client().get(link)

    version = measured(submitted(alice))
    render_next()
    version.refresh_from_db()
    share = create_share(version=version, days=7, password="an open sesame")
    Client().get(f"/s/{share.token}/")
    Client().post(f"/s/{share.token}/", {"password": "an open sesame"})
    Client().get(f"/s/{share.token}x/")
    _, put = begin_upload(user=alice, kind=MIX, filename="a.wav", size_bytes=100)
    Client().put(put.url, b"no audio", content_type="application/octet-stream")

    def breaks(request, *_, **__):
        said = f"{dict(request.headers)} {request.COOKIES} {request.GET} {SIGNED} {STRIPE_KEY}"
        raise RuntimeError(f"{said} {site.SECRET_KEY} api_key={API_KEY}")

    monkeypatch.setattr("mastering.views.render", breaks)
    stranger = Client(raise_request_exception=False)
    stranger.cookies["sessionid"] = "s0me0ld5essi0nthatisn0more"
    for name in ("csrftoken", "known_device"):
        stranger.cookies[name] = client.cookies[name].value
    headers = {"Authorization": f"Bearer {API_KEY}"}
    assert (
        stranger.get("/", {"signature": "0a1b2c3d4e5f60718293"}, headers=headers).status_code == 500
    )

    def storage_breaks(name):
        raise RuntimeError(f"PUT {SIGNED} failed: Authorization: Bearer {API_KEY}")

    measured(submitted(alice))
    engine.before = storage_breaks
    render_next()
    secrets = {
        PASSWORD, "a wrong passphrase 1", "many odd words 77", "an open sesame", API_KEY,
        STRIPE_KEY, site.SECRET_KEY, "9f8e7d6c5b4a39281706f5e4d3c2b1a0", "AKIAEXAMPLEKEY",
        "0a1b2c3d4e5f60718293", share.token, put.url.rsplit("/", 1)[-1], alice.email,
        "new@example.com",
    }  # fmt: skip
    cookies = [*client.cookies.values(), *stranger.cookies.values()]
    secrets |= {morsel.value for morsel in cookies if len(morsel.value) > 8}
    return secrets | {link.rstrip("/").rsplit("/", 1)[-1] for link in links if "/key/" in link}


def found(secrets: set[str], written: str) -> list[str]:
    return [secret for secret in secrets if secret in written]


def test_no_secret_of_anyone_is_in_any_line_nor_in_what_a_sentry_is_told(
    alice, mailoutbox, monkeypatch, settings, engine, kept, told
):
    secrets = secrets_of_a_journey(alice, mailoutbox, monkeypatch, settings, engine)
    assert len(secrets) > 15
    assert len(kept.lines) > 20
    assert any("RuntimeError" in line for line in kept.lines)
    assert any("RuntimeError" in json.dumps(event) for event in told.events)
    assert found(secrets, "\n".join(kept.lines)) == []
    assert found(secrets, json.dumps(told.events)) == []


def test_without_the_scrubbing_secrets_would_be_there(
    alice, mailoutbox, monkeypatch, settings, engine, kept, told
):
    for module in (logs, sentry):
        monkeypatch.setattr(module, "scrub_all", lambda told: told)
    monkeypatch.setattr(logs, "scrub", lambda text: text)
    secrets = secrets_of_a_journey(alice, mailoutbox, monkeypatch, settings, engine)
    assert len(found(secrets, "\n".join(kept.lines))) > 6
    assert found(secrets, json.dumps(told.events)) != []


@pytest.mark.parametrize(
    "text",
    [
        "password=hunter2hunter2", "{'password': 'hunter2hunter2'}", '"token": "hunter2hunter2"',
        "Cookie: sessionid=hunter2hunter2; csrftoken=x", "Authorization: Bearer hunter2hunter2",
        "postgres://lacquer:hunter2hunter2@db/lacquer", "GET /x?key=hunter2hunter2 failed",
        "https://host/a/b?hunter2hunter2", "/s/hunter2hunter2/", "/uploads/to/hunter2hunter2",
        "to hunter2@hunter2.example", "whsec_hunter2hunter2hunter2hunter2",
        "upl_abcdefghijkmnpqrstuvwxyz:1tXyZ9:hunter2hunter2hunter2hunter2hunter2hunter2",
        "argon2$argon2id$v=19$m=102400$hunter2hunter2", "S3_SECRET_KEY='hunter2hunter2'",
    ],
)  # fmt: skip
def test_whatever_looks_like_a_secret_is_hidden(text):
    assert "hunter2" not in scrub.scrub(text)


@pytest.mark.parametrize(
    "text",
    [
        "ver_abcdefghijkmnpqrstuvwxyz failed at attempt 2", "No work is begun: 12 bytes are free.",
        "A worker group lost its worker (-9) and is replaced.", "Not Found: /masters/mst_nobody/",
        "GET mastering:detail", "10.0.0.7:8000 answers in 12 ms", "2026-11-27 10:20:00,123",
    ],
)  # fmt: skip
def test_what_an_operator_needs_is_left(text):
    assert scrub.scrub(text) == text


def test_what_has_a_secret_name_is_hidden_whatever_it_is():
    told = scrub.scrub_all(
        {"csrfmiddlewaretoken": "x1", "deep": [{"Set-Cookie": 5}], "password": ""}
    )
    assert told == {
        "csrfmiddlewaretoken": "[hidden]",
        "deep": [{"Set-Cookie": "[hidden]"}],
        "password": "",
    }


def test_a_line_cannot_be_forged_by_what_a_person_sends(kept):
    logging.getLogger("x").warning("Not Found: /%s", "a\r\n2026 ERROR all is lost")
    assert [line.count("\n") for line in kept.lines] == [0, 0]
    assert kept.objects[0]["message"] == "Not Found: /a\r\n2026 ERROR all is lost"


def test_a_line_tells_its_request_its_work_and_its_attempt(kept):
    request_id = uuid4()
    with serving(Trace(request_id=request_id, work="ver_1", attempt=2)):
        logging.getLogger("x").warning("Something")
    line = kept.objects[0]
    assert (line["request_id"], line["work"], line["attempt"]) == (request_id.hex, "ver_1", 2)
    assert f"[request_id={request_id.hex} work=ver_1 attempt=2]" in kept.lines[1]
    logging.getLogger("x").warning("Afterwards")
    assert "request_id" not in kept.objects[-1]


def test_the_number_of_a_request_reaches_the_worker_and_its_box(as_alice, alice, engine, kept):
    mix, reference = uploaded(alice), uploaded(alice, REFERENCE)
    answer = as_alice.post("/new/", CHOSEN | {"mix": mix.pk, "reference": reference.pk})
    assert answer.status_code == 302
    request_id = answer.headers["X-Request-ID"]
    version = alice.versions.get()
    assert version.request_id == UUID(request_id)
    measured(version)
    engine.before = lambda _name: logging.getLogger("box").info("Here")
    render_next()
    line = next(line for line in kept.objects if line["message"] == "Here")
    assert (line["request_id"], line["work"]) == (request_id, version.pk)
    asked = next(line for line in kept.objects if line.get("view") == "mastering:new")
    assert (asked["request_id"], asked["status"]) == (request_id, 302)


@pytest.mark.parametrize(("path", "status"), [("/nowhere/", 404), ("/api/v1/masters", 401)])
def test_what_is_refused_is_told_once_with_the_number_of_its_request(kept, db, path, status):
    answer = Client().get(path)
    assert answer.status_code == status
    [line] = [line for line in kept.objects if line["level"] == "WARNING"]
    assert line["request_id"] == answer.headers["X-Request-ID"]


def test_a_request_is_told_by_its_view_and_the_objects_it_names(as_alice, finished, kept):
    as_alice.get(f"/masters/{finished.master_id}/")
    line = next(line for line in kept.objects if line.get("view") == "mastering:detail")
    assert (line["objects"], line["status"]) == (finished.master_id, 200)
    assert isinstance(line["milliseconds"], int)


def test_a_sentry_is_told_in_whose_name_an_error_was(told):
    with serving(Trace(request_id=(request_id := uuid4()), work="ver_1")):
        logging.getLogger("x").error("Broken")
    (event,) = told.events
    assert event["tags"] == {"request_id": request_id.hex, "work": "ver_1"}
    assert not {"user", "modules", "extra", "breadcrumbs"} & set(event)
