"""The cards as they are read: names, the nation, and a province whose every source is known.

`sources` of the nation (`cards/nation.yaml`) hold for every card; a card adds its own.
"""

from functools import cache
from importlib.resources import files
from typing import TypeVar

import yaml
from pydantic import ValidationError

from grid_models.errors import BadInput, bad_input
from grid_models.provinces import CARDS
from grid_models.provinces.facts import ProvinceFacts, facts_in
from grid_models.provinces.nation import Nation
from grid_models.quantities import Data

NATION = "nation"
Piece = TypeVar("Piece", bound=Data)


def card_names() -> tuple[str, ...]:
    """The provinces that have a card, by name."""
    return tuple(sorted(CARDS))


@cache
def read_nation() -> Nation:
    return _validated(Nation, NATION)


@cache
def read_facts(name: str) -> ProvinceFacts:
    """The card of a province; `BadInput` for a name without one."""
    if name not in card_names():
        raise BadInput(name, f"is not a province with a card; there are {', '.join(card_names())}")
    facts = _validated(ProvinceFacts, name)
    unknown = {fact.source for fact in facts_in(facts)} - set(facts.sources) - set(read_nation().sources)
    if unknown:
        raise BadInput(name, f"names sources that it does not list: {', '.join(sorted(unknown))}")
    return facts


def _validated(kind: type[Piece], name: str) -> Piece:
    document = yaml.safe_load(files("grid_models.provinces.cards").joinpath(f"{name}.yaml").read_text(encoding="utf-8"))
    try:
        return kind.model_validate(document)
    except ValidationError as error:
        raise bad_input(f"{name}.yaml", error, document) from None
