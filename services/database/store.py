"""What every store is, whatever its shelves hold: a database that is brought up to date when it is opened."""

from pathlib import Path
from typing import ClassVar, Self

from sqlalchemy import text

from services.database.engine import Database, Timed, untimed
from services.database.migrating import migrate


class OpenStore:
    """One database with a shelf for everything in it. Threads and processes may share it."""

    scripts: ClassVar[Path]
    """The folder of its migrations."""

    def __init__(self, database: Database):
        self.database = database

    @classmethod
    def open(cls, url: str, timed: Timed = untimed) -> Self:
        """The store at this URL, such as `sqlite:////data/forecast.db` or `postgresql://…`, brought up to date."""
        database = Database(url, timed)
        try:
            migrate(database, cls.scripts)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def close(self) -> None:
        self.database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(self) -> None:
        """Raises what the database raises, if it does not answer."""
        with self.database.reading() as connection:
            connection.execute(text("SELECT 1"))
