"""The service is light: it loads no solver and no grid."""

import subprocess
import sys


def test_the_service_loads_no_solver_and_no_grid():
    code = "import sys, services.forecast.app; print([n for n in ('pyomo','highspy','pandapower') if n in sys.modules])"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "[]" == told.stdout.strip()
