"""How the service is set up: environment variables that begin with GRIDFLEX_DISPATCH_."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every default works on a laptop, except that nobody gets in without a key."""

    model_config = SettingsConfigDict(
        env_prefix="GRIDFLEX_DISPATCH_", use_attribute_docstrings=True, extra="ignore", frozen=True
    )

    data_dir: Path = Path("gridflex-data/dispatch")
    """Where the embedded database lives."""
    database_url: str = ""
    """SQLite or PostgreSQL; empty: SQLite in the data directory."""
    database_url_file: Path | None = None
    """A file that holds the URL, such as a mounted secret."""
    body_max_bytes: int = Field(default=64 * 2**20, ge=1024)
    """A longer request is refused with 413."""

    auth: Literal["required", "off"] = "required"
    """`off` lets everybody in as admin: for local use only."""
    oidc_issuer: str = ""
    """Whose bearer tokens are accepted beside our keys; empty: nobody's."""
    oidc_audience: str = "gridflex"
    oidc_jwks_url: str = ""
    """Where the issuer's public keys are."""
    oidc_scope_claim: str = "roles"
    """The claim that lists viewer, planner, operator or admin."""
    rate_per_s: float = Field(default=200.0, gt=0)
    """Requests a second that one caller may keep up; more gets 429."""
    rate_burst: int = Field(default=400, ge=1)
    """Requests that one caller may send at once."""

    queue_max: int = Field(default=1000, ge=1)
    """With more jobs waiting, plans are refused with 429 until the queue is shorter."""
    threads_max: int = Field(default=8, ge=1)
    """More threads than that are not given to one solve."""
    time_limit_max_s: float = Field(default=4 * 3600.0, gt=0)
    memory_max_mb: int = Field(default=4096, ge=64)
    """Of one solve; one that needs more fails, alone."""

    scheduler: str = ""
    """Address of a Dask scheduler, such as tcp://scheduler:8786; empty: threads of the worker's own process."""
    slots: int = Field(default=1, ge=1)
    """Solves at once, where the worker has no scheduler of its own to ask."""
    lease_s: float = Field(default=30.0, gt=0)
    """A job whose worker is silent for so long is taken up by another."""
    poll_s: float = Field(default=0.25, gt=0)
    """How often an idle worker looks for work."""
    grace_s: float = Field(default=60.0, ge=0)
    """Beyond its time limit, what a solve may take to read the case and to write the plan."""

    forecast_url: str = "http://127.0.0.1:8081"
    forecast_timeout_s: float = Field(default=10.0, gt=0)
    forecast_attempts: int = Field(default=3, ge=1)
    forecast_rest_s: float = Field(default=30.0, ge=0)
    """After repeated failures the forecast service is left alone for so long."""

    retention_days: int = Field(default=400, ge=1)
    """Results of plans that were never issued are kept for so long."""
    log_json: bool = True
    log_level: str = "INFO"

    @model_validator(mode="after")
    def _can_check_tokens(self) -> "Settings":
        if bool(self.oidc_issuer) != bool(self.oidc_jwks_url):
            raise ValueError("oidc_issuer and oidc_jwks_url belong together; give both or none")
        return self

    @property
    def url(self) -> str:
        """Of the database; the data directory is made if need be."""
        if self.database_url_file is not None:
            return self.database_url_file.read_text(encoding="utf-8").strip()
        if self.database_url:
            return self.database_url
        self.data_dir.mkdir(parents=True, exist_ok=True)
        return f"sqlite:///{self.data_dir.resolve() / 'dispatch.db'}"
