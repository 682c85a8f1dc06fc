"""Headers on every answer."""

import pytest


@pytest.mark.parametrize("path", ["/account/login/", "/nothing/here/"])
def test_every_answer_carries_the_browsers_rules(client, db, path):
    headers = client.get(path).headers
    assert "script-src 'self'" in headers["Content-Security-Policy"].split("; ")  # in any order
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "microphone=()" in headers["Permissions-Policy"]


def test_the_operators_site_logs_in_by_the_front_door(client, db):
    assert client.get("/admin/login/").status_code == 302
    assert client.get("/admin/login/").url.startswith("/account/login/")
