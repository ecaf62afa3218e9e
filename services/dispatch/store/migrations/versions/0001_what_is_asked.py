"""What is asked and what is answered: cases, jobs and their attempts, results, plans, answered requests."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "case_content",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_case_content")),
    )
    op.create_index(op.f("ix_case_content_created_ms"), "case_content", ["created_ms"])
    op.create_table(
        "idempotency_key",
        sa.Column("who", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=40), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("who", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_created_ms"), "idempotency_key", ["created_ms"])
    op.create_table(
        "job",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("case_hash", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("progress", sa.JSON(), nullable=True),
        sa.Column("error", sa.JSON(), nullable=True),
        sa.Column("token", sa.String(length=40), nullable=True),
        sa.Column("owner", sa.String(length=200), nullable=True),
        sa.Column("runner", sa.String(length=200), nullable=True),
        sa.Column("lease_until_ms", sa.BigInteger(), nullable=True),
        sa.Column("heartbeat_ms", sa.BigInteger(), nullable=True),
        sa.Column("queued_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["case_hash"], ["case_content.hash"], name=op.f("fk_job_case_hash")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_job")),
    )
    op.create_index(op.f("ix_job_case_hash"), "job", ["case_hash"])
    op.create_index(op.f("ix_job_ended_ms"), "job", ["ended_ms"])
    op.create_index("ix_job_waiting", "job", ["status", "queued_ms"])
    op.create_table(
        "stored_case",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["hash"], ["case_content.hash"], name=op.f("fk_stored_case_hash")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stored_case")),
    )
    op.create_index(op.f("ix_stored_case_hash"), "stored_case", ["hash"])
    op.create_index("ix_stored_case_newest", "stored_case", ["created_ms", "id"])
    op.create_table(
        "asked_plan",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("case_name", sa.String(length=200), nullable=False),
        sa.Column("replans", sa.JSON(), nullable=True),
        sa.Column("life", sa.String(length=20), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.Column("approved_ms", sa.BigInteger(), nullable=True),
        sa.Column("approved_by", sa.String(length=200), nullable=True),
        sa.Column("issued_ms", sa.BigInteger(), nullable=True),
        sa.Column("issued_by", sa.String(length=200), nullable=True),
        sa.ForeignKeyConstraint(["key"], ["job.key"], name=op.f("fk_asked_plan_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked_plan")),
    )
    op.create_index(op.f("ix_asked_plan_issued_ms"), "asked_plan", ["issued_ms"])
    op.create_index(op.f("ix_asked_plan_key"), "asked_plan", ["key"])
    op.create_index("ix_asked_plan_newest", "asked_plan", ["asked_ms", "id"])
    op.create_table(
        "attempt",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("began_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["key"], ["job.key"], name=op.f("fk_attempt_key"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", "number", name=op.f("pk_attempt")),
    )
    op.create_table(
        "case_version",
        sa.Column("case_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("changed_ms", sa.BigInteger(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_id"], ["stored_case.id"], name=op.f("fk_case_version_case_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["hash"], ["case_content.hash"], name=op.f("fk_case_version_hash")),
        sa.PrimaryKeyConstraint("case_id", "version", name=op.f("pk_case_version")),
    )
    op.create_index(op.f("ix_case_version_hash"), "case_version", ["hash"])
    op.create_table(
        "result",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("case_hash", sa.String(length=64), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["case_hash"], ["case_content.hash"], name=op.f("fk_result_case_hash")),
        sa.ForeignKeyConstraint(["key"], ["job.key"], name=op.f("fk_result_key"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_result")),
    )
    op.create_index(op.f("ix_result_case_hash"), "result", ["case_hash"])
    op.create_index(op.f("ix_result_created_ms"), "result", ["created_ms"])
