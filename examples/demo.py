"""Start the service with its embedded engine, send four inputs over HTTP, and print the answers.

It needs no key and no network. Its database and key are in a temporary folder, deleted at the end.
"""

from __future__ import annotations

import json
import os
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
MAX_SHOWN = 100


@contextmanager
def service() -> Iterator[tuple[str, str]]:
    """Run a service for the duration of the block; its address and API key."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        settings = {
            "FORMCALL_ENGINE": "local",
            "FORMCALL_DATA_DIR": folder,
            "FORMCALL_LOG": "off",
            "FORMCALL_DATABASE_URL": "",
            "FORMCALL_TEMPLATES": "",
        }
        environment = {**os.environ, **settings}
        command = [str(Path(sys.executable).with_name("formcall")), "serve", "--port", str(port)]
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True, cwd=folder
        ) as process:
            try:
                _wait_until_ready(process, port)
                key = Path(folder, "first-key").read_text(encoding="utf-8").strip()
                yield f"http://127.0.0.1:{port}", key
            finally:
                process.terminate()
                process.wait(timeout=START_SECONDS)


def _wait_until_ready(process: subprocess.Popen[str], port: int) -> None:
    """Wait until the service answers."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        try:
            requests.get(f"http://127.0.0.1:{port}/healthz", timeout=1).raise_for_status()
            return
        except requests.RequestException:
            time.sleep(0.05)
    raise SystemExit("The service did not start.")


def show(
    console: Console, action: str, form: dict[str, Any], answer: dict[str, Any], seconds: float
) -> None:
    """Print an action, its input, the main values of its answer, and how it was computed."""
    text = " ".join(str(form.get("text") or form.get("question")).split())
    if len(text) > MAX_SHOWN:
        text = f"{text[:MAX_SHOWN]}…"
    console.print(Text(f"\n{action}", style="bold"), Text(f"  {text}", style="dim"))
    table = Table(show_header=False, box=None, padding=(0, 2))
    table.add_column(style="cyan", no_wrap=True)
    table.add_column(overflow="fold")
    for name in SHOWN[action]:
        table.add_row(name, Text(_to_text(answer[name]) or "-"))
    console.print(table)
    summary = (
        f"engine {answer['engine']}, model {answer['model']}, {seconds * 1000:.0f} ms, "
        f"${answer['cost_usd']:.2f}"
    )
    console.print(Text(f"  {summary}", style="dim"))


def _to_text(value: Any) -> str:
    if not isinstance(value, dict):
        return str(value)
    return "\n".join(f"{key}: {'-' if entry is None else entry}" for key, entry in value.items())


def main() -> int:
    console = Console()
    with service() as (address, key), requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {key}"
        console.print(
            f"Formcall is running at {address} with its embedded engine. Sending four inputs "
            "from examples/inputs ..."
        )
        for action in SHOWN:
            form = json.loads((HERE / "inputs" / f"{action}.json").read_text(encoding="utf-8"))
            started = time.monotonic()
            response = session.post(f"{address}/v1/actions/{action}", json=form, timeout=60)
            if not response.ok:
                console.print(Text(f"{action} failed: {response.json()['detail']}", style="red"))
                return 1
            show(console, action, form, response.json(), time.monotonic() - started)
    console.print("\nNext: [bold]make serve[/bold] starts the service and prints your API key.")
    console.print("To ask a hosted model, set OPENAI_API_KEY first.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
