"""The register of response: what is known of users beyond the case, as whoever keeps it writes it down."""

from datetime import date
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError

from grid_models.errors import BadInput, bad_input
from grid_models.quantities import Data, NonNegative, Share
from services.dispatch.assessment.document.levels import Test

MANY = 10_000
Name = Annotated[str, Field(min_length=1, max_length=200)]


class Register(Data):
    """What a case does not say of its responders, by their names."""

    delivery: Annotated[dict[Name, Share], Field(max_length=MANY)] = {}
    """Share of a call that arrives."""
    meters: Annotated[dict[Name, dict[Name, NonNegative]], Field(max_length=MANY)] = {}
    """Contracted MW by meter: a meter that stands under two names counts once."""
    captive: Annotated[tuple[Name, ...], Field(max_length=MANY)] = ()
    """Users' own thermal units under contract."""
    tests: Annotated[tuple[Test, ...], Field(max_length=MANY)] = ()
    """Measured events."""
    today: date | None = None
    """From which tests are counted back; None: the end of the load."""

    @property
    def names(self) -> set[str]:
        """Everybody who is spoken of, but the captive units."""
        return {*self.delivery, *self.meters, *(test.responder for test in self.tests)}


def read_register(path: Path) -> Register:
    """YAML or JSON; `BadInput` names the place of what cannot be used."""
    try:
        document = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadInput(str(path), f"cannot be read as YAML or JSON ({error})") from error
    try:
        return Register.model_validate(document)
    except ValidationError as error:
        raise bad_input(str(path), error, document) from error
