"""Start the service with its embedded engine, send four real inputs to it over HTTP, and print the answers.

Needs no key and no network. Everything it makes (database, key) lies in a temporary folder and is gone at the end.
"""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table
from rich.text import Text

HERE = Path(__file__).resolve().parent
SHOWN = {
    "classify": ("category", "confidence", "reason", "runner_up"),
    "extract": ("data", "not_found_text"),
    "summarize": ("bullets_text", "word_count"),
    "answer_with_tools": ("answer", "value", "tools_used_text"),
}
START_SECONDS = 30


@contextmanager
def service() -> Iterator[tuple[str, str]]:
    """(address, API key) of a service that runs for as long as the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        own = {"FORMCALL_ENGINE": "local", "FORMCALL_DATA_DIR": folder, "FORMCALL_DATABASE_URL": "", "FORMCALL_TEMPLATES": ""}
        environment = {**os.environ, **own}
        command = [str(Path(sys.executable).with_name("formcall")), "serve", "--port", str(port)]
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, cwd=folder) as process:
            try:
                yield f"http://127.0.0.1:{port}", _wait(process, port)
            finally:
                process.terminate()
                process.wait(timeout=START_SECONDS)


def _wait(process: subprocess.Popen[str], port: int) -> str:
    """The key that the first start prints, once the service answers."""
    key = ""
    for line in process.stdout or ():
        if match := re.search(r"fc_[\w-]+", line):
            key = match[0]
            break
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=1).raise_for_status()
            return key
        except requests.RequestException:
            time.sleep(0.05)
    raise SystemExit("The service did not start.")


def show(console: Console, action: str, sent: dict[str, Any], answer: dict[str, Any], took: float) -> None:
    first = str(sent.get("text") or sent.get("question"))
    line = " ".join(first.split())
    console.print(Text(f"\n{action}", style="bold"), Text(f"  {line[:100]}…" if len(line) > 100 else f"  {line}", style="dim"))
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name in SHOWN[action]:
        value = answer[name]
        text = "\n".join(f"{key}: {'-' if one is None else one}" for key, one in value.items()) if isinstance(value, dict) else str(value)
        table.add_row(name, Text(text or "-"))
    console.print(table)
    bill = f"engine {answer['engine']}, model {answer['model']}, {took * 1000:.0f} ms, ${answer['cost_usd']:.2f}"
    console.print(Text(f"  {bill}", style="dim"))


def main() -> int:
    console = Console()
    with service() as (address, key), requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {key}"
        console.print(f"Formcall is running at {address} with its embedded engine. Sending four inputs from examples/inputs ...")
        for action in SHOWN:
            sent = json.loads((HERE / "inputs" / f"{action}.json").read_text(encoding="utf-8"))
            started = time.monotonic()
            response = session.post(f"{address}/v1/actions/{action}", json=sent, timeout=60)
            if not response.ok:
                console.print(Text(f"{action} failed: {response.json()['detail']}", style="red"))
                return 1
            show(console, action, sent, response.json(), time.monotonic() - started)
    console.print("\nNext: [bold]make serve[/bold] starts the service and prints your API key.")
    console.print("To ask a hosted model, set OPENAI_API_KEY first.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
