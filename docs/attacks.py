"""The page docs/security.md: what was tried against the service, from the marks of its tests.

A test with ``@pytest.mark.attack(attempt, result)`` tries the attempt and requires the result.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_INTRODUCTION = """\
# Security

{made_by}

[SECURITY.md](../SECURITY.md) says what is promised and
how to report a vulnerability. This page lists what was tried. Each row is a test that makes the
attempt and requires the result, and the whole suite runs before each release.

## Attempts and their results
"""
_END = """
## Histories under faults
`make simulate` runs seeded histories in one process: real runs, approvals, reviews, batches,
webhooks, retention and the real store (SQLite) on a simulated clock, with a simulated provider,
tools and receivers, and people who decide, two at once or too late. At moments that the seed
chooses the process dies, the answer to a commit is lost, the disk is full, the clock jumps, a reply
is lost or late, or a request or message is delivered twice. After each history:

- what was paid is what the ledger has and what the provider counted; nothing is reserved at rest,
- every accepted run has exactly one end, and its callers' answers are still there,
- every promised message arrived at least once, under one id,
- no budget was passed, and the counts of batches add up,
- a tool that changes something was called once at most and, where a person is asked, only if one
  approved it; of several decisions on a call one counts,
- an answer that is to be reviewed is given to nobody before one decision on it; then callers and
  messages get what was decided, and what nobody decides on ends when its time is over, not before,
- a run that waits for a person has nothing reserved, and only what has ended is deleted.

A seed replays exactly: `make simulate SEED=42 N=1`. `make simulate N=100000` runs for a night. The
tests plant faults, such as a message that a crash drops or a settlement at half, and require that
the simulation finds each of them.

## What the operator decides
- The first start shows its API key on a terminal only. Elsewhere it is in the private file
  `first-key` of the data folder. Move it to a safe place. The link to the [console](console.md)
  that it prints works once and for 10 minutes.
- `formcall purge --key NAME` erases all of a revoked key but the books (first with
  `--dry-run`). It does not change backups.
- The audit log says who created, changed or revoked keys, hooks and subscriptions, decided on a
  review or a tool call, signed in to the console, deleted or copied data, and which tool files were
  new or changed: `formcall audit`, or `GET /v1/audit` with the scope `admin`. It holds ids, names
  of keys, scopes, limits and network addresses, and no secret, text, note or address of a receiver.
  Nothing but its age removes an entry. The erasure of a key removes its network addresses from the
  log; that it existed and what was done with it stays.
- A callback that leads back to the service is refused (`loop`). A loop through another service ends
  at the rate of its key, 3,000 calls a minute unless `--rate` says otherwise, and at its budget.
- Without `FORMCALL_PUBLIC_URL`, browsers may call `/mcp` only from pages at an IP address or at
  localhost. Set it, or allow pages in `FORMCALL_ALLOW_ORIGINS`.
- `deploy/compose.yaml` runs everything without root, capabilities and a writable root, with limits.
"""


@dataclass(frozen=True)
class Attack:
    """An attempt, its result, and the test that shows it, as ``path::function``."""

    attempt: str
    result: str
    test: str


def attacks() -> list[Attack]:
    """All attempts that the tests are marked with, in the order of their files."""
    return [
        attack
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        for attack in _attacks_in(path)
    ]


def _attacks_in(path: Path) -> Iterator[Attack]:
    source = path.read_text(encoding="utf-8")
    if "mark.attack(" not in source:
        return
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef):
            for call in node.decorator_list:
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.attack":
                    attempt, result = (ast.literal_eval(argument) for argument in call.args)
                    name = f"{path.relative_to(ROOT).as_posix()}::{node.name}"
                    yield Attack(attempt, result, name)


def security_page(made_by: str) -> str:
    """The page as Markdown."""
    rows = [
        f"| {attack.attempt} | {attack.result} | `{attack.test.rpartition('::')[2]}` |"
        for attack in attacks()
    ]
    table = "\n".join(["| attempt | result | test |", "|---|---|---|", *rows])
    return f"{_INTRODUCTION.format(made_by=made_by)}{table}\n{_END}"
