"""Does what the test says, line by line, on the database at DATABASE_URL, and answers each line with JSON:

prepare         makes the tables and writes the rows
describe        the tables as Django declares them
dump MODEL...   all rows of each model as Django reads them
"""

import json
import os
import sys

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
django.setup()

# These need the settings.
from describe import describe  # noqa: E402
from dump import dump  # noqa: E402
from prepare import prepare  # noqa: E402

COMMANDS = {"prepare": prepare, "describe": describe, "dump": dump}

for line in sys.stdin:
    command, *arguments = line.split()
    print(json.dumps(COMMANDS[command](*arguments)), flush=True)
