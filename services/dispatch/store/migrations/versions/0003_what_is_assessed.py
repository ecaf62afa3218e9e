"""Assessments that are asked for."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "asked_assessment",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("cancelled", sa.Boolean(), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["key"], ["job.key"], name=op.f("fk_asked_assessment_key")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asked_assessment")),
    )
    op.create_index(op.f("ix_asked_assessment_key"), "asked_assessment", ["key"])
    op.create_index("ix_asked_assessment_newest", "asked_assessment", ["asked_ms", "id"])
