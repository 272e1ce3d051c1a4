"""The command `formcall`: a group of the commands in the other modules of this package.

``formcall --help`` imports all of these modules, so they import heavy ones inside functions.
"""

from __future__ import annotations

import click

from connector import __version__
from connector.cli.audit import audit
from connector.cli.batch import batch
from connector.cli.build import build, check
from connector.cli.console import console
from connector.cli.doctor import doctor
from connector.cli.evaluate import evaluate
from connector.cli.hook import hook
from connector.cli.keys import key
from connector.cli.mcp import mcp
from connector.cli.models import models
from connector.cli.new import new
from connector.cli.operate import backup, purge, usage
from connector.cli.providers import providers
from connector.cli.run import run
from connector.cli.serve import serve, worker
from connector.cli.tool import tool


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="formcall")
def main() -> None:
    """AI steps for no-code tools: classify, extract, summarize, answer with tools."""


main.add_command(serve)
main.add_command(worker)
main.add_command(mcp)
main.add_command(run)
main.add_command(batch)
main.add_command(evaluate)
main.add_command(new)
main.add_command(check)
main.add_command(build)
main.add_command(key)
main.add_command(console)
main.add_command(hook)
main.add_command(tool)
main.add_command(models)
main.add_command(providers)
main.add_command(usage)
main.add_command(audit)
main.add_command(purge)
main.add_command(backup)
main.add_command(doctor)

if __name__ == "__main__":
    main()
