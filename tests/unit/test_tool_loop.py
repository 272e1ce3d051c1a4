"""The tool loop: tools run in parallel and only where allowed, limits hold, and the trace lists
executed calls."""

from __future__ import annotations

import json
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from connector.catalogue import Catalogue, load_catalogue, read_action_file
from connector.engine import tool_calls
from connector.engine import tool_loop as loop
from connector.engine.allowance import MAX_TOKENS
from connector.engine.checkpoint import RESULT_UNKNOWN, Checkpoint, Decision, NullCheckpoints
from connector.engine.engine import Engine, Outcome
from connector.engine.window import MIN_OUTPUT_TOKENS
from connector.errors import ProviderError
from connector.json_types import Json
from connector.providers.base import Call, ModelRequest, Reply, Usage
from connector.providers.hosted.client import OpenAIProvider
from connector.providers.pricing.models import load_models
from connector.providers.scripted import ScriptedProvider
from connector.settings import Settings
from connector.tools import TOOLS, Tool, Toolbox, ToolContext, ToolError, tool
from connector.tools.toolbox import DECLARED
from tests.support.guards import hang_guard
from tests.support.upstream import FakeUpstream, function_call, function_calls, text

CATALOGUE = load_catalogue()
MODELS = load_models()
ACTION = "answer_with_tools"
FORM: Json = {"question": "What is 15% of 1240.50?", "tools": "calculate"}
FINAL: Json = {"answer": "It is 186.075.", "value": "186.075", "found": True, "quotes": []}
SUM: Json = {"expression": "15 / 100 * 1240.50"}


class Says:
    """A provider that gives these replies, one a request; after the last one it repeats it. An
    exception is raised."""

    def __init__(self, *replies: Reply | Exception, engine: str = "openai") -> None:
        self.engine = engine
        self.replies = deque(replies)
        self.requests: list[ModelRequest] = []

    def respond(self, request: ModelRequest) -> Reply:
        self.requests.append(request)
        reply = self.replies.popleft() if len(self.replies) > 1 else self.replies[0]
        if isinstance(reply, Exception):
            raise reply
        return reply

    def told(self, turn: int = -1) -> dict[str, str]:
        """What the model was told of each call of a turn, by the call's id."""
        return {result.call_id: result.output for result in self.requests[-1].turns[turn].results}


def calls(*pairs: tuple[str, Any], **reply: Any) -> Reply:
    """A reply that makes these calls; arguments that are a text are taken as they are."""
    made = tuple(
        Call(f"call_{n}", name, given if isinstance(given, str) else json.dumps(given))
        for n, (name, given) in enumerate(pairs)
    )
    return Reply(
        **{
            "model": "o4-mini",
            "effort": "medium",
            "usage": Usage(100, output=10),
            "calls": made,
            **reply,
        }
    )


def final(**changes: Any) -> Reply:
    """The reply that answers."""
    return calls((ACTION, {**FINAL, **changes}))


def run(
    provider: Any,
    *,
    action: str = ACTION,
    catalogue: Catalogue = CATALOGUE,
    settings: Settings | None = None,
    **form: Any,
) -> Outcome:
    """One run with the usual question."""
    asked = {**FORM, **form} if action == ACTION else form
    return Engine(catalogue, provider, MODELS, settings or Settings()).run(action, asked)


TOOLBOX = """
title: Toolbox
summary: Answers with tools of its own.
group: answers
effort: low
tools: [{names}]
fields:
  question: {{type: text, label: Question, required: true}}
  max_steps: {{type: integer, label: Max steps, min: 1, max: 60, default: 8}}
returns:
  answer: {{type: text}}
  tools_used: {{type: list, fill: tools_used}}
  steps: {{type: integer, fill: steps}}
  trace: {{type: list, fill: trace}}
instructions: Answer with the tools.
message: "{{{{ question }}}}"
examples:
  - {{name: one, input: {{question: "Why?"}}, output: {{answer: Because.}}}}
"""
BOTH = ("input", "output")
ANSWERS: Json = {"answer": "Because."}


