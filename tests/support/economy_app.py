"""A process that polls economy batches, for tests that kill it: ``python -m
tests.support.economy_app '{"settings": ..., "rows": 20}'``.

With ``rows`` it takes in a batch of so many first. It says ``ready`` once it carries out jobs;
SIGTERM stops it as a service stops.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from connector.batches.provider.context import PollInterval
from connector.batches.request import read_batch_request
from connector.service import build_service
from connector.settings import Settings

FIXED = {"categories": "billing: invoices and charges\ntechnical: errors and crashes"}


def main(options: dict[str, Any]) -> None:
    settings = options["settings"]
    shop = build_service(Settings(**{**settings, "data_dir": Path(settings["data_dir"])}))
    shop.provider_batches.poll_interval = PollInterval(first=0.1, longest=0.5, creation_grace=0.5)
    shop.launch()
    if count := options.get("rows"):
        key, _ = shop.keys.create("test")
        cells = [{"text": f"I was charged twice, row {number}."} for number in range(count)]
        shop.batch_runner.add(
            key,
            read_batch_request(
                {"action": "classify", "rows": cells, "fixed": FIXED, "economy": True}
            ),
        )
    print("ready", flush=True)
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())
    ended.wait()
    shop.stop(5)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
