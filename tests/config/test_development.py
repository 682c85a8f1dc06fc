"""The mail page of one's own machine."""

import pytest
from django.core.mail import EmailMessage

from config import development


@pytest.fixture
def _development(settings, tmp_path):
    settings.DEVELOPMENT_MAIL = True
    settings.EMAIL_FILE_PATH = tmp_path / "mail"


def send(subject: str) -> None:
    body = "Go to http://localhost:8000/account/x/ <b>now</b>"
    development.MailBackend().send_messages([EmailMessage(subject, body, to=["a@example.com"])])


@pytest.mark.usefixtures("_development", "db")
def test_mails_can_be_read_newest_first_and_their_links_clicked(client, capsys):
    send("First")
    send("Second")
    page = client.get("/development/mail/").content.decode()
    assert page.index("Second") < page.index("First")
    assert '<a href="http://localhost:8000/account/x/"' in page
    assert "&lt;b&gt;now" in page, "a mail is text, not markup"
    assert "Second" in capsys.readouterr().out, "and it is printed"


@pytest.mark.usefixtures("_development")
def test_only_the_latest_mails_are_kept(settings, capsys, monkeypatch):
    monkeypatch.setattr(development, "MAILS_KEPT", 3)
    for number in range(5):
        send(str(number))
    assert len([*settings.EMAIL_FILE_PATH.iterdir()]) == 3


@pytest.mark.usefixtures("_development", "db")
def test_another_machine_does_not_see_the_mails(client):
    assert client.get("/development/mail/", REMOTE_ADDR="192.0.2.1").status_code == 404
    assert client.get("/development/mail/", REMOTE_ADDR="::1").status_code == 200


def test_without_the_switch_there_is_no_such_page(client, db):
    assert client.get("/development/mail/").status_code == 404
