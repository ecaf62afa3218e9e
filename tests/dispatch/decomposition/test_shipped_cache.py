"""The compiled pricing comes out of a cache that cannot be written, without compiling anything."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from random_units import random_case, random_prices, split_of

from services.dispatch.decomposition.pricing import Pricer

ROOT = Path(__file__).parents[3]
PRICE = """
import sys
sys.path[:0] = [sys.argv[1], sys.argv[1] + "/tests/dispatch", sys.argv[1] + "/tests/dispatch/decomposition"]
from random_units import random_case, random_prices, split_of
from services.dispatch.decomposition import pricing
grid = random_case(1)
parts = split_of(grid)
value = pricing.Pricer(grid, parts)(random_prices(1, parts), gaps=True).value.sum()
hits, misses = (sum(getattr(pricing.price_fleet.stats, name).values()) for name in ("cache_hits", "cache_misses"))
print(pricing.__file__.startswith(sys.argv[1]), hits, misses, round(value, 2))
"""


def test_a_read_only_cache_is_used_as_it_is(tmp_path: Path):
    grid = random_case(1)
    parts = split_of(grid)
    value = Pricer(grid, parts)(random_prices(1, parts), gaps=True).value.sum()
    for name in ("services", "grid_models", "tests/dispatch"):
        shutil.copytree(ROOT / name, tmp_path / name)
    held = list((tmp_path / "services").rglob("__pycache__"))
    for place in held:
        place.chmod(0o555)
    env = os.environ | {"NUMBA_CACHE_LOCATOR_CLASSES": "services.dispatch.shipped_cache.ShippedCache"}
    said = subprocess.run(
        [sys.executable, "-B", "-c", PRICE, str(tmp_path)],
        env=env,
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    for place in held:
        place.chmod(0o755)
    assert f"True 1 0 {round(value, 2)}" == said.stdout.strip()
