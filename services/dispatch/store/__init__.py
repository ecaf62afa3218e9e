"""What the dispatch service remembers: `Store.open(url)` on SQLite or PostgreSQL."""

from services.dispatch.store.store import Store

__all__ = ["Store"]