@pytest.fixture
def toolbox(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[..., Outcome]]:
    """Makes an action of these tools and gives what runs it."""

    def made(*tools: Tool) -> Callable[..., Outcome]:
        for one in tools:
            monkeypatch.setitem(TOOLS, one.name, one)
        listed = ", ".join(one.name for one in tools)
        action = read_action_file("toolbox", TOOLBOX.format(names=listed), file="toolbox.yaml")

        def runs(
            provider: Any, settings: Settings | None = None, question: str = "Why?"
        ) -> Outcome:
            return run(
                provider,
                action="toolbox",
                catalogue=Catalogue([action]),
                settings=settings,
                question=question,
            )

        return runs

    return made


# --- at once --------------------------------------------------------------------------------------


def test_calls_of_a_round_overlap(toolbox: Any) -> None:
    """Calls of one reply run at the same time, and each result goes to its own call, in the order
    of the calls."""
    both = threading.Barrier(2, timeout=60)

    @tool("Waits for the other.")
    def left(name: str) -> str:
        both.wait()
        time.sleep(0.05)
        return f"left {name}"

    @tool("Waits for the other.")
    def right(name: str) -> str:
        both.wait()
        return f"right {name}"

    asked = Says(
        calls(("left", {"name": "a"}), ("right", {"name": "b"})), calls(("toolbox", ANSWERS))
    )
    outcome = toolbox(left, right)(asked)
    assert outcome.ok
    assert list(asked.told().items()) == [("call_0", "left a"), ("call_1", "right b")]
    assert [(step["tool"], step["step"], step["ok"]) for step in outcome.values["trace"]] == [
        ("left", 1, True),
        ("right", 1, True),
    ]
    assert (outcome.values["tools_used"], outcome.values["steps"]) == (["left", "right"], 1)


def test_runs_share_no_tools_and_no_results(toolbox: Any) -> None:
    """Many runs at once each get the results of their own calls."""

    @tool("Says it again.")
    def again(word: str, context: ToolContext) -> str:
        time.sleep(0.002)
        return f"{word} of {context.values['question']}"

    runs = toolbox(again)

    class Echo:
        engine = "openai"

        def respond(self, request: ModelRequest) -> Reply:
            if not request.turns:
                return calls(("again", {"word": "same"}))
            return calls(("toolbox", {"answer": request.turns[0].results[0].output}))

    with ThreadPoolExecutor(16) as pool:
        for number, outcome in enumerate(
            pool.map(lambda number: runs(Echo(), question=str(number)), range(64))
        ):
            assert outcome.values["answer"] == f"same of {number}"
            assert len(outcome.values["trace"]) == 1


# --- what goes wrong with a call ------------------------------------------------------------------


def test_failing_tool_is_told_and_the_other_result_kept(toolbox: Any) -> None:
    """A tool that cannot do it says why to the model, one that breaks says only that it did; the
    others' results stand."""

    @tool("Works.")
    def works(name: str) -> str:
        return f"done {name}"

    @tool("Cannot.")
    def cannot(name: str) -> str:
        raise ToolError(f"there is no {name}")

    @tool("Breaks.")
    def breaks(name: str) -> str:
        raise RuntimeError("/secret/path and its insides")

    asked = Says(
        calls(("works", {"name": "a"}), ("cannot", {"name": "b"}), ("breaks", {"name": "c"})),
        calls(("toolbox", ANSWERS)),
    )
    outcome = toolbox(works, cannot, breaks)(asked)
    assert asked.told() == {
        "call_0": "done a",
        "call_1": "Error: there is no b.",
        "call_2": "Error: the tool failed (RuntimeError).",
    }
    assert [(step["tool"], step["ok"]) for step in outcome.values["trace"]] == [
        ("works", True),
        ("cannot", False),
        ("breaks", False),
    ]
    assert "secret" not in json.dumps(outcome.to_json())


