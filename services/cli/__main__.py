"""`python -m services.cli`, which `./redwell` runs."""

from services.cli.app import app

app(prog_name="redwell")
