"""Logs and metrics of a finished run."""

from __future__ import annotations

from connector import logs
from connector.engine.engine import Engine, Outcome
from connector.errors import ProviderError
from connector.metrics import Metrics
from connector.providers.computed import MODEL as RULES
from connector.runs.admission import RunRequest


def record_end(
    metrics: Metrics, request: RunRequest, outcome: Outcome, *, attempt: int, request_id: str = ""
) -> None:
    """Log and count a run that this process has finished.

    No text of the form, the answer or the error is logged.
    """
    usage = outcome.usage
    error = outcome.error
    upstream = request.run.upstream_seconds
    logs.log_run(
        run_id=outcome.id,
        request_id=request_id,
        key_id=request.key.id,
        batch_id=request.batch_id,
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
    metrics.record_run(
        outcome.action, outcome.status, outcome.model, outcome.duration_ms / 1000, upstream
    )
    tokens = {
        "input": usage.input,
        "cached": usage.cached,
        "output": usage.output,
        "reasoning": usage.reasoning,
    }
    metrics.record_usage(outcome.model, tokens, outcome.cost_usd)
    if isinstance(error, ProviderError):
        metrics.record_provider_error(error.code)


def model_label(engine: Engine, model: str) -> str:
    """The label of a model in the metrics, from a bounded set.

    The id of the row that describes the model, "" where there is none; the name of the engine
    where it is not a hosted one.
    """
    if engine.provider.engine != "openai":
        return engine.provider.engine
    if model == RULES:
        return RULES
    row = engine.models.find(model)
    return row.id if row.known else ""
