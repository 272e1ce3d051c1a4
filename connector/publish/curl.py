"""docs/platforms/curl.md: a curl command for each action, for people and for importers.

build(catalogue, public_url="https://...") -> {"docs/platforms/curl.md": bytes}
"""

from __future__ import annotations

import json
import shlex
import textwrap

from connector.catalogue import Action, Catalogue
from connector.publish.openapi import DEFAULT_URL
from connector.publish.operation import RUN_PATH
from connector.publish.samples import example_input

PATH = "docs/platforms/curl.md"
COLUMNS = 100
_HEAD = """\
# A curl command for each action

Replace the URL and the API key with your own. Tools that import a curl command (Appsmith, Postman,
Insomnia, Make and others) accept the first of each pair unchanged; the second sends the same as a
form. Add `?sample=true` to the URL to get a sample answer free of charge.
```sh
export FORMCALL_KEY=fc_...
```
"""


def build(catalogue: Catalogue, *, public_url: str = "") -> dict[str, bytes]:
    """The page."""
    base_url = (public_url or DEFAULT_URL).rstrip("/")
    sections = [_section(action, base_url) for action in catalogue.values()]
    return {PATH: "".join([_HEAD, *sections]).encode()}


def json_command(action: Action, base_url: str) -> str:
    """The command that sends the first example of ``action`` as JSON."""
    body = json.dumps(example_input(action), ensure_ascii=False)
    return _command(
        action, base_url, ["-H 'Content-Type: application/json'", f"-d {shlex.quote(body)}"]
    )


def form_command(action: Action, base_url: str) -> str:
    """The command that sends the first example of ``action`` as a form."""
    fields = (
        f"{name}={value if isinstance(value, str) else json.dumps(value)}"
        for name, value in example_input(action).items()
    )
    return _command(
        action, base_url, [f"--data-urlencode {shlex.quote(field)}" for field in fields]
    )


def _command(action: Action, base_url: str, options: list[str]) -> str:
    first = f"curl -X POST {base_url}{RUN_PATH.format(action_id=action.id)}"
    return " \\\n  ".join([first, '-H "X-API-Key: $FORMCALL_KEY"', *options])


def _section(action: Action, base_url: str) -> str:
    return "".join(
        [
            f"\n## {action.title}\n\n",
            textwrap.fill(f"{action.summary} {_fields(action)}", COLUMNS, break_on_hyphens=False),
            "\n",
            _code_block(json_command(action, base_url)),
            _code_block(form_command(action, base_url)),
        ]
    )


def _fields(action: Action) -> str:
    """The sentence on the fields of an action."""
    required = ", ".join(f"`{name}`" for name, entry in action.form.items() if entry.required)
    optional = ", ".join(f"`{name}`" for name, entry in action.form.items() if not entry.required)
    return f"It needs {required}, and takes {optional}." if required else f"It takes {optional}."


def _code_block(command: str) -> str:
    return f"```sh\n{command}\n```\n"
