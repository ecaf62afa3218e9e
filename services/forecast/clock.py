"""The clock on the wall: absolute time as people live by it."""

import numpy as np
import pandas as pd

from grid_models.quantities import Floats
from services.forecast.known import Moments


def local(times: Moments, timezone: str) -> Moments:
    """What the clock there shows, as time without a zone."""
    index = pd.DatetimeIndex(np.asarray(times).ravel(), tz="UTC").tz_convert(timezone).tz_localize(None)
    shown: Moments = index.to_numpy().astype("datetime64[s]").reshape(np.shape(times))
    return shown


def hours_shown(shown: Moments) -> Floats:
    """Hours since midnight of a time without a zone, fractions included."""
    hours: Floats = (shown - shown.astype("datetime64[D]")) / np.timedelta64(3600, "s")
    return hours


def local_hours(times: Moments, timezone: str) -> Floats:
    """Hours since local midnight, fractions included."""
    return hours_shown(local(times, timezone))
