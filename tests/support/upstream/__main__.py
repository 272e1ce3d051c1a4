"""Run the fake as a process: `python -m tests.support.upstream --port 0 --delay 0.2 --reply
'{"category": "billing"}'`.

Its base URL is the first line on standard output; SIGTERM or Ctrl-C ends it. With `--plain` nothing
is checked or recorded, for benchmarks. Without `--reply` the checked server makes up arguments that
fit each request's schema. For a long load: `--errors 0.03 --limited 0.02 --seed 7 --jitter --log
calls.jsonl --marker 'row-\\d+' --usage 412/96`.
"""

import argparse
import asyncio
import json
import signal
import sys
import threading
from contextlib import suppress
from typing import Any, NoReturn

from tests.support.upstream.load import Chance, Log
from tests.support.upstream.plain import serve
from tests.support.upstream.replies import forced_call
from tests.support.upstream.script import Script
from tests.support.upstream.server import FakeUpstream
from tests.support.upstream.wire import Usage, dearest

JITTER = 0.5


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.upstream", description=(__doc__ or "").partition("\n")[0]
    )
    add = parser.add_argument
    add("--port", type=int, default=0, help="0 takes a free one")
    add("--delay", type=float, default=0.0, help="seconds before each answer")
    add(
        "--slow", default="", help="with --plain: only requests with these words wait for the delay"
    )
    add(
        "--jitter",
        type=float,
        nargs="?",
        const=JITTER,
        default=0.0,
        help="spread of the delay: 0.5 is 50 to 150 %%",
    )
    add(
        "--reply", type=json.loads, help="the arguments, as JSON, with which the function is called"
    )
    add(
        "--usage",
        type=_usage,
        help="tokens that each reply says it cost, INPUT/OUTPUT; OUTPUT may be max",
    )
    add("--errors", type=float, default=0.0, help="share of requests answered 500 or 503")
    add(
        "--limited",
        type=float,
        default=0.0,
        help="share of requests answered 429 with Retry-After 1",
    )
    add("--seed", type=int, help="the same seed gives the same fates")
    add(
        "--log",
        help="a file that gets one JSON line when a model is asked and one when it has answered",
    )
    add("--marker", help="a regular expression: what the log finds with it in the user's text")
    add("--batch-seconds", type=float, default=0.0, help="how long a batch takes")
    add("--plain", action="store_true", help="no checks, no records, no batches: the fast path")
    options = parser.parse_args(arguments)
    if options.plain and options.reply is None:
        parser.error("--plain needs --reply")
    if options.plain and options.usage and options.usage.output is None:
        parser.error("--plain does not read limits: give --usage a number of output tokens")
    return options


def _usage(text: str) -> Usage:
    got, _, spent = text.partition("/")
    return dearest(int(got)) if spent == "max" else Usage(int(got), 0, int(spent))


def _chance(options: argparse.Namespace) -> Chance | None:
    shares = options.errors, options.limited, options.jitter
    return Chance(*shares, options.seed) if any(shares) else None


def _announce(base_url: str) -> None:
    print(base_url, flush=True)


def _stop(number: int, frame: Any) -> NoReturn:
    raise KeyboardInterrupt


def main(arguments: list[str]) -> None:
    """Serve until stopped."""
    options = _options(arguments)
    common = {
        "delay": options.delay,
        "usage": options.usage,
        "chance": _chance(options),
        "log": Log(options.log, options.marker) if options.log else None,
    }
    signal.signal(signal.SIGTERM, _stop)
    with suppress(KeyboardInterrupt):
        if options.plain:
            asyncio.run(
                serve(
                    options.reply,
                    port=options.port,
                    announce=_announce,
                    slow=options.slow,
                    **common,
                )
            )
        script = (
            None if options.reply is None else Script([forced_call(options.reply)], repeat=True)
        )
        upstream = FakeUpstream(script, batch_seconds=options.batch_seconds, **common).start(
            options.port
        )
        _announce(upstream.base_url)
        try:
            threading.Event().wait()
        finally:
            upstream.close()


if __name__ == "__main__":
    main(sys.argv[1:])
