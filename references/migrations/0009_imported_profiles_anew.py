"""Profiles that were added before they told what was found in their sound count as not checked."""

from typing import Any

from django.db import migrations


def read_anew(apps: Any, _: Any) -> None:
    """Forget how far to trust them: the next sweep takes their numbers anew."""
    apps.get_model("references", "Reference").objects.filter(origin="PROFILE").update(trust=None)


class Migration(migrations.Migration):
    dependencies = [("references", "0008_runs_groups_sizes")]

    operations = [migrations.RunPython(read_anew, migrations.RunPython.noop, elidable=True)]
