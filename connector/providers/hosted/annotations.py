"""What an answer states about the call that was really made: its model, effort, and warnings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from connector.providers.base import ModelRequest, Reply
from connector.providers.hosted.variants import RequestVariant, RequestVariants
from connector.providers.pricing.models import Model, Models

if TYPE_CHECKING:
    from connector.providers.hosted.failures import Failure


class ReplyAnnotations:
    """Completes the replies of the provider ``name``."""

    def __init__(self, name: str, models: Models, variants: RequestVariants) -> None:
        self._name = name
        self._models = models
        self._variants = variants

    def apply(
        self, outcome: Reply | Failure, request: ModelRequest, row: Model, variant: RequestVariant
    ) -> Reply | Failure:
        """Annotate a reply, or the part of a failed call that was billed."""
        if isinstance(outcome, Reply):
            return self._annotate(outcome, request, row, variant)
        if outcome.billed is None:
            return outcome
        return replace(outcome, billed=self._annotate(outcome.billed, request, row, variant))

    def _annotate(
        self, reply: Reply, request: ModelRequest, row: Model, variant: RequestVariant
    ) -> Reply:
        """``reply`` with the model and the effort that were really used, and its warnings."""
        warnings = list(reply.warnings)
        model = reply.model or request.model
        answering_row = self._models.find(model)
        if not answering_row.is_same_model(row):
            warnings.append(_other_model_warning(model, request.model, answering_row, row))
        if not answering_row.known or answering_row.is_same_model(row):
            answering_row = row
        warnings += self._variants.warnings(variant)
        if reply.missing_counts:
            counts = " and ".join(reply.missing_counts)
            warnings.append(
                f"The provider did not report how many tokens of {counts} it used, so its cost is "
                "unknown."
            )
        effort = row.effort(request.effort, variant.dialect)
        if variant.omits_effort:
            effort = ""
        elif effort != row.effort(request.effort):
            warnings.append(
                f"{request.model} accepts functions over chat completions only with the effort "
                f"{effort}; the Responses API has no such limit."
            )
        return replace(
            reply,
            model=model,
            priced_as=answering_row.id,
            provider=self._name,
            effort=effort,
            warnings=tuple(warnings),
        )


def _other_model_warning(model: str, requested: str, answering: Model, row: Model) -> str:
    """That ``model`` answered instead of ``requested``, and whose price is charged."""
    warning = f"The provider answered with {model} although {requested} was requested."
    if row.known and not answering.known:
        warning += f" No row has its price, so that of {row.id} was charged."
    return warning
