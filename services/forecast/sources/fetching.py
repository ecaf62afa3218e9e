"""The weather services of the settings, asked on schedule, with their health told to Prometheus."""

import structlog

from services.forecast.known import Moment
from services.forecast.settings import Settings
from services.forecast.sources.fallback import Fallback
from services.forecast.sources.open_meteo import OpenMeteo
from services.forecast.sources.refresh import Refreshed, refresh
from services.forecast.store import Store

log = structlog.get_logger(__name__)


def weather_sources(settings: Settings) -> Fallback:
    """In the order of the settings; answers are cached in the data directory."""
    cache = settings.data_dir / "weather"
    return Fallback(
        tuple(OpenMeteo(one.name, one.url, model=one.model, cache_dir=cache) for one in settings.weather_services)
    )


def fetch(store: Store, sources: Fallback, now: Moment) -> Refreshed:
    """The newest weather for every weather series of the store."""
    done = refresh(store, sources, now)
    log.info("weather fetched", series=done.asked, new=done.new, reasons=list(done.reasons))
    return done
