"""Brings a database to the tables of today, with the data that is in it; several processes may try at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from services.forecast.store.database import Database

SCRIPTS = Path(__file__).parent / "migrations"
ONE_AT_A_TIME = 7_021_344  # any number that nobody else locks on PostgreSQL


def migrate(database: Database, revision: str = "head") -> None:
    """Up to that revision, as one transaction."""
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ONE_AT_A_TIME})
        command.upgrade(configuration(connection), revision)


def configuration(connection: Connection) -> Config:
    """What alembic needs to know; the connection is ours, and so is the transaction."""
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
