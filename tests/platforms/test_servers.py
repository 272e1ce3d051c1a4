"""Real servers (``make test-servers``): every action over llama.cpp's server and LiteLLM's proxy.

What a server does not accept costs one call more, once; not in the next run, and not after a
restart of Formcall.
"""

from __future__ import annotations

import base64
import io
import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image

from connector.catalogue import load_catalogue
from connector.json_types import Json
from tests.support.model_actions import MODEL_ACTIONS
from tests.support.running_service import RunningService, free_port, serving
from tests.support.samples import ROOT, TICKET
from tests.support.server_environments import Relay, environment, running
from tests.support.upstream import FakeUpstream, Reply, Request, Script, function_call
from tests.support.upstream import function_calls as calls_of

CATALOGUE = load_catalogue()
KEY = "sk-servers-0a1b2c3d4e5f60718293a4b5c6d7e8f9"  # LiteLLM refuses to start with a short one
RUN_SECONDS = 900.0  # a hang guard; a small model writes one token a second on a busy machine
TRIES = 3  # the most calls of a run: a first, a repair, and one with more room
# what a model of 135 million parameters may end in: a right answer, or a word that it has none
HONEST = {"done", "invalid_output", "output_truncated", "incomplete", "max_steps"}
SMALL_MODEL = {"context": 4096, "max_output": 160, "price": {"input": 0, "output": 0}}

pytestmark = pytest.mark.servers


def picture() -> str:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "white").save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def form(action: str) -> Json:
    example = CATALOGUE[action].examples[0].input
    return {**example, "file": picture()} if action == "analyze_image" else dict(example)


def run(service: RunningService, action: str, fields: Json) -> Json:
    """The answer or the error of a run, however long it takes."""
    service_url = f"{service.address}/v1/actions/{action}"
    answer = requests.post(
        service_url, headers=service.headers, json={**fields, "wait_seconds": 100}, timeout=130
    )
    deadline = time.monotonic() + RUN_SECONDS
    body: Json = answer.json()
    while body["status"] in {"queued", "running"} and time.monotonic() < deadline:
        time.sleep(0.5)
        url = f"{service.address}/v1/runs/{body['id']}"
        body = requests.get(url, headers=service.headers, timeout=30).json()
    return body


def outcome(body: Json) -> str:
    return str(body.get("code") or body["status"])


@contextmanager
def formcall(folder: Path, relay: Relay, model: str, **variables: str) -> Iterator[RunningService]:
    with serving(
        folder,
        FORMCALL_ENGINE="openai",
        OPENAI_BASE_URL=f"{relay.address}/v1",
        OPENAI_API_KEY=KEY,
        FORMCALL_MODEL=model,
        FORMCALL_DEADLINE_SECONDS="600",
        **variables,
    ) as service:
        yield service


