"""What is known: series, observations, weather, forecasts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "label",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_label")),
        sa.UniqueConstraint("text", name=op.f("uq_label_text")),
    )
    op.create_table(
        "level_set",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_level_set")),
        sa.UniqueConstraint("text", name=op.f("uq_level_set_text")),
    )
    op.create_table(
        "observation_batch",
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_observation_batch")),
    )
    op.create_index(op.f("ix_observation_batch_received_at"), "observation_batch", ["received_at"])
    op.create_table(
        "series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("zone", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
        sa.UniqueConstraint("name", name=op.f("uq_series_name")),
    )
    op.create_table(
        "issued_forecast",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("step_min", sa.Integer(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("levels_id", sa.Integer(), nullable=False),
        sa.Column("model_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("basis", sa.String(length=20), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["label.id"], name=op.f("fk_issued_forecast_author_id")),
        sa.ForeignKeyConstraint(["levels_id"], ["level_set.id"], name=op.f("fk_issued_forecast_levels_id")),
        sa.ForeignKeyConstraint(["model_id"], ["label.id"], name=op.f("fk_issued_forecast_model_id")),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_issued_forecast_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_issued_forecast")),
    )
    op.create_index("ix_issued_forecast_newest", "issued_forecast", ["series_id", "author_id", "issued", "known_at"])
    op.create_table(
        "observation_chunk",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("span", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_observation_chunk_series_id")),
        sa.PrimaryKeyConstraint("series_id", "span", name=op.f("pk_observation_chunk")),
    )
    op.create_table(
        "series_version",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("description", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_series_version_series_id")),
        sa.PrimaryKeyConstraint("series_id", "version", name=op.f("pk_series_version")),
    )
    op.create_table(
        "weather_issue",
        sa.Column("series_id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("issued", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("steps", sa.Integer(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["series_id"], ["series.id"], name=op.f("fk_weather_issue_series_id")),
        sa.ForeignKeyConstraint(["source_id"], ["label.id"], name=op.f("fk_weather_issue_source_id")),
        sa.PrimaryKeyConstraint("series_id", "source_id", "issued", "known_at", name=op.f("pk_weather_issue")),
    )
