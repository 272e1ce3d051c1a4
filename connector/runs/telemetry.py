"""What an operator sees of a run that has ended: its line in the log, and its part in the figures."""

from __future__ import annotations

from connector import logs
from connector.engine.run import Engine, Outcome
from connector.errors import ProviderError
from connector.jobs.admission import Asked
from connector.metrics import Metrics


def see_end(metrics: Metrics, asked: Asked, outcome: Outcome, *, attempt: int, request_id: str = "") -> None:
    """A run has ended that this process carried out. Nothing of its form, its answer or its failure's words is told."""
    usage, upstream = outcome.usage, asked.run.upstream_seconds
    error = outcome.error
    logs.run(
        run_id=outcome.id,
        request_id=request_id,
        key_id=asked.key.id,
        batch_id=asked.batch_id,
        action=outcome.action,
        status=outcome.status,
        code=error.code if error else "",
        engine=outcome.engine,
        model=outcome.model,
        input_tokens=usage.input,
        cached_tokens=usage.cached,
        output_tokens=usage.output,
        reasoning_tokens=usage.reasoning,
        cost_usd=outcome.cost_usd,
        duration_ms=outcome.duration_ms,
        upstream_ms=round(upstream * 1000),
        attempt=attempt,
    )
    metrics.run(outcome.action, outcome.status, outcome.model, outcome.duration_ms / 1000, upstream)
    tokens = {"input": usage.input, "cached": usage.cached, "output": usage.output, "reasoning": usage.reasoning}
    metrics.used(outcome.model, tokens, outcome.cost_usd)
    if isinstance(error, ProviderError):
        metrics.provider_error(error.code)


def row_name(engine: Engine, model: str) -> str:
    """What a model is called in the figures: the row that describes it, or "" when there is none; else the engine itself."""
    if engine.provider.engine != "openai":
        return engine.provider.engine
    row = engine.models.find(model)
    return row.id if row.known else ""
