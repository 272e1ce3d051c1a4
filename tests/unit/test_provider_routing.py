"""Several providers: which of them is asked, and which is asked instead."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from connector.engine.readiness import ReadinessChecker
from connector.errors import ProviderError
from connector.json_types import Json
from connector.providers.base import CallResult, Function, ModelRequest, Turn
from connector.providers.factory import make_provider
from connector.providers.hosted import client as client_module
from connector.providers.pricing.bounds import cost_bound
from connector.providers.pricing.models import load_models
from connector.providers.pricing.tokens import TokenCounter
from connector.providers.routing import ProviderRouter
from connector.settings import Settings
from tests.support.upstream import (
    FakeUpstream,
    ModelRow,
    Script,
    Step,
    Usage,
    automatic,
    billed,
    fault,
    json_reply,
)

MODELS = load_models()
SCHEMA: Json = {
    "type": "object",
    "properties": {"category": {"type": ["string", "null"], "enum": ["billing", "other", None]}},
    "required": ["category"],
    "additionalProperties": False,
}
CLASSIFY = Function("classify", "", SCHEMA)
KEYS = {"FIRST_KEY": "key-of-the-first", "SECOND_KEY": "key-of-the-second"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "_FIRST_WAIT", 0.002)


def asks(model: str = "o4-mini", *, seconds: float = 10.0, **changes: Any) -> ModelRequest:
    made = ModelRequest(
        model,
        "low",
        "Classify.",
        "Where is my invoice?",
        (CLASSIFY,),
        "classify",
        deadline=time.monotonic() + seconds,
        action="classify",
    )
    return replace(made, **changes)


def always(step: Step) -> Script:
    return Script([step], repeat=True)


@contextmanager
def two(
    folder: Path,
    first: Step = automatic,
    second: Step = automatic,
    *,
    keys: tuple[str, str] = ("", ""),
    more: tuple[str, str] = ("fallback: [second]", ""),
    rows: tuple[ModelRow, ...] = (),
    **settings: Any,
) -> Iterator[tuple[ProviderRouter, FakeUpstream, FakeUpstream]]:
    """A router over two servers; ``more`` are further lines of each in the file."""
    with ExitStack() as stack:
        a = stack.enter_context(FakeUpstream(always(first), api_key="key-of-the-first"))
        b = stack.enter_context(
            FakeUpstream(always(second), api_key="key-of-the-second", models=rows)
        )
        path = folder / "providers.yaml"
        path.write_text(
            f"providers:\n  first:\n    address: {a.base_url}\n    key_env: FIRST_KEY\n"
            f"    {more[0]}\n  second:\n    address: {b.base_url}\n    key_env: SECOND_KEY\n"
            f"    {more[1]}\n",
            encoding="utf-8",
        )
        router = make_provider(
            Settings(providers_file=path, provider_secrets=KEYS, **settings), MODELS, {}
        )
        assert isinstance(router, ProviderRouter)
        yield router, a, b
        for client in router.clients:
            if client._connected:
                client._connected.close()


def outcome(router: ProviderRouter, request: ModelRequest | None = None) -> str:
    """The provider that answered, or the code of the error."""
    try:
        return router.respond(request or asks()).provider
    except ProviderError as error:
        return error.code


def failure(router: ProviderRouter) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        router.respond(asks())
    return raised.value


def error_inside(request: Any) -> Any:
    """An error beside the tokens that the call used."""
    body = {
        "status": "failed",
        "error": {"code": "server_error", "message": "It broke."},
        "usage": {"input_tokens": 10, "output_tokens": 20},
    }
    return json_reply(body)


# what the first provider does -> who answers (or the error), without and with permission to pay
# twice, and the calls of the second provider
FAULTS = [
    ("answers", automatic, "first", "first"),
    ("is down", fault("unavailable"), "second", "second"),
    ("server error", fault("server_error"), "second", "second"),
    ("rate limit", fault("rate_limit", retry_after=30), "second", "second"),
    ("no credit", fault("quota"), "second", "second"),
    ("wrong key", fault("auth"), "second", "second"),
    ("forbidden", fault("forbidden"), "second", "second"),
    ("model gone", fault("model_gone"), "second", "second"),
    ("closed without an answer", fault("disconnect"), "provider_unavailable", "second"),
    ("no answer in time", fault("stall"), "provider_timeout", "second"),
    ("billed and failed", error_inside, "provider_unavailable", "provider_unavailable"),
    ("content filter", fault("content_filter"), "refused", "refused"),
    ("too long", fault("context"), "too_long", "too_long"),
    ("unreadable", fault("empty"), "provider_bad_reply", "provider_bad_reply"),
]


@pytest.mark.parametrize("pays_twice", [False, True])
@pytest.mark.parametrize("case", FAULTS, ids=[one[0] for one in FAULTS])
def test_who_answers_after_a_failure(
    tmp_path: Path, case: tuple[str, Step, str, str], pays_twice: bool
) -> None:
    """Another provider is asked when the first is down, out of quota, rate-limited, refuses the key
    or lacks the model; never after a call that may have been billed, unless paying twice is
    allowed; and not for what it would refuse as well."""
    name, step, once, twice = case
    expected = twice if pays_twice else once
    with two(tmp_path, step, retry_after_timeout=pays_twice, retired="error") as (router, a, b):
        assert outcome(router, asks(seconds=1.5 if name == "no answer in time" else 10)) == expected
        assert len(b.requests) == (expected == "second")
        assert all(up.errors == [] for up in (b,))
        assert len(a.requests) <= 2


def test_answer_names_the_provider_and_why(tmp_path: Path) -> None:
    """The answer of the second provider says that the first could not answer, and how."""
    with two(tmp_path, fault("quota")) as (router, _, _):
        reply = router.respond(asks())
    assert reply.provider == "second"
    assert reply.warnings[0] == (
        "The provider first could not answer (provider_quota), so second was asked instead, at its "
        "own price."
    )
    assert not reply.lost


def test_lost_call_is_said_to_be_lost_once(tmp_path: Path) -> None:
    """Where paying twice is allowed, the reply says that the earlier call may have been billed, and
    where; the second provider does not repeat its call again."""
    with two(tmp_path, fault("disconnect"), retry_after_timeout=True) as (router, a, _):
        reply = router.respond(asks())
        assert len(a.requests) == 1
    assert (reply.lost, reply.lost_at, reply.provider) == (True, "first", "second")
    broken = fault("disconnect")
    with two(tmp_path, broken, broken, retry_after_timeout=True) as (router, a, b):
        with pytest.raises(ProviderError) as raised:
            router.respond(asks())
        assert (len(a.requests), len(b.requests)) == (1, 1)
    assert raised.value.outcome_unknown


def test_unreachable_provider(tmp_path: Path) -> None:
    """A provider that nobody can reach is passed over for a while, so that the next calls do not
    wait for it; then it is asked first again."""
    with two(tmp_path) as (router, a, b):
        a.close()
        assert [outcome(router) for _ in range(3)] == ["second"] * 3
        first = router.clients[0]
        assert first.outcomes == {"provider_unavailable": 1}
        assert router.is_passed_over("first")
        assert not router.is_passed_over("second")
        router._passed_over.clear()
        assert outcome(router) == "second"
        assert first.outcomes == {"provider_unavailable": 2}
        assert len(b.requests) == 4


def test_all_providers_fail(tmp_path: Path) -> None:
    """The error is that of the last, and names those that were asked before."""
    with two(tmp_path, fault("quota"), fault("rate_limit", retry_after=30)) as (router, _, _):
        raised = failure(router)
    assert raised.code == "provider_rate_limited"
    assert raised.provider == "second"
    assert raised.detail.startswith("second: ")
    assert raised.detail.endswith("Asked before it: first (provider_quota).")


def test_fallback_is_a_list(tmp_path: Path) -> None:
    """Without a fallback list nobody else is asked."""
    with two(tmp_path, fault("quota"), more=("", "")) as (router, _, b):
        assert outcome(router) == "provider_quota"
        assert b.requests == []


def test_models_decide_who_is_asked(tmp_path: Path) -> None:
    """A call goes to the first provider that has the model, under its own name there; a model that
    none has is an error that says what to do."""
    row = ModelRow("prod-luna", efforts=("none", "low"), answers_as="gpt-6-luna")
    more = ("models: [o4-mini]", "models: {gpt-6-luna: prod-luna}")
    with two(tmp_path, more=more, rows=(row,)) as (router, a, b):
        assert outcome(router) == "first"
        reply = router.respond(asks("gpt-6-luna"))
        assert (reply.provider, reply.model, reply.warnings) == ("second", "gpt-6-luna", ())
        assert (len(a.requests), b.requests[0]["body"]["model"]) == (1, "prod-luna")
        with pytest.raises(ProviderError, match="No provider of the file") as raised:
            router.respond(asks("o3"))
        assert raised.value.code == "model_unavailable"
        with pytest.raises(ProviderError, match="No provider of the file"):
            router.billable_models("o3")


@pytest.mark.parametrize("step", [fault("auth"), fault("quota"), automatic])
def test_key_goes_to_its_provider_alone(tmp_path: Path, step: Step) -> None:
    """The key of one provider is never sent to the other, whoever answers."""
    with two(tmp_path, step) as (router, a, b):
        for _ in range(2):
            outcome(router)
            router._passed_over.clear()
        for up, own, other in ((a, "FIRST_KEY", "SECOND_KEY"), (b, "SECOND_KEY", "FIRST_KEY")):
            for sent in up.requests:
                assert sent["headers"]["authorization"] == f"Bearer {KEYS[own]}"
                assert KEYS[other] not in str(sent)
    assert len(a.requests) == 2


def test_no_secret_in_an_error(tmp_path: Path) -> None:
    """A server that quotes a key, its own or another's, does not make us quote it."""
    words = {"error": {"message": f"bad {' '.join(KEYS.values())}", "type": "x", "code": "x"}}
    with two(tmp_path, lambda request: json_reply(words, 400)) as (router, _, _):
        raised = failure(router)
    assert not any(secret in f"{raised} {raised.detail}" for secret in KEYS.values())


