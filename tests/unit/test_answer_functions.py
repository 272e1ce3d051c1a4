"""Functions of earlier forms: used again where nothing that decides them differs."""

from __future__ import annotations

from connector.catalogue import answer_function, load_catalogue
from connector.engine.answer_functions import AnswerFunctions
from connector.json_types import Json

CATALOGUE = load_catalogue()


def form_of(action: str, **values: object) -> Json:
    return CATALOGUE.find(action).read_form(values)


def test_a_function_is_kept_by_what_decides_it() -> None:
    """Other texts keep it; other choices, their order, and values that a form adds do not."""
    functions = AnswerFunctions()
    classify = CATALOGUE.find("classify")
    first = functions.of(classify, form_of("classify", text="a", categories="x\ny"))
    again = functions.of(classify, form_of("classify", text="b", categories=["x", "y"]))
    assert again is first
    for changed in ({"categories": "y\nx"}, {"categories": "x\ny\nz"}):
        form = form_of("classify", text="a", **changed)
        other = functions.of(classify, form)
        assert other is not first
        assert (other.name, other.description, other.parameters) == answer_function(classify, form)
    many = form_of("classify", text="a", categories="x\ny", multiple="yes")
    assert functions.of(classify, many).parameters == answer_function(classify, many)[2]


def test_a_function_belongs_to_its_action() -> None:
    """Two catalogues may each have an action of one name."""
    functions = AnswerFunctions()
    form = form_of("extract", text="Total 9.00", fields="total: money")
    ours, theirs = CATALOGUE.find("extract"), load_catalogue().find("extract")
    assert functions.of(ours, form) is functions.of(ours, form)
    assert functions.of(theirs, form) is not functions.of(ours, form)


def test_no_more_are_kept_than_a_process_needs() -> None:
    """Long lists are built for each form, and many forms do not grow without end."""
    functions = AnswerFunctions()
    classify = CATALOGUE.find("classify")
    long_list = form_of("classify", text="a", categories=[f"category {n}" for n in range(400)])
    assert functions.of(classify, long_list) is not functions.of(classify, long_list)
    for number in range(600):
        functions.of(classify, form_of("classify", text="a", categories=f"x\ny{number}"))
    assert len(functions._kept) <= 256
