"""One, two and more processes of one service on PostgreSQL: calls a second and CPU of a call.

Rounds alternate, so that the machine's own changes of speed count for all alike. No process is
pinned. The database, the provider and the load run on the same machine: with few cores they, and
not the service, set the limit.
"""

from __future__ import annotations

import json
import os
import secrets
import statistics
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.forwarding import run_round
from bench.report import Check, median_ratio, report
from bench.servers import Server, classify_form, formcall, ticket, upstream

DATABASE_SERVER = os.environ.get("BENCH_POSTGRESQL", "postgres@127.0.0.1:5432")
ROUNDS = 8
SECONDS = 3.0
CONNECTIONS = 64
DELAY = 0.05  # seconds of the provider
TARGETS = {"rate": 1.8, "cpu": 1.2}


@contextmanager
def new_database() -> Iterator[str]:
    """The URL of a new database, which is dropped at the end."""
    import psycopg

    name = f"formcall_bench_{secrets.token_hex(6)}"
    with psycopg.connect(f"postgresql://{DATABASE_SERVER}/postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
        try:
            yield f"postgresql+psycopg://{DATABASE_SERVER}/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def main() -> int:
    counts = [1, *sorted({2, len(os.sched_getaffinity(0))} - {1})]
    body = json.dumps({"text": ticket(), **classify_form()}).encode()
    servers: dict[int, Server] = {}
    with ExitStack() as stack:
        base_url = stack.enter_context(upstream(DELAY))
        for count in counts:
            url = stack.enter_context(new_database())
            running = formcall(base_url, database_url=url, processes=count, core=None)
            servers[count] = stack.enter_context(running)
            run_round(servers[count], body, CONNECTIONS, SECONDS)  # warm-up, not counted
        for _ in range(ROUNDS):
            for server in servers.values():
                load, cpu_ms = run_round(server, body, CONNECTIONS, SECONDS)
                server.rates.append(load.rate)
                server.cpu_ms.append(cpu_ms)
    for count, server in servers.items():
        rate, cpu_ms = statistics.median(server.rates), statistics.median(server.cpu_ms)
        print(f"{count} processes: {rate:.0f} calls/s, {cpu_ms:.2f} ms of CPU a call")
    one, two = servers[1], servers[2]
    return report(
        [
            Check(
                "rate of two processes to that of one",
                median_ratio(two.rates, one.rates),
                TARGETS["rate"],
                at_least=True,
            ),
            Check("CPU of a call", median_ratio(two.cpu_ms, one.cpu_ms), TARGETS["cpu"]),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