def test_conversation_stays_where_it_began(tmp_path: Path) -> None:
    """The next turn goes to the provider that answered the last, also when that is not the first,
    and its failure is not mended elsewhere."""
    with two(tmp_path) as (router, a, b):
        begun = router.respond(asks())
        results = tuple(CallResult(call.id, "Go on.") for call in begun.calls)
        a.script = always(fault("quota"))
        assert outcome(router, asks(turns=(Turn(begun, results),))) == "provider_quota"
        assert b.requests == []
        router._passed_over.clear()
        begun = router.respond(asks())
        assert begun.provider == "second"
        a.script = always(automatic)
        router._passed_over.clear()
        results = tuple(CallResult(call.id, "Go on.") for call in begun.calls)
        assert outcome(router, asks(turns=(Turn(begun, results),))) == "second"


def test_conversation_of_a_provider_that_is_gone(tmp_path: Path) -> None:
    """After a change of the file a conversation continues elsewhere, without what only its old
    provider can read."""
    with two(tmp_path) as (router, a, _):
        begun = replace(router.respond(asks()), provider="gone")
        assert begun.replay
        results = tuple(CallResult(call.id, "Go on.") for call in begun.calls)
        assert outcome(router, asks(turns=(Turn(begun, results),))) == "first"
        assert "encrypted_content" not in str(a.requests[-1]["body"]["input"])


