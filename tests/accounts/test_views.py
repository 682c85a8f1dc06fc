"""The account page."""


def test_the_account_page_shows_the_address_and_saves_the_name(as_alice, alice):
    assert alice.email in as_alice.get("/account/").content.decode()
    assert as_alice.post("/account/", {"name": "Alice Liddell"}).url == "/account/"
    alice.refresh_from_db()
    assert alice.name == "Alice Liddell"


def test_the_form_changes_nothing_but_the_name(as_alice, alice):
    as_alice.post("/account/", {"name": "A", "email": "x@example.com", "is_staff": "on"})
    alice.refresh_from_db()
    assert (alice.email, alice.is_staff) == ("alice@example.com", False)


def test_a_name_too_long_is_refused(as_alice, alice):
    assert as_alice.post("/account/", {"name": "a" * 101}).status_code == 200
    alice.refresh_from_db()
    assert alice.name == ""


def test_a_stranger_is_sent_to_log_in(client, db):
    assert client.get("/account/").url == "/account/login/?next=/account/"
