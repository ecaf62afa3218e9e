"""The wires inside the zones, kept with the case for the network-constrained dispatch.

Nothing here is enforced yet: readers keep what the file says, and report that it does not bind.
"""

from grid_models.quantities import Data, Finite, Name, Series


class Bus(Data):
    """A node and what is drawn there (the zones' demands already contain it)."""

    name: Name
    load_mw: Series = 0.0


class Line(Data):
    """A branch between two buses, by its reactance and its ratings."""

    name: Name
    from_bus: Name
    to_bus: Name
    reactance_ohm: Finite | None = None
    susceptance_s: Finite | None = None
    normal_max_mw: Series | None = None
    emergency_max_mw: Series | None = None
    penalty_per_mw: Finite | None = None


class Contingency(Data):
    """Elements that are lost together."""

    name: Name
    lines: tuple[Name, ...] = ()
    units: tuple[Name, ...] = ()


class Network(Data):
    """Buses, lines and the losses that must be survived."""

    buses: tuple[Bus, ...] = ()
    lines: tuple[Line, ...] = ()
    contingencies: tuple[Contingency, ...] = ()