@pytest.mark.parametrize(
    ("name", "arguments", "words"),
    [
        ("no_such_tool", {}, "there is no tool no_such_tool; the tools are calculate"),
        ("x" * 10_000, {}, "there is no tool xxx"),
        ("", {}, "there is no tool"),
        ("dates", {"operation": "today"}, "there is no tool dates"),
        ("Calculate", SUM, "there is no tool Calculate"),
        ("calculate", "", "not JSON"),
        ("calculate", "{", "not JSON"),
        ("calculate", "[]", "not a JSON object"),
        ("calculate", '{"expression": "1", "expression": "2"}', "key twice"),
        ("calculate", '{"expression": NaN}', "NaN"),
        ("calculate", "[" * 100_000, "not JSON"),
        ("calculate", {}, "expression is missing"),
        ("calculate", {"expression": 5}, "expression must be string"),
        ("calculate", {"expression": None}, "expression must be string"),
        ("calculate", {"expression": ["1"]}, "expression must be string"),
        (
            "calculate",
            {"expression": "1", "context": {"values": {}}},
            "there is no argument context",
        ),
    ],
)
def test_call_that_cannot_be_made(name: str, arguments: Any, words: str) -> None:
    """A call of a tool that is not there, not allowed or not well called is not made: the model
    hears why, the trace is silent."""
    asked = Says(calls((name, arguments)), final())
    outcome = run(asked)
    assert outcome.ok
    (told,) = asked.told().values()
    assert told.startswith("Error: ")
    assert words in told
    assert len(told) < 300
    assert (outcome.values["trace"], outcome.values["tools_used"], outcome.values["steps"]) == (
        [],
        [],
        0,
    )


def test_same_call_is_made_once(toolbox: Any) -> None:
    """A call that is made again, in the same round or a later one, is answered from the first; the
    trace has it once."""
    made = []

    @tool("Counts.")
    def counts(name: str) -> str:
        made.append(name)
        return f"{len(made)}"

    a, b = ("counts", {"name": "a"}), ("counts", {"name": "b"})
    asked = Says(
        calls(a, a, b), calls(a), calls(b, ("counts", {"name": "c"})), calls(("toolbox", ANSWERS))
    )
    outcome = toolbox(counts)(asked)
    assert sorted(made) == ["a", "b", "c"]
    assert asked.told(0)["call_0"] == asked.told(0)["call_1"] == asked.told(1)["call_0"]
    assert [
        (step["step"], json.loads(step["input"])["name"]) for step in outcome.values["trace"]
    ] == [(1, "a"), (1, "b"), (3, "c")]
    assert outcome.values["steps"] == 3


def test_a_call_that_had_started_before_a_crash_is_not_made_when_it_is_repeated() -> None:
    """An attempt that finds a call started by an earlier one tells the model that its result is
    unknown, and says so again, without making the call, when the model repeats it."""
    made = []

    @tool("Books a seat.", writes=True)
    def books(seat: int) -> str:
        made.append(seat)
        return f"Seat {seat} is booked."

    one, two = ("books", {"seat": 1}), ("books", {"seat": 2})

    class Stored(NullCheckpoints):
        def load(self) -> tuple[Checkpoint, Decision | None] | None:
            return Checkpoint(rounds=1, calls=1, reply=calls(one), started=[0]), None

    asked = Says(calls(one), calls(two, one), final())
    action = replace(CATALOGUE[ACTION], tools=(DECLARED,))
    engine = Engine(
        Catalogue([action]),
        asked,
        MODELS,
        Settings(),
        Toolbox({"books": replace(books, title="B")}),
    )
    again = engine.prepare(ACTION, {"question": "Why?", "tools": "books", "approve": "never"})
    again.checkpoints = Stored()
    outcome = engine.execute(again)
    assert (outcome.status, made) == ("done", [2])
    for turn in (0, 1):
        assert RESULT_UNKNOWN in asked.told(turn)["call_0"]
    assert RESULT_UNKNOWN in asked.told(2)["call_1"]
    assert [step["ok"] for step in outcome.values["trace"]] == [False, True]


