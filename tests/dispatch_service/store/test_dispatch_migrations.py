"""The tables come into being by migration alone, and with data in them."""

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from services.database.engine import Database
from services.database.migrating import migrate
from services.dispatch.store import Store
from services.dispatch.store.packing import packed
from services.dispatch.store.tables import Table


def test_the_migrations_make_the_tables_that_the_code_knows(url):
    database = Database(url)
    migrate(database, Store.scripts)
    with database.reading() as connection:
        assert [] == compare_metadata(MigrationContext.configure(connection), Table.metadata)
    database.close()


def test_an_upgrade_keeps_a_job_that_is_under_way(url, case):
    database = Database(url)
    migrate(database, Store.scripts, "0001")
    with database.writing() as connection:
        content = {"hash": case.hash, "payload": packed(case.model_dump_json().encode())}
        connection.execute(text("INSERT INTO case_content VALUES (:hash, 'old', '{}', :payload, 0)"), content)
        connection.execute(
            text(
                "INSERT INTO job"
                " (key, request, case_hash, status, attempts, token, lease_until_ms, queued_ms, changed_ms)"
                " VALUES ('k', '{}', :hash, 'running', 1, 't', 1, 1, 1)"
            ),
            content,
        )
    database.close()
    with Store.open(url) as store:
        assert case == store.cases.case(case.hash)
        assert ("k",) == store.jobs.take_up_lost()
        claim = store.jobs.claim("somebody", 60)
        assert ("k", 2) == (claim.key, claim.number)
