"""From a matrix to values: HiGHS in a process of its own, or any solver through Pyomo."""