def environment_variables(**more: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", ""), **more}


# --- llama.cpp ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    python = environment("llama_cpp")
    port = free_port()
    script = ROOT / "tests" / "platforms" / "servers" / "llama_server.py"
    output = tmp_path_factory.mktemp("llama") / "output.txt"
    health = f"http://127.0.0.1:{port}/health"
    with (
        running([python, script, str(port)], health, output, environment_variables()),
        Relay(f"http://127.0.0.1:{port}") as relay,
    ):
        yield relay


def test_every_action_over_llama_cpp(llama: Relay, tmp_path: Path) -> None:
    """A model without function calls is asked for JSON by a schema from its second call on. Each
    run has a valid answer or an honest error."""
    rows = tmp_path / "models.yaml"
    rows.write_text(json.dumps({"models": {"smollm2": SMALL_MODEL}}), encoding="utf-8")
    variables = {"FORMCALL_MODELS": str(rows)}
    with formcall(tmp_path, llama, "smollm2", **variables) as service:
        key = service.key
        first = run(service, "classify", TICKET)
        assert (outcome(first), len(llama.calls)) == ("done", 2), first
        assert any("no function calls" in warning for warning in first["warnings"])
        assert first["cost_usd"] == 0
        del llama.calls[:]
        assert outcome(run(service, "classify", TICKET)) == "done"
        assert llama.calls == [200]
        found = {}
        for action in set(MODEL_ACTIONS) - {"classify", "analyze_image"}:
            before = len(llama.calls)
            body = run(service, action, form(action))
            steps = body.get("steps") or 0
            found[action] = (outcome(body), len(llama.calls) - before - steps)
        assert {code for code, _ in found.values()} <= HONEST, found
        assert max(calls for _, calls in found.values()) <= TRIES, found
        assert "done" in {code for code, _ in found.values()}, found
        no_images = run(service, "analyze_image", form("analyze_image"))
        assert outcome(no_images) == "provider_rejected"
        assert "reads no images" in no_images["detail"]
    del llama.calls[:]
    with formcall(tmp_path, llama, "smollm2", **variables) as service:
        service.key = key
        assert outcome(run(service, "classify", TICKET)) == "done"
        assert llama.calls == [200]


# --- LiteLLM --------------------------------------------------------------------------------------


def right_answer(request: Request) -> Reply:
    """The first example's calls of tools, then its answer, to any action."""
    offered = [_function(tool)["name"] for tool in request.body["tools"]]
    action = CATALOGUE[next(name for name in reversed(offered) if name in CATALOGUE)]
    example = action.examples[0]
    calls = [(call["tool"], call["arguments"]) for call in example.calls]
    if calls and not _has_results(request.body):
        return calls_of(*calls)(request)
    return function_call(action.id, example.output)(request)


def _function(tool: Json) -> Json:
    return dict(tool.get("function", tool))


def _has_results(body: Json) -> bool:
    turns: list[Any] = body.get("messages") or body["input"]
    return any(turn.get("role") == "tool" or "call_id" in turn for turn in turns)


@pytest.fixture(scope="module")
def litellm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Relay]:
    python = environment("litellm")
    folder = tmp_path_factory.mktemp("litellm")
    with ExitStack() as stack:
        up = stack.enter_context(FakeUpstream(Script([right_answer], repeat=True)))
        deployments = {"o4-mini": "openai/o4-mini", "local-llama": "hosted_vllm/local-llama"}
        models = [
            {
                "model_name": name,
                "litellm_params": {"model": route, "api_base": up.base_url, "api_key": "sk-up"},
            }
            for name, route in deployments.items()
        ]
        config = folder / "config.yaml"
        config.write_text(json.dumps({"model_list": models}), encoding="utf-8")
        port = free_port()
        program = "from litellm import run_server; run_server()"
        options = ["--config", str(config), "--host", "127.0.0.1", "--port", str(port)]
        # its list of prices is on the internet
        variables = environment_variables(
            LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_MASTER_KEY=KEY
        )
        health = f"http://127.0.0.1:{port}/health/liveliness"
        stack.enter_context(
            running([python, "-c", program, *options], health, folder / "output.txt", variables)
        )
        yield stack.enter_context(Relay(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize("model", ["o4-mini", "local-llama"])
def test_every_action_over_litellm(model: str, litellm: Relay, tmp_path: Path) -> None:
    """Over OpenAI's route and that of a local server, every action answers; the first run takes two
    calls at most, all others one, and so does the first after a restart."""
    with formcall(tmp_path, litellm, model) as service:
        key = service.key
        del litellm.calls[:]
        first = run(service, "classify", TICKET)
        assert outcome(first) == "done", first
        assert len(litellm.calls) <= 2
        del litellm.calls[:]
        for action in MODEL_ACTIONS:
            before = len(litellm.calls)
            body = run(service, action, form(action))
            assert outcome(body) == "done", body
            rounds = 2 if CATALOGUE[action].examples[0].calls else 1
            assert len(litellm.calls) - before == rounds, action
    del litellm.calls[:]
    with formcall(tmp_path, litellm, model) as service:
        service.key = key
        assert outcome(run(service, "classify", {**TICKET, "language": "English"})) == "done"
        assert litellm.calls == [200]


def test_a_name_that_litellm_does_not_have(litellm: Relay, tmp_path: Path) -> None:
    """The error says that the model is not there, and what the proxy says."""
    with formcall(tmp_path, litellm, "nosuch") as service:
        body = run(service, "classify", TICKET)
    assert outcome(body) == "model_unavailable", body
    assert "nosuch" in body["detail"]
