"""The tables come into being by migration alone, and with data in them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from grid_models.forecast import SeriesDescription
from services.database.engine import Database
from services.database.migrating import migrate
from services.forecast.store import Store
from services.forecast.store.tables import Table


def test_the_migrations_make_the_tables_that_the_code_knows(url):
    database = Database(url)
    migrate(database, Store.scripts)
    with database.reading() as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), Table.metadata)
    database.close()


def test_an_upgrade_keeps_what_the_earlier_version_wrote(url):
    database = Database(url)
    migrate(database, Store.scripts, "0001")
    description = SeriesDescription(name="Ä1", kind="load")
    with database.writing() as connection:
        connection.execute(text("INSERT INTO series (id, name, kind) VALUES (7, 'Ä1', 'load')"))
        connection.execute(
            text("INSERT INTO series_version VALUES (7, 1, 0, :document)"), {"document": description.model_dump_json()}
        )
    database.close()
    with Store.open(url) as store:
        assert description == store.series.get("Ä1")
        assert () == store.jobs.waiting()


def test_opening_twice_and_by_many_at_once_is_harmless(url):
    with ThreadPoolExecutor(4) as threads:
        stores = [opening.result() for opening in [threads.submit(Store.open, url) for _ in range(4)]]
    stores[0].series.put([SeriesDescription(name="a", kind="load")], np.datetime64("2024-01-01", "s"))
    assert "a" == stores[3].series.get("a").name
    for store in stores:
        store.close()
