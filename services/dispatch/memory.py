"""What a solve leaves for the next one: prices of links and the commitment, by name and moment.

A memory only says where a search begins. Commitments are priced anew in the case at hand and a bound is valid at any
prices, so what is old, foreign or wrong costs time, never a plan.
"""

from datetime import UTC, timedelta
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, ValidationError

from grid_models.case import Case
from grid_models.errors import BadInput
from grid_models.horizon import Horizon
from grid_models.plan import Plan
from grid_models.quantities import Data, Floats
from grid_models.resources import ThermalUnit
from grid_models.resources.thermal import ThermalState
from services.dispatch.balance import BALANCE
from services.dispatch.reserves import REQUIREMENT

LARGEST = 1e9
"""No price is larger than this; more would drown all others in rounding."""
DIGITS = 6
"""Of a price, behind the point: more than a beginning needs."""
KNOWN_SHARE = 0.5
"""Of its thermal units that a memory must know to be of use to a case."""
DAY = timedelta(days=1)

Price = Annotated[float, Field(ge=-LARGEST, le=LARGEST, allow_inf_nan=False)]
Named = dict[str, dict[str, tuple[Price, ...]]]
"""By family of rows or columns, then by resource: one per step, one per day, or one."""
Commitment = Annotated[str, Field(pattern="^[01]*$")]
"""One digit per step: 1 on, 0 off."""
Steps = NDArray[np.int64]


class CyclicDay(Data):
    """How a day that closes on itself leaves its thermal units."""

    day: str
    """Hash of the case that it is."""
    states: dict[str, ThermalState]
    commitments: dict[str, Commitment]


class Memory(Data):
    """The end of a solve, as far as it helps a neighbour of its case or the next window."""

    format_version: Literal[1] = 1
    case_name: str
    horizon: Horizon
    prices: Named = {}
    """Of the rows that link resources, per unit of the row and step."""
    commitments: dict[str, Commitment] = {}
    """By thermal unit: what the plan decided."""
    schedules: Named = {}
    """What all other kinds do in the plan, column by column; one number where it is the same at every step."""
    cyclic: CyclicDay | None = None
    """The day that supplied initial states, where the case had none."""

    @property
    def label(self) -> str:
        """What the memory is of."""
        return f"{self.case_name} from {self.horizon.start.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

    def knows(self, case: Case) -> bool:
        """Whether it is of this fleet, or of most of it."""
        names = [unit.name for unit in case.everything if isinstance(unit, ThermalUnit)]
        known = sum(len(self.commitments.get(name, "")) == self.horizon.steps for name in names)
        return known > 0 and known >= KNOWN_SHARE * len(names)

    def commitments_over(self, horizon: Horizon) -> dict[str, NDArray[np.int64]]:
        """By unit, what the plan decided, at the steps of another horizon."""
        steps = self.steps_of(horizon)
        return {
            name: from_digits(line)[steps] for name, line in self.commitments.items() if len(line) == self.horizon.steps
        }

    def steps_of(self, horizon: Horizon) -> Steps:
        """For every step of another horizon the one here of the same moment, else of its hour on the nearest day."""
        minutes = timedelta(minutes=self.horizon.step_min)
        shift = (horizon.start.astimezone(UTC) - self.horizon.start.astimezone(UTC)) / minutes
        place = np.floor(shift + np.arange(horizon.steps) * (horizon.step_min / self.horizon.step_min) + 1e-9)
        last = self.horizon.steps - 1
        day = min(DAY // minutes, self.horizon.steps)
        late, early = np.ceil((place - last) / day), np.ceil(-place / day)
        near: Steps = (place - day * np.maximum(late, 0) + day * np.maximum(early, 0)).astype(np.int64)
        return near


def memory_of(plan: Plan) -> Memory:
    """What a plan alone can say: its commitment and the prices of zones and reserves."""
    times = [moment.astimezone(UTC) for moment in plan.times]
    step = times[1] - times[0] if len(times) > 1 else timedelta(hours=1)
    minutes = int(np.clip(round(step / timedelta(minutes=1)), 5, 60))
    horizon = Horizon(start=times[0], step_min=minutes, steps=len(times), timezone="UTC")
    by_row = {name: remembered(np.array(series) * horizon.step_h) for name, series in plan.prices.items()}
    return Memory(
        case_name=plan.case_name,
        horizon=horizon,
        # A plan does not say which of its prices are of zones; a name that is none is never asked for.
        prices={
            f"zone: {BALANCE}": by_row,
            **{f"reserve {name}: {REQUIREMENT}": {name: by_row[name]} for name in by_row},
        },
        commitments={name: digits(np.array(on)) for name, on in plan.commitment.items()},
    )


def remembered(prices: Floats) -> tuple[float, ...]:
    """Prices as they are remembered."""
    return tuple((np.clip(np.nan_to_num(prices), -LARGEST, LARGEST).round(DIGITS) + 0.0).tolist())


def digits(on: NDArray[np.generic]) -> Commitment:
    """A commitment as it is remembered."""
    return (np.asarray(np.asarray(on) > 0.5, dtype=np.uint8) + ord("0")).tobytes().decode()


def from_digits(line: Commitment) -> NDArray[np.int64]:
    """The same, back in numbers."""
    return np.frombuffer(line.encode(), np.uint8).astype(np.int64) - ord("0")


def read_memory(path: Path) -> Memory | None:
    """The memory in a file; None where there is no file yet, `BadInput` where it holds something else."""
    if not path.exists():
        return None
    try:
        return Memory.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise BadInput(str(path), "is not the memory of an earlier solve; delete it, or name another file") from error


def write_memory(memory: Memory, path: Path) -> None:
    """Write it whole or not at all."""
    draft = path.with_name(path.name + ".part")
    draft.write_text(memory.model_dump_json(), encoding="utf-8")
    draft.replace(path)
