"""What was written stays: database triggers, as a migration operation."""

from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

MESSAGE = "these rows are append-only"


class AppendOnly(Operation):
    """Refuse UPDATE and DELETE of a model's rows.

    SQLite drops triggers with the table when a later migration rebuilds it; such a migration must
    name this operation again. SQLite would also delete by ``INSERT OR REPLACE`` and tell no
    trigger, so an insert over an existing row is refused too; ``unique`` names its columns.
    """

    reversible = True

    def __init__(self, model_name: str, *, unique: tuple[str, ...]) -> None:
        self.model_name = model_name
        self.unique = unique

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__name__, [self.model_name], {"unique": self.unique}

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
        if schema_editor.connection.vendor == "sqlite":
            refuse = f"BEGIN SELECT RAISE(ABORT, '{MESSAGE}'); END"
            for deed in ("UPDATE", "DELETE"):
                schema_editor.execute(
                    f"CREATE TRIGGER {table}_no_{deed.lower()} BEFORE {deed} ON {table} {refuse}"
                )
            same = " OR ".join(f"{column} = NEW.{column}" for column in self.unique)
            exists = f"EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608
            schema_editor.execute(
                f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {exists} {refuse}"
            )
            return
        schema_editor.execute(
            f"CREATE OR REPLACE FUNCTION {table}_stays() RETURNS trigger LANGUAGE plpgsql AS $$ "
            f"BEGIN RAISE EXCEPTION '{MESSAGE}' USING ERRCODE = 'integrity_constraint_violation'; "
            "END $$"
        )
        schema_editor.execute(
            f"CREATE TRIGGER {table}_stays BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {table}_stays()"
        )

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,  # noqa: ARG002
    ) -> None:
        table = self._table(app_label, from_state)
        if schema_editor.connection.vendor == "sqlite":
            for deed in ("update", "delete", "replace"):
                schema_editor.execute(f"DROP TRIGGER {table}_no_{deed}")
            return
        schema_editor.execute(f"DROP TRIGGER {table}_stays ON {table}")
        schema_editor.execute(f"DROP FUNCTION {table}_stays()")

    def describe(self) -> str:
        return f"Make {self.model_name} append-only"

    def _table(self, app_label: str, state: ProjectState) -> str:
        return str(state.apps.get_model(app_label, self.model_name)._meta.db_table)