def test_tool_slower_than_its_seconds(toolbox: Any) -> None:
    """Tools that take too long are given up together, each after its own seconds, and told so;
    nobody waits for them again."""
    go = threading.Event()

    @tool("Sleeps.", seconds=0.2)
    def sleeps(name: str) -> str:
        go.wait(60)
        return "awake"

    @tool("Is quick.", seconds=30)
    def quick(name: str) -> str:
        return f"quick {name}"

    same = ("sleeps", {"name": "a"})
    asked = Says(
        calls(
            same,
            ("sleeps", {"name": "b"}),
            ("sleeps", {"name": "c"}),
            same,
            ("quick", {"name": "d"}),
        ),
        calls(same),
        calls(("toolbox", ANSWERS)),
    )
    outcome = toolbox(sleeps, quick)(asked)
    go.set()  # until here the tools hang, so the run did not wait for them
    late = "Error: sleeps took longer than 0.2 seconds."
    assert list(asked.told(0).values()) == [late, late, late, late, "quick d"]
    assert asked.told(1) == {"call_0": late}
    assert [(step["tool"], step["step"], step["ok"]) for step in outcome.values["trace"]] == [
        ("sleeps", 1, False)
    ] * 3 + [("quick", 1, True)]


def test_tool_that_never_began_is_not_in_the_trace(
    toolbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With every worker taken a call may not begin in time: it is told so and is no step; asked
    again it may still be made."""
    go = threading.Event()
    pool = ThreadPoolExecutor(1)
    monkeypatch.setattr(tool_calls, "_executor", pool)
    made = []

    @tool("Waits.", seconds=1)
    def waits(name: str) -> str:
        made.append(name)
        if name == "first":
            go.wait(10)
        return f"did {name}"

    second = ("waits", {"name": "second"})

    class Frees(Says):
        def respond(self, request: ModelRequest) -> Reply:
            if request.turns:
                go.set()
            return super().respond(request)

    asked = Frees(
        calls(("waits", {"name": "first"}), second, second),
        calls(second),
        calls(("toolbox", ANSWERS)),
    )
    outcome = toolbox(waits)(asked)
    pool.shutdown()
    assert list(asked.told(0).values()) == [
        "Error: waits took longer than 1 seconds.",
        *["Error: waits could not be started in time."] * 2,
    ]
    assert asked.told(1) == {"call_0": "did second"}
    assert made == ["first", "second"]
    assert [(step["step"], step["ok"]) for step in outcome.values["trace"]] == [
        (1, False),
        (2, True),
    ]


def test_large_output_is_cut(toolbox: Any) -> None:
    """What a tool says at length is cut before the model pays for it."""

    @tool("Talks.")
    def talks(name: str) -> str:
        return name * 1_000_000

    asked = Says(calls(("talks", {"name": "x"})), calls(("toolbox", ANSWERS)))
    outcome = toolbox(talks)(asked)
    assert len(asked.told()["call_0"]) < 9_000
    assert len(outcome.values["trace"][0]["output"]) < 9_000


# --- limits ---------------------------------------------------------------------------------------


def incomplete(outcome: Outcome, words: str) -> None:
    """The run ended at a limit, is not done, gives no values, and keeps its bill and its trace."""
    assert (outcome.ok, outcome.status, outcome.values, outcome.result) == (
        False,
        "incomplete",
        {},
        "",
    )
    assert outcome.error is not None
    assert outcome.error.code == "max_steps"
    assert words in outcome.error.detail
    assert outcome.usage.input > 0


def each_time(name: str = "calculate") -> Callable[[ModelRequest], Reply]:
    """A model that calls a tool with something new each time, for ever."""
    return lambda request: calls((name, {"expression": f"{len(request.turns)} + 1"}))


class Does:
    """A provider that answers by this function."""

    engine = "openai"

    def __init__(self, answer: Callable[[ModelRequest], Reply]) -> None:
        self.answer = answer
        self.requests: list[ModelRequest] = []

    def respond(self, request: ModelRequest) -> Reply:
        self.requests.append(request)
        return self.answer(request)


@pytest.mark.parametrize("steps", [1, 2, 8])
def test_max_steps(steps: int) -> None:
    """After the allowed rounds one more reply may answer; one that asks for tools again makes the
    run incomplete, never done."""
    asked = Does(each_time())
    outcome = run(asked, max_steps=steps)
    incomplete(outcome, "1 step." if steps == 1 else f"{steps} steps")
    assert len(asked.requests) == steps + 1
    assert outcome.error is not None
    assert [step["step"] for step in outcome.error.extra["trace"]] == list(range(1, steps + 1))

    def answers_at_last(request: ModelRequest) -> Reply:
        return final() if len(request.turns) == steps else each_time()(request)

    outcome = run(Does(answers_at_last), max_steps=steps)
    assert (outcome.ok, outcome.values["steps"]) == (True, steps)


def test_max_steps_counts_rounds_in_which_nothing_was_made() -> None:
    """A model that only ever calls what is not there runs into the same limit."""
    outcome = run(Says(calls(("nothing", {}))), max_steps=3)
    incomplete(outcome, "3 steps")
    assert outcome.error is not None
    assert "trace" not in outcome.error.extra


def test_max_calls() -> None:
    """A run makes a bounded number of calls, however few rounds it spreads them over; the round
    that goes beyond is not begun."""
    made = []

    def many(request: ModelRequest) -> Reply:
        made.append(1)
        return calls(*(("calculate", {"expression": f"{len(made)} + {n}"}) for n in range(20)))

    outcome = run(Does(many), max_steps=20)
    incomplete(outcome, f"{loop.MAX_CALLS} tool calls")
    assert outcome.error is not None
    assert len(outcome.error.extra["trace"]) == 20


def test_max_tokens() -> None:
    """A run that used more tokens than a run may use asks no further, whether its provider counts
    them or not."""
    asked = Says(calls(("calculate", SUM), usage=Usage(MAX_TOKENS, output=1)))
    incomplete(run(asked), "more than")
    assert len(asked.requests) == 1
    uncounted = Does(lambda request: replace(each_time()(request), missing_counts=BOTH))
    incomplete(run(uncounted, max_steps=20), "more than")
    written = sum(request.max_output_tokens for request in uncounted.requests)
    most = uncounted.requests[0].max_output_tokens
    assert 12 * most - MIN_OUTPUT_TOKENS < written <= 12 * most


def test_room_near_the_end_of_the_tokens() -> None:
    """What is left of a run's tokens limits the next reply, which still has room for an answer."""
    room = 6_488
    first = calls(("calculate", SUM), usage=Usage(700, output=room))
    asked = Says(*[first] * 5, calls(("calculate", SUM), usage=Usage(700, output=5_000)), final())
    assert run(asked).ok
    limits = [request.max_output_tokens for request in asked.requests]
    assert limits == [room] * 6 + [room - 5_000]


def test_deadline() -> None:
    """A run whose time has passed asks no further."""

    def slow(request: ModelRequest) -> Reply:
        time.sleep(0.15)
        return each_time()(request)

    asked = Does(slow)
    with hang_guard():
        incomplete(run(asked, settings=Settings(deadline_seconds=0.4), max_steps=20), "in time")
    assert len(asked.requests) == 3


def test_tool_is_not_waited_for_beyond_the_deadline(toolbox: Any) -> None:
    """A tool that has seconds left is still given up when the run has none."""
    go = threading.Event()

    @tool("Sleeps.", seconds=30)
    def sleeps(name: str) -> str:
        go.wait(60)
        return "awake"

    outcome = toolbox(sleeps)(
        Says(calls(("sleeps", {"name": "a"}))), settings=Settings(deadline_seconds=0.3)
    )
    go.set()  # until here the tool hangs, so the run did not wait for it
    incomplete(outcome, "in time")


def test_failure_on_the_way_keeps_the_trace() -> None:
    """A provider that fails after a tool was used makes the run failed, with the bill and the trace
    so far."""
    outcome = run(Says(calls(("calculate", SUM)), ProviderError("provider_unavailable", "Broken.")))
    assert (outcome.status, outcome.usage.input) == ("failed", 100)
    assert outcome.error is not None
    assert [step["tool"] for step in outcome.error.extra["trace"]] == ["calculate"]


# --- the answer -----------------------------------------------------------------------------------


def test_answer_mixed_with_calls() -> None:
    """An answer beside tool calls came before their results: it is not taken, the tools are run,
    and the model is told."""
    early = calls(("calculate", SUM), (ACTION, {**FINAL, "answer": "Guessed."}))
    asked = Says(early, final())
    outcome = run(asked)
    assert outcome.result == "It is 186.075."
    assert asked.told()["call_0"] == "186.075"
    assert asked.told()["call_1"].startswith("Not accepted")
    assert outcome.values["tools_used"] == ["calculate"]


@pytest.mark.parametrize(
    "bad",
    [
        calls((ACTION, FINAL), (ACTION, {**FINAL, "answer": "Another."})),
        calls((ACTION, {**FINAL, "tools_used": ["calculate"]})),
        calls((ACTION, {**FINAL, "trace": []})),
        calls((ACTION, {**FINAL, "steps": 3})),
        calls((ACTION, {})),
        calls((ACTION, "{")),
        Reply(model="o4-mini", text="It is 186.075.", usage=Usage(100, output=10)),
        Reply(model="o4-mini", usage=Usage(100, output=10)),
    ],
)
def test_bad_answer_is_repaired_once(bad: Reply) -> None:
    """An answer that is not right is repaired once in a whole run; after that it is an error,
    whatever tools were used between."""
    asked = Says(calls(("calculate", SUM)), bad, final())
    outcome = run(asked)
    assert outcome.ok
    assert outcome.values["tools_used"] == ["calculate"]
    outcome = run(Says(bad, calls(("calculate", SUM)), bad))
    assert outcome.error is not None
    assert (outcome.status, outcome.error.code) == ("failed", "invalid_output")
    assert outcome.usage.input == 300


@pytest.mark.parametrize(
    "reply", [Reply("o4-mini", refusal="No."), Reply("o4-mini", finish="filtered")]
)
def test_refusal_in_the_loop(reply: Reply) -> None:
    """A refusal ends the loop as one."""
    outcome = run(Says(calls(("calculate", SUM)), reply))
    assert outcome.error is not None
    assert outcome.error.code == "refused"


def test_claims_are_not_believed() -> None:
    """What the answer says of tools is written from the calls that were made, whatever the model
    says it did."""
    outcome = run(Says(final(answer="I used calculate, dates and search_context in nine steps.")))
    assert outcome.ok
    assert (outcome.values["tools_used"], outcome.values["steps"], outcome.values["trace"]) == (
        [],
        0,
        [],
    )
    quoting = run(
        Says(final(quotes=["The total is 1240.50 euros.", "It was never said."])),
        context="Look: the total is  1240.50 euros.",
    )
    assert [proof["verified"] for proof in quoting.values["evidence"]] == [True, False]


def test_required_tool() -> None:
    """Where a tool is required, an answer without one is sent back once, and is then an error; with
    one it is fine."""
    asked = Says(final(), calls(("calculate", SUM)), final())
    outcome = run(asked, require_tool=True)
    assert (outcome.ok, outcome.values["tools_used"]) == (True, ["calculate"])
    assert "use one of calculate first" in asked.requests[1].turns[0].results[0].output
    for stubborn in (Says(final()), Says(calls(("nothing", {})), final())):
        outcome = run(stubborn, require_tool=True)
        assert outcome.error is not None
        assert (outcome.status, outcome.error.code, outcome.values) == (
            "failed",
            "tool_required",
            {},
        )


# --- which tools there are ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("allowed", "offered"),
    [
        ("calculate", ["calculate"]),
        ("dates, calculate", ["calculate", "dates"]),
        (["search_context"], ["search_context"]),
        (["calculate", "dates", "search_context"], ["calculate", "dates", "search_context"]),
    ],
)
def test_only_allowed_tools_are_offered(allowed: Any, offered: list[str]) -> None:
    """The model sees the tools that the form names, and the function that answers; one it was not
    offered is not run."""
    asked = Says(
        calls(
            *((name, {}) for name in TOOLS if name not in offered),
            ("calculate", {"expression": "1"}),
        ),
        final(),
    )
    assert run(asked, tools=allowed, context="Some text.").ok
    assert [function.name for function in asked.requests[0].functions] == [*offered, ACTION]
    assert asked.requests[0].force is None
    for result, call in zip(
        asked.requests[1].turns[0].results, asked.requests[1].turns[0].reply.calls, strict=True
    ):
        assert ("there is no tool" in result.output) == (call.name not in offered)