def test_reservation_is_the_most_of_all(tmp_path: Path) -> None:
    """The bound of a call is that of the dearest provider that may be asked, and the reply is
    priced as the one that answered."""
    dear = "prices: {o4-mini: {input: 11, output: 44}}"
    counter = TokenCounter(exact=True)
    usage = Usage(100, 0, 10)
    step = billed(usage)
    for more in (("fallback: [second]", dear), (f"{dear}\n    fallback: [second]", "")):
        with two(tmp_path, step, step, more=more, retired="error") as (router, a, _):
            bound = cost_bound(router, MODELS, asks(), counter, may_be_billed_twice=False)
            assert bound is not None
            single = cost_bound(
                router.clients[0], MODELS, asks(), counter, may_be_billed_twice=False
            )
            other = cost_bound(
                router.clients[1], MODELS, asks(), counter, may_be_billed_twice=False
            )
            assert single and other
            costs = [single.max_nano_usd(), other.max_nano_usd()]
            assert bound.max_nano_usd() == max(costs)
            assert max(costs) == 10 * min(costs)
            paid = {}
            for script in (automatic, fault("quota")):
                a.script = always(billed(usage, script))
                reply = router.respond(asks())
                paid[reply.provider] = router.priced_row(reply).cost_nano_usd(reply.usage)
            cheap, expensive = sorted(paid.values(), key=lambda one: one or 0)
            assert (cheap, expensive) == (154_000, 1_540_000)
            assert paid["second" if more[1] else "first"] == expensive


def test_only_one_provider_has_batches(tmp_path: Path) -> None:
    """A provider batch goes to the first provider with a Batch API that has the model, stays there,
    and is bounded by its prices alone."""
    more = ("profile: generic\n    fallback: [second]", "profile: openai")
    with two(tmp_path, more=more) as (router, _, _):
        found = router.for_batches("o4-mini")
        assert found is not None
        assert (found[0].name, found[1]) == ("second", "o4-mini")
        assert router.for_batches("o4-mini", "first") is None
        assert router.for_batches("o4-mini", "gone") is None
        assert router.billable_models("o4-mini", "batch") == found[0].billable_models("o4-mini")


def test_readiness_of_each(tmp_path: Path) -> None:
    """The service is ready while one provider that may be asked has the model; each is listed."""
    with two(tmp_path, retired="error") as (router, a, b):
        settings = router._settings
        found = ReadinessChecker(settings, MODELS, router).check()
        assert found.ok
        assert [(one.name, one.ok) for one in found.providers] == [
            ("first", True),
            ("second", True),
        ]
        a.close()
        found = ReadinessChecker(settings, MODELS, router).check()
        assert found.ok
        assert found.detail.startswith("second: ")
        assert found.detail.endswith("Not ready: first.")
        assert "providers.first.address" in found.providers[0].detail
        b.close()
        assert not ReadinessChecker(settings, MODELS, router).check().ok
