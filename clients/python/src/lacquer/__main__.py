"""``python -m lacquer``."""

import sys

from lacquer.cli import main

sys.exit(main())
