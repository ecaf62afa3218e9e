"""Where the compiled pricing is found when nothing may be written: the `__pycache__` that an image was built with."""

from pathlib import Path

from numba.core.caching import InTreeCacheLocator


class ShippedCache(InTreeCacheLocator):  # type: ignore[misc]
    """Numba's own cache beside the sources, also where it is read-only: numba takes a cache only if it can write it."""

    def ensure_cache_path(self) -> None:
        if not Path(self.get_cache_path()).is_dir():
            super().ensure_cache_path()
