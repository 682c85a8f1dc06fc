"""Finished work does not change: a database trigger, as a migration operation."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

MESSAGE = "finished work does not change"


class FreezeTerminalRows(Operation):
    """Refuse updates of the named columns of rows whose status is terminal.

    SQLite drops triggers with the table when a later migration rebuilds it; such a migration must
    name this operation again, which takes the place of the one before. The tests of the triggers
    tell when it was forgotten.
    """

    reversible = True

    def __init__(self, model_name: str, *, statuses: Sequence[str], columns: Sequence[str]) -> None:
        self.model_name = model_name
        self.statuses = statuses
        self.columns = columns

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        options = {"statuses": self.statuses, "columns": self.columns}
        return self.__class__.__name__, [self.model_name], options

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing: models do not know of triggers."""

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,  # noqa: ARG002
        to_state: ProjectState,
    ) -> None:
        table = self._table(app_label, to_state)
        statuses = ", ".join(f"'{status}'" for status in self.statuses)
        columns = ", ".join(self.columns)
        head = f"CREATE TRIGGER {table}_terminal BEFORE UPDATE OF {columns} ON {table} FOR EACH ROW"
        when = f"WHEN (OLD.status IN ({statuses}))"
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_terminal")
            schema_editor.execute(f"{head} {when} BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END")
            return
        schema_editor.execute(
            f"CREATE OR REPLACE FUNCTION {table}_terminal() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; "
            "END $$"
        )
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {table}_terminal ON {table}")
        schema_editor.execute(f"{head} {when} EXECUTE FUNCTION {table}_terminal()")

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,  # noqa: ARG002
    ) -> None:
        table = self._table(app_label, from_state)
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.execute(f"DROP TRIGGER {table}_terminal")
            return
        schema_editor.execute(f"DROP TRIGGER {table}_terminal ON {table}")
        schema_editor.execute(f"DROP FUNCTION {table}_terminal()")

    def describe(self) -> str:
        return f"Freeze finished rows of {self.model_name}"

    def _table(self, app_label: str, state: ProjectState) -> str:
        return str(state.apps.get_model(app_label, self.model_name)._meta.db_table)
