"""The options of a run: the same for every action, so no action's file repeats them. Forms show them as "Advanced"."""

from __future__ import annotations

from connector.catalogue.fields import Field
from connector.catalogue.values import Choice

OPTIONS: dict[str, Field] = {
    option.name: option
    for option in (
        Field(
            name="effort",
            type="choice",
            label="Effort",
            help="How long the model may think. More effort costs more and takes longer.",
            choices=(Choice("low", "Low"), Choice("medium", "Medium"), Choice("high", "High")),
        ),
        Field(
            name="language",
            type="text",
            label="Language",
            help="The language to answer in, such as English or Deutsch. Empty: the language of the text.",
            max=60,
        ),
        Field(
            name="instructions",
            type="longtext",
            label="Extra instructions",
            help="Anything the model should also know or do, in your own words.",
            max=20_000,
        ),
    )
}
