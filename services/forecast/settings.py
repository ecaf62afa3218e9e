"""How the service is set up: environment variables that begin with GRIDFLEX_FORECAST_."""

from pathlib import Path

from pydantic import BaseModel, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.forecast.horizons import HorizonName


class WeatherService(BaseModel):
    """A weather service that speaks as Open-Meteo does."""

    name: str
    url: str = "https://api.open-meteo.com"
    model: str | None = None
    """Of the service, such as `ecmwf_ifs025`; None: its best match."""


class Settings(BaseSettings):
    """Every default works on a laptop."""

    model_config = SettingsConfigDict(
        env_prefix="GRIDFLEX_FORECAST_", use_attribute_docstrings=True, extra="ignore", frozen=True
    )

    data_dir: Path = Path("gridflex-data/forecast")
    """Where the embedded database and the cache of the weather services live."""
    database_url: str = ""
    """SQLite or PostgreSQL; empty: SQLite in the data directory."""
    database_url_file: Path | None = None
    """A file that holds the URL, such as a mounted secret."""
    body_max_bytes: int = Field(default=64 * 2**20, ge=1024)
    """A longer request is refused with 413."""
    batch_max_values: int = Field(default=2_000_000, ge=1)
    """A batch with more values is refused with 413."""
    answer_max_values: int = Field(default=1_000_000, ge=1)
    """A question whose answer would hold more values is refused with 413."""
    clock_skew_max_s: float = Field(default=300.0, ge=0)
    """How far in the future a value may say that it became known, for clocks that run ahead."""
    scheduled: tuple[HorizonName, ...] = ("intraday", "day-ahead", "ten-days")
    """Horizons that the worker issues by the clock, for series whose kind has a trained champion."""
    poll_s: float = Field(default=2.0, gt=0)
    """How often an idle worker looks for work."""
    figures_every_s: float = Field(default=60.0, gt=0)
    """How often age, skill and drift are worked out for /metrics."""
    weather_services: tuple[WeatherService, ...] = ()
    """Asked in this order, each standing in for those before it; empty: weather is only brought."""
    weather_every_s: float = Field(default=3600.0, gt=0)
    threads: int = Field(default=2, ge=1)
    """For training and forecasting."""
    log_json: bool = True
    log_level: str = "INFO"

    @property
    def url(self) -> str:
        """Of the database; the data directory is made if need be."""
        if self.database_url_file is not None:
            return self.database_url_file.read_text(encoding="utf-8").strip()
        if self.database_url:
            return self.database_url
        self.data_dir.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{self.data_dir.resolve() / 'forecast.db'}"
