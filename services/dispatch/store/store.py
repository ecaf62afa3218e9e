"""The store: everything that the service remembers, in one database."""

from pathlib import Path

from services.database.engine import Database
from services.database.store import OpenStore
from services.dispatch.store.access import AccessShelf
from services.dispatch.store.assessments import AssessmentShelf
from services.dispatch.store.audit import AuditShelf
from services.dispatch.store.cases import CaseShelf
from services.dispatch.store.jobs import JobShelf
from services.dispatch.store.plans import PlanShelf
from services.dispatch.store.retention import retain
from services.dispatch.store.tallies import TallyShelf
from services.dispatch.store.vintages import VintageShelf


class Store(OpenStore):
    """Cases, plans and the work on them, who may ask and who asked."""

    scripts = Path(__file__).parent / "migrations"

    def __init__(self, database: Database):
        super().__init__(database)
        self.cases = CaseShelf(database)
        self.plans = PlanShelf(database)
        self.assessments = AssessmentShelf(database)
        self.jobs = JobShelf(database)
        self.access = AccessShelf(database)
        self.audit = AuditShelf(database)
        self.vintages = VintageShelf(database)
        self.tallies = TallyShelf(database)

    def retain(self, days: int) -> dict[str, int]:
        """Deletes what is older and was never issued; how many of each."""
        return retain(self.database, days)
