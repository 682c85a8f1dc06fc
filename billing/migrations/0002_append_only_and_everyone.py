"""Close the ledger against change, and open an account for everyone who is here already."""

from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.state import StateApps

from billing.models import AppendOnly


def open_accounts(apps: StateApps, _: BaseDatabaseSchemaEditor) -> None:
    """Open them empty: the sweep gives the month's credits."""
    Account = apps.get_model("billing", "Account")
    User = apps.get_model("accounts", "User")
    users = User.objects.filter(billing_account=None).iterator()
    Account.objects.bulk_create((Account(user=user) for user in users), batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_accounts_and_ledger")]

    operations = [
        AppendOnly("Entry", unique=("id", "reason", "resolves_id")),
        migrations.RunPython(open_accounts, migrations.RunPython.noop),
    ]
