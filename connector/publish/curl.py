"""docs/platforms/curl.md: a recipe for each action, for people and for importers that read a curl command.

    build(catalogue, public_url="https://...") -> {"docs/platforms/curl.md": bytes}
"""

from __future__ import annotations

import json
import shlex

from connector.catalogue import Action, Catalogue
from connector.publish.openapi import DEFAULT_URL
from connector.publish.operations import RUN_PATH
from connector.publish.samples import sample_input

PATH = "docs/platforms/curl.md"
_HEAD = """\
# A curl command for each action

Put your own address and API key into them. Tools that import a curl command (Appsmith, Postman, Insomnia, Make and others) take the first
of each pair as it is; the second sends the same as a form. Add `?sample=true` to the address to see the answer's shape for free.
```sh
export FORMCALL_KEY=fc_...
```
"""


def build(catalogue: Catalogue, *, public_url: str = "") -> dict[str, bytes]:
    """The page."""
    address = (public_url or DEFAULT_URL).rstrip("/")
    return {PATH: "".join([_HEAD, *(_recipe(action, address) for action in catalogue.values())]).encode()}


def as_json(action: Action, address: str) -> str:
    """The command that sends the first example of ``action`` as JSON."""
    body = json.dumps(sample_input(action), ensure_ascii=False)
    return _command(action, address, ["-H 'Content-Type: application/json'", f"-d {shlex.quote(body)}"])


def as_form(action: Action, address: str) -> str:
    """The same as a form."""
    fields = (f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in sample_input(action).items())
    return _command(action, address, [f"--data-urlencode {shlex.quote(field)}" for field in fields])


def _command(action: Action, address: str, rest: list[str]) -> str:
    first = f"curl -X POST {address}{RUN_PATH.format(action_id=action.id)}"
    return " \\\n  ".join([first, '-H "X-API-Key: $FORMCALL_KEY"', *rest])


def _recipe(action: Action, address: str) -> str:
    needed = ", ".join(f"`{name}`" for name, entry in action.form.items() if entry.required)
    others = ", ".join(f"`{name}`" for name, entry in action.form.items() if not entry.required)
    words = f"{action.summary} It needs {needed}, and takes {others}."
    return f"\n## {action.title}\n\n{words}\n{_block(as_json(action, address))}{_block(as_form(action, address))}"


def _block(command: str) -> str:
    return f"```sh\n{command}\n```\n"
