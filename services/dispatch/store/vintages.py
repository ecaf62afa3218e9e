"""Forecasts as they were last fetched: what a plan rests on while the forecast service is down."""

from collections.abc import Iterable

from sqlalchemy import select

from grid_models.forecast import Forecast
from services.database.engine import Database
from services.database.statements import insert_new
from services.dispatch.store.moments import in_ms, now_ms
from services.dispatch.store.packing import packed, unpacked
from services.dispatch.store.tables import Vintage


class VintageShelf:
    """The newest issues of every series, each once."""

    def __init__(self, database: Database):
        self._database = database

    def keep(self, forecasts: Iterable[Forecast]) -> None:
        moment = now_ms()
        rows = [
            {
                "series": one.series,
                "issued_ms": in_ms(one.issued_at),
                "fetched_ms": moment,
                "payload": packed(one.model_dump_json().encode()),
            }
            for one in forecasts
        ]
        with self._database.writing() as connection:
            insert_new(connection, Vintage, rows)

    def newest(self, series: str, as_of_ms: int | None = None) -> Forecast | None:
        """The newest issue that was made by then, if any was fetched."""
        chosen = select(Vintage.payload).where(Vintage.series == series).order_by(Vintage.issued_ms.desc()).limit(1)
        chosen = chosen if as_of_ms is None else chosen.where(Vintage.issued_ms <= as_of_ms)
        with self._database.reading() as connection:
            payload = connection.execute(chosen).scalar_one_or_none()
        return None if payload is None else Forecast.model_validate_json(unpacked(payload))
