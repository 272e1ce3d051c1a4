"""How commands report failures."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click

from connector.errors import FormcallError

P = ParamSpec("P")
T = TypeVar("T")


def report_errors(command: Callable[P, T]) -> Callable[P, T]:
    """Make a command print a ``FormcallError`` as a sentence and exit with status 1."""

    @wraps(command)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return command(*args, **kwargs)
        except FormcallError as error:
            print_error(error)
            sys.exit(1)

    return wrapper


def print_error(error: FormcallError) -> None:
    """Print the code, the sentence and the further field errors on standard error."""
    click.echo(f"{click.style(error.code, fg='red')}: {error.detail}", err=True)
    for entry in error.errors[1:]:
        click.echo(f"  {entry.field}: {entry.message}", err=True)
