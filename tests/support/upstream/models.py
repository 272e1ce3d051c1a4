"""What each model accepts, as data. The rules read these rows and know no model by name."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

# Where the real service may be milder (a successor that takes `parallel_tool_calls`, say) the fake
# stays strict: a request that passes here must pass there, and the other way round matters less.
REASONING_REFUSES = frozenset(
    {
        "temperature",
        "top_p",
        "presence_penalty",
        "frequency_penalty",
        "logit_bias",
        "logprobs",
        "top_logprobs",
        "stop",
        "max_tokens",
        "parallel_tool_calls",
    }
)


@dataclass(frozen=True)
class ModelRow:
    """One model: `refuses` are its unsupported parameters, `tool_effort` the only effort at which
    chat takes tools, `takes` keys of a body that OpenAI does not know.

    `max_output` is the most tokens it writes, `batches` whether the Batch API takes it.
    """

    id: str
    dialects: tuple[str, ...] = ("responses", "chat")
    efforts: tuple[str, ...] = ()
    refuses: frozenset[str] = REASONING_REFUSES
    strict: bool = True
    roles: tuple[str, ...] = ("developer", "system", "user", "assistant", "tool")
    tool_effort: str | None = None
    answers_as: str | None = None
    takes: frozenset[str] = frozenset()
    max_output: int = 128_000
    batches: bool = True
    shutdown_date: str | None = None
    retired: bool = False

    @property
    def snapshot(self) -> str:
        """The dated name that replies carry; an alias and its snapshot can read each other's
        reasoning."""
        return self.answers_as or self.id


_SUCCESSOR = ("none", "low", "medium", "high", "xhigh", "max")


def _o_series(name: str, shutdown_date: str, answers_as: str | None = None) -> ModelRow:
    efforts = ("low", "medium", "high")
    return ModelRow(
        name,
        efforts=efforts,
        answers_as=answers_as,
        max_output=100_000,
        shutdown_date=shutdown_date,
    )


ROWS = (
    _o_series("o4-mini", "2026-10-23", answers_as="o4-mini-2025-04-16"),
    _o_series("o4-mini-2025-04-16", "2026-10-23"),
    _o_series("o3", "2026-12-11", answers_as="o3-2025-04-16"),
    ModelRow("gpt-5.6-terra", efforts=_SUCCESSOR, tool_effort="none"),
    ModelRow("gpt-5.6-luna", efforts=_SUCCESSOR, tool_effort="none"),
    ModelRow("gpt-6-luna", efforts=_SUCCESSOR, tool_effort="none"),
    ModelRow("gpt-6.1-terra", efforts=_SUCCESSOR, tool_effort="none"),
    ModelRow("gpt-6.1-sol", efforts=_SUCCESSOR[1:]),
    # Stands for Ollama, llama.cpp, vLLM and their like: chat only, the older role name, sampling
    # parameters allowed.
    ModelRow(
        "local-llama",
        dialects=("chat",),
        refuses=frozenset(),
        strict=False,
        roles=("system", "user", "assistant", "tool"),
        batches=False,
    ),
)
MODELS: dict[str, ModelRow] = {row.id: row for row in ROWS}


def rows(retired: Iterable[str] = (), extra: Iterable[ModelRow] = ()) -> dict[str, ModelRow]:
    """The models of one server: ours, `extra` ones (an Azure deployment's name, say), some of them
    `retired`."""
    table = MODELS | {row.id: row for row in extra}
    return table | {
        name: replace(table.get(name, ModelRow(name)), retired=True) for name in retired
    }
