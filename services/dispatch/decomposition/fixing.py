"""Blocks become whole stage by stage, and everybody else answers to each stage by column generation.

In a large fleet hundreds of blocks follow mixtures. If all became whole at once, what they leave over would add up in
hours in which nobody has anything to spare. So the largest take a way of their own first and keep it; prices and the
schedules of all others are generated anew around them, and then it is the turn of the next. This is diving by column
generation: Sadykov, Vanderbeck, Pessoa, Tahiri, Uchoa (2019), doi 10.1287/ijoc.2018.0822.
"""

import numpy as np

from services.dispatch.decomposition.generation import Generation
from services.dispatch.decomposition.whole_blocks import whole_blocks
from services.dispatch.solve.highs import Settings

SHARES = (0.2, 0.5, 1.0)
"""Of the blocks that are not whole at the beginning of a stage, how many become so in it."""
TARGET = 0.3
"""Of the gap asked for, how near its master a stage comes."""


def with_whole_blocks(generation: Generation, settings: Settings, deadline: float) -> Generation | None:
    """Column generation over the thermal units alone, around blocks that have become whole; None out of time."""
    rest, parts = generation, generation.parts
    held = np.zeros(parts.parties, dtype=bool)
    for share in SHARES if parts.blocks else ():
        mixture = rest.master.mixture().values
        broken = [number for number in rest.blocks.broken(mixture)[::-1] if not held[parts.units + number]]
        chosen = broken[: int(np.ceil(share * len(broken)))]
        values = whole_blocks(rest, settings, deadline, chosen)
        held[parts.units + np.array(chosen, dtype=np.int64)] = True
        if share == SHARES[-1]:
            held[parts.units :] = True
        rest = rest.around(values, held)
        rest.run(TARGET * settings.gap, deadline)
        if not rest.master.values.size:
            return None
    return rest
