"""The store: everything that the service remembers, in one database."""

from pathlib import Path
from typing import Self

from sqlalchemy import text

from services.database.engine import Database, Timed, untimed
from services.database.migrating import migrate
from services.dispatch.store.access import AccessShelf
from services.dispatch.store.audit import AuditShelf
from services.dispatch.store.cases import CaseShelf
from services.dispatch.store.jobs import JobShelf
from services.dispatch.store.plans import PlanShelf
from services.dispatch.store.retention import retain
from services.dispatch.store.tallies import TallyShelf
from services.dispatch.store.vintages import VintageShelf

SCRIPTS = Path(__file__).parent / "migrations"


class Store:
    """One database with a shelf for everything in it. Threads and processes may share it."""

    def __init__(self, database: Database):
        self.database = database
        self.cases = CaseShelf(database)
        self.plans = PlanShelf(database)
        self.jobs = JobShelf(database)
        self.access = AccessShelf(database)
        self.audit = AuditShelf(database)
        self.vintages = VintageShelf(database)
        self.tallies = TallyShelf(database)

    @classmethod
    def open(cls, url: str, timed: Timed = untimed) -> Self:
        """The store at this URL, such as `sqlite:////data/dispatch.db` or `postgresql://…`, brought up to date."""
        database = Database(url, timed)
        try:
            migrate(database, SCRIPTS)
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

    def retain(self, days: int) -> dict[str, int]:
        """Deletes what is older and was never issued; how many of each."""
        return retain(self.database, days)
