"""Run the fake as a process: `python -m tests.upstream --port 0 --delay 0.2 --reply '{"category": "billing"}'`.

Its base URL is the first line on standard output; SIGTERM or Ctrl-C ends it. With `--plain` nothing is checked or
recorded, for benchmarks. Without `--reply` the checked server makes up arguments that fit each request's schema.
"""

import argparse
import asyncio
import json
import signal
import sys
import threading
from contextlib import suppress
from typing import Any, NoReturn

from .plain import serve
from .replies import forced_call
from .script import Script
from .server import FakeUpstream


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.upstream", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--delay", type=float, default=0.0, help="seconds before each answer")
    parser.add_argument("--reply", type=json.loads, help="the arguments, as JSON, with which the function is called")
    parser.add_argument("--plain", action="store_true", help="no checks, no records: the fast path")
    options = parser.parse_args(arguments)
    if options.plain and options.reply is None:
        parser.error("--plain needs --reply")
    return options


def _announce(base_url: str) -> None:
    print(base_url, flush=True)


def _stop(number: int, frame: Any) -> NoReturn:
    raise KeyboardInterrupt


def main(arguments: list[str]) -> None:
    """Serve until stopped."""
    options = _options(arguments)
    signal.signal(signal.SIGTERM, _stop)
    with suppress(KeyboardInterrupt):
        if options.plain:
            asyncio.run(serve(options.reply, port=options.port, delay=options.delay, announce=_announce))
        script = None if options.reply is None else Script([forced_call(options.reply)], repeat=True)
        upstream = FakeUpstream(script, delay=options.delay).start(options.port)
        _announce(upstream.base_url)
        try:
            threading.Event().wait()
        finally:
            upstream.close()


if __name__ == "__main__":
    main(sys.argv[1:])
