"""Brings a database to the tables of today, with the data that is in it; several processes may try at once."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from services.database.engine import Database

ONE_AT_A_TIME = 7_021_344  # any number that nobody else locks on PostgreSQL


def migrate(database: Database, scripts: Path, revision: str = "head") -> None:
    """Up to that revision of the scripts in a folder, as one transaction."""
    with database.writing() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": ONE_AT_A_TIME})
        command.upgrade(configuration(connection, scripts), revision)


def configuration(connection: Connection, scripts: Path) -> Config:
    """What alembic needs to know; the connection is ours, and so is the transaction."""
    config = Config()
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config