@pytest.mark.parametrize("tools", ["", None, [], "  "])
def test_no_tool_is_allowed_unless_named(tools: Any) -> None:
    """With no tool named there is none: the one function that answers is forced, and the context is
    given whole."""
    asked = Says(final())
    outcome = run(asked, tools=tools, context="The total is 1240.50 euros.")
    assert outcome.ok
    (request,) = asked.requests
    assert ([function.name for function in request.functions], request.force) == ([ACTION], ACTION)
    assert "1240.50" in request.message
    assert outcome.values["trace"] == []


def test_action_without_a_box_for_tools_has_its_own(toolbox: Any) -> None:
    """An action whose form does not ask for tools has those that its file names."""

    @tool("Works.")
    def works(name: str) -> str:
        return "done"

    asked = Says(calls(("toolbox", ANSWERS)))
    assert toolbox(works)(asked).ok
    assert [function.name for function in asked.requests[0].functions] == ["works", "toolbox"]


# --- over the wire --------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", ["responses", "chat"])
def test_history_over_rounds(dialect: str) -> None:
    """Each round sends all before it again, unchanged and in order: reasoning with its calls, and a
    result for every call."""
    script = [
        function_calls(("calculate", SUM), ("calculate", {"expression": "1/0"}), ("nothing", {})),
        text("One moment."),
        function_calls(("calculate", SUM), (ACTION, FINAL)),
        function_call(ACTION, FINAL),
    ]
    with FakeUpstream(script) as up:
        settings = Settings(
            openai_base_url=up.base_url, openai_api_key="sk-x", dialect=dialect, profile="openai"
        )
        provider = OpenAIProvider(settings, MODELS)
        outcome = run(provider, settings=settings)
        provider._transport.close()
        assert (up.errors, up.script.left) == ([], 0)
        key = "input" if dialect == "responses" else "messages"
        histories = [sent["body"][key] for sent in up.requests]
        assert {sent["body"]["tool_choice"] for sent in up.requests} == {"required"}
    assert outcome.ok
    for earlier, later in pairwise(histories):
        assert later[: len(earlier)] == earlier
    last = histories[-1]
    if dialect == "responses":
        kinds = [item.get("type", item.get("role")) for item in last]
        turn = ["reasoning", *["function_call"] * 3, *["function_call_output"] * 3]
        assert kinds == [
            "developer",
            "user",
            *turn,
            "reasoning",
            "message",
            "user",
            "reasoning",
            *["function_call"] * 2,
            *["function_call_output"] * 2,
        ]
        assert all(item["encrypted_content"] for item in last if item.get("type") == "reasoning")
        made = [item["call_id"] for item in last if item.get("type") == "function_call"]
        told = [item["call_id"] for item in last if item.get("type") == "function_call_output"]
    else:
        assert [item["role"] for item in last] == [
            "developer",
            "user",
            "assistant",
            *["tool"] * 3,
            "assistant",
            "user",
            "assistant",
            *["tool"] * 2,
        ]
        made = [call["id"] for item in last for call in item.get("tool_calls", ())]
        told = [item["tool_call_id"] for item in last if item["role"] == "tool"]
    assert made == told
    assert [(step["ok"], step["output"]) for step in outcome.values["trace"]] == [
        (True, "186.075"),
        (False, "Error: division by zero."),
    ]


@pytest.mark.parametrize("example", CATALOGUE[ACTION].examples, ids=lambda example: example.name)
def test_scripted_engine_drives_the_same_loop(example: Any) -> None:
    """The scripted engine's calls are really made by the loop: its trace is what the tools gave,
    not what the example says."""
    outcome = run(ScriptedProvider(CATALOGUE), **{"question": "", "tools": "", **example.input})
    assert outcome.ok
    assert outcome.engine == "scripted"
    assert [step["tool"] for step in outcome.values["trace"]] == [
        call["tool"] for call in example.calls
    ]
    for step in outcome.values["trace"]:
        assert step["ok"]
        assert step["output"] == outcome.values["value"]
