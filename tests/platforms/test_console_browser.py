"""The console in a browser: what a person does there, and rules that every page keeps."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.node_tools import check_lock, needed, node_in
from tests.support.running_service import serving
from tests.support.samples import ROOT, TICKET
from tests.support.upstream import FakeUpstream, flowing, function_call

PACKAGES = ROOT / "tests" / "platforms" / "console"
SHOTS = ROOT / "docs" / "screenshots"
_LINK = re.compile(r"http://\S+/console/start#\S+")
_REVIEWS = 4
_SUMMARY = "The council met on Monday and approved the new library, which opens in May."
_PAUSE_SECONDS = 0.05
_CONTACT = ["accounts@northwind.example"]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the browser saw, from the first start of a service on."""
    executable = needed("chromium", "chromium-browser", "google-chrome")
    node = node_in(PACKAGES)
    folder = tmp_path_factory.mktemp("console")
    shots = SHOTS if os.environ.get("CONSOLE_SCREENSHOTS") else folder
    shots.mkdir(exist_ok=True)
    with serving(folder, FORMCALL_ENGINE="local") as service:
        link = _LINK.findall(service.output_text())[0]
        for _ in range(_REVIEWS):
            service.post(body={**TICKET, "categories": "billing\nother", "review": "always"})
        command = [node, "browser.mjs", service.address, link, service.key, executable, str(shots)]
        done = subprocess.run(
            command, cwd=PACKAGES, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr + service.output_text()
        told = json.loads(done.stdout)
        views = f"{service.address}/v1/runs"
        told["view"] = requests.get(
            f"{views}/{told['run']}?include=feedback", headers=service.headers, timeout=60
        ).json()
        told["statuses"] = [
            run["status"]
            for run in requests.get(views, headers=service.headers, timeout=60).json()
            if run["id"] not in {told["run"]}
        ]
        told["log"] = service.output_text()
        told["link"] = link
    return told


@pytest.mark.slow
def test_a_person_from_the_first_start_to_a_correction(seen: Any) -> None:
    """The link of the first start signs in once; three boxes are filled; the run is corrected."""
    assert seen["after_link"].endswith("/console")
    assert not seen["link_in_history"]
    assert seen["log"].count(seen["link"].partition("#")[2]) == 1  # told once, and in no request
    assert (seen["marked"], seen["marked_after"]) == ("true", None)
    assert "This engine costs nothing." in seen["price"]
    assert seen["answer"] == "delivery"
    assert seen["address"].endswith(f"/console/actions/classify?run={seen['run']}")
    assert "invoices: charges and payments" in seen["curl"]
    assert "said that it is wrong" in seen["feedback"]
    assert seen["view"]["feedback"]["values"] == {"category": "other"}
    assert seen["evidence"] == ["NP-2041", "3 March 2026", "EUR", "1,240.50", *_CONTACT]
    assert seen["pasted"] == "billing: money\ndelivery: parcels: late ones\nother\nmore"
    assert seen["fields"].splitlines()[:3] == [
        "invoice_number text: the invoice's number",
        "issued date",
        "total money: the amount to pay",
    ]


@pytest.mark.slow
def test_reviews_by_keyboard(seen: Any) -> None:
    """Two keys decide: a letter that chooses, and Enter."""
    assert seen["decided"] == _REVIEWS
    assert "needs_review" not in seen["statuses"]
    assert seen["statuses"].count("failed") == 1


@pytest.mark.slow
def test_every_page_by_rules(seen: Any) -> None:
    """No serious finding of axe in light or dark, nothing to scroll sideways from 320 to 1,920 px,
    no page above 150 kB, no error of a script or of the policy, no request to another host."""
    assert len(seen["pages"]) >= 14
    assert seen["rules_passed"] >= 10
    assert seen["found"] == []
    assert seen["outside"] == []
    # a page that is not there is one of those that are judged
    assert [one for one in seen["broken"] if "404" not in one] == []


@pytest.mark.slow
def test_without_scripts(seen: Any) -> None:
    """Signing in leads back to the page that was wanted; a form is run and its answer is read."""
    assert seen["came_back"].endswith("/console/runs")
    assert seen["plain_answer"] == "delivery"


@pytest.mark.slow
def test_a_text_that_is_shown_while_it_is_written(tmp_path: Path) -> None:
    """Parts of a text are on the page before the rest is written; then the run is."""
    executable = needed("chromium", "chromium-browser", "google-chrome")
    node = node_in(PACKAGES)
    reply = function_call("summarize", {"summary": _SUMMARY})
    with FakeUpstream([flowing(reply, pause=_PAUSE_SECONDS)]) as upstream:
        variables = {"OPENAI_BASE_URL": upstream.base_url, "OPENAI_API_KEY": "sk-test-1234567890"}
        with serving(tmp_path, FORMCALL_ENGINE="openai", **variables) as service:
            command = [node, "live.mjs", service.address, service.key, executable]
            done = subprocess.run(
                command, cwd=PACKAGES, capture_output=True, text=True, timeout=120, check=False
            )
            assert done.returncode == 0, done.stdout + done.stderr + service.output_text()
    told = json.loads(done.stdout)
    assert told["summary"] == _SUMMARY
    parts = told["parts"]
    assert len(parts) > 1
    assert all(_SUMMARY.startswith(part) for part in parts)
    assert "?run=run_" in told["address"]


def test_the_packages_are_locked() -> None:
    check_lock(PACKAGES / "package-lock.json")


def test_the_pictures_of_the_documentation() -> None:
    """They are small, and the page of the console shows each."""
    page = Path(ROOT, "docs", "console.md").read_text(encoding="utf-8")
    shown = re.findall(r"\(screenshots/([\w-]+\.png)\)", page)
    assert shown
    for name in shown:
        assert (SHOTS / name).stat().st_size < 150_000, name
