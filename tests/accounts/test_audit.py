"""The log of what staff did: sealed, unchangeable, and telling when it was touched all the same."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from accounts.models import AuditEntry, User
from accounts.services import audit


@pytest.fixture
def three(alice: User) -> list[AuditEntry]:
    return [
        audit.record("test.act", actor=alice, subject=alice, detail={"number": n}, address="::1")
        for n in range(3)
    ]


def test_each_entry_stands_on_the_one_before_it(three: list[AuditEntry], alice: User):
    assert [entry.previous for entry in three[1:]] == [entry.digest for entry in three[:2]]
    verdict = audit.verify()
    assert (verdict.entries, verdict.head, verdict.breaks) == (3, three[-1].digest, [])
    assert three[0].subject == f"accounts.user:{alice.pk}"


def test_an_empty_log_is_whole(db):
    assert audit.verify().breaks == []


@pytest.mark.parametrize(
    "deed",
    [
        lambda: AuditEntry.objects.update(act="nothing"),
        lambda: AuditEntry.objects.all().delete(),
        lambda: _run("UPDATE accounts_auditentry SET detail = ''"),
        lambda: _run("DELETE FROM accounts_auditentry"),
    ],
    ids=["update", "delete", "SQL update", "SQL delete"],
)
def test_it_cannot_be_changed(three: list[AuditEntry], deed):
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        deed()
    assert audit.verify().entries == 3


def test_it_cannot_be_replaced_on_sqlite(three: list[AuditEntry]):
    if connection.vendor != "sqlite":
        pytest.skip("only SQLite has INSERT OR REPLACE")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        _run("INSERT OR REPLACE INTO accounts_auditentry SELECT * FROM accounts_auditentry")


@pytest.mark.parametrize(
    ("sql", "told"),
    [
        ("UPDATE accounts_auditentry SET detail = '{}' WHERE id = %s", "does not say what was"),
        ("UPDATE accounts_auditentry SET actor_id = 99 WHERE id = %s", "does not say what was"),
        ("UPDATE accounts_auditentry SET address = '' WHERE id = %s", "does not say what was"),
        ("DELETE FROM accounts_auditentry WHERE id = %s", "does not follow"),
    ],
)
def test_whoever_changes_it_past_the_triggers_is_noticed(three: list[AuditEntry], sql, told):
    _lift_triggers()
    _run(sql, three[1].pk)
    assert any(told in line for line in audit.verify().breaks)
    with pytest.raises(CommandError, match="broken"):
        call_command("verify_audit", stdout=StringIO(), stderr=StringIO())


def test_an_end_that_was_cut_off_is_noticed_by_who_kept_the_head(three: list[AuditEntry]):
    out = StringIO()
    call_command("verify_audit", stdout=out)
    head = out.getvalue().split()[-1]
    assert head == three[-1].digest
    _lift_triggers()
    _run("DELETE FROM accounts_auditentry WHERE id = %s", three[-1].pk)
    assert audit.verify().breaks == []
    assert len(audit.verify(known_head=head).breaks) == 1


def test_two_who_write_at_once_take_turns(three: list[AuditEntry], alice: User, monkeypatch):
    """The other one's entry appears between reading the end of the chain and writing."""
    seal, others = AuditEntry.seal, list[AuditEntry]()

    def sealed_too_late(entry: AuditEntry) -> str:
        if not others:
            others.append(entry)
            others.append(audit.record("other.act", actor=alice))
        return seal(entry)

    monkeypatch.setattr(AuditEntry, "seal", sealed_too_late)
    mine = audit.record("my.act", actor=alice)
    monkeypatch.undo()
    assert mine.previous == others[1].digest
    assert audit.verify().breaks == []


def test_people_stand_in_it_by_their_numbers(alice: User):
    audit.record("test.act", actor=alice, subject=alice)
    row = AuditEntry.objects.values().get()
    assert alice.email not in str(row)


def _run(sql: str, *values: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


def _lift_triggers() -> None:
    table = AuditEntry._meta.db_table
    if connection.vendor == "sqlite":
        for deed in ("update", "delete"):
            _run(f"DROP TRIGGER {table}_no_{deed}")
    else:
        _run(f"DROP TRIGGER {table}_stays ON {table}")
