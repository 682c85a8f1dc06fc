from django.db import migrations

from references.models import FreezeTerminalRows


class Migration(migrations.Migration):

    dependencies = [('mastering', '0001_initial')]

    operations = [
        FreezeTerminalRows(
            'version',
            statuses=['SUCCEEDED', 'FAILED', 'CANCELED'],
            columns=[
                'status', 'attempts', 'error_code', 'error_detail', 'master_id', 'number', 'settings', 'report',
                'provenance', 'loudness_lufs', 'true_peak_dbtp', 'engine_version', 'outputs', 'finished',
            ],
        ),
    ]
