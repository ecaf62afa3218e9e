"""Convex piecewise-linear functions of output, compiled.

A function lives on breakpoints `x[0..n]` with slopes `s[0..n-1]` and the value `v` at `x[0]`; `n` 0 is a single point,
`n` NOWHERE a function without domain. Results go into arrays that the caller made long enough.
"""

from numba import njit

NARROW_MW = 1e-9
NOWHERE = -1
leaf = njit(cache=True, _nrt=False)
"""For functions that make no arrays: without counting references, which would take most of their time.

A leaf that returns a view of an array may be called by leaves only: nothing else would keep the count right.
"""


@leaf
def copy(x, s, n, y, q):
    """The same function in other arrays."""
    for i in range(n):
        y[i], q[i] = x[i], s[i]
    y[n] = x[n]


@leaf
def turn(s, n):
    """The breakpoint at which the function is least: the first from which it does not fall."""
    for i in range(n):
        if s[i] >= 0.0:
            return i
    return n


@leaf
def lowest(x, s, n, v):
    """Where the function is least, and its value there."""
    for i in range(n):
        if s[i] >= 0.0:
            return x[i], v
        v += s[i] * (x[i + 1] - x[i])
    return x[n], v


@leaf
def value_at(x, s, n, v, p):
    """The value at p (clipped to the domain)."""
    for i in range(n):
        if p <= x[i + 1]:
            return v + s[i] * max(p - x[i], 0.0)
        v += s[i] * (x[i + 1] - x[i])
    return v


@leaf
def append(y, q, m, end, slope):
    """One more piece, up to `end`; a piece without width is left out. Returns the new m."""
    if end - y[m] <= NARROW_MW:
        return m
    if m > 0 and abs(q[m - 1] - slope) <= 1e-13 * (1.0 + abs(slope)):
        y[m] = end
        return m
    q[m], y[m + 1] = slope, end
    return m + 1


@leaf
def add(x, s, n, v, fx, fs, fn, fv, tilt, y, q):
    """The sum of two functions, the second tilted by a slope, where both are defined, into y, q. Returns m and v."""
    left, right = max(x[0], fx[0]), min(x[n], fx[fn])
    if right < left - NARROW_MW:
        return NOWHERE, 0.0
    right = max(left, right)
    y[0], m, i, j = left, 0, 0, 0
    while i < n - 1 and x[i + 1] <= left + NARROW_MW:
        v += s[i] * (x[i + 1] - x[i])
        i += 1
    while j < fn - 1 and fx[j + 1] <= left + NARROW_MW:
        fv += fs[j] * (fx[j + 1] - fx[j])
        j += 1
    value = v + fv + tilt * (left - fx[0])
    if n > 0:
        value += s[i] * (left - x[i])
    if fn > 0:
        value += fs[j] * (left - fx[j])
    while y[m] < right - NARROW_MW:
        end = min(x[i + 1], fx[j + 1], right)
        m = append(y, q, m, end, s[i] + fs[j] + tilt)
        if end >= right - NARROW_MW:
            break
        if x[i + 1] <= end + NARROW_MW:
            i += 1
        if fx[j + 1] <= end + NARROW_MW:
            j += 1
    return m, value


@leaf
def convolve(x, s, n, v, fx, fs, fn, fv, y, q):
    """The infimal convolution `min f(a) + g(p - a)`: all pieces of both, by rising slope. Returns m and v."""
    y[0], m, i, j = x[0] + fx[0], 0, 0, 0
    while i < n or j < fn:
        if j >= fn or (i < n and s[i] <= fs[j]):
            m = append(y, q, m, y[m] + (x[i + 1] - x[i]), s[i])
            i += 1
        else:
            m = append(y, q, m, y[m] + (fx[j + 1] - fx[j]), fs[j])
            j += 1
    return m, v + fv


@leaf
def clip(y, q, m, v, left, right):
    """Cut the domain to left..right, in place. Returns m and v."""
    if y[m] < left - NARROW_MW or y[0] > right + NARROW_MW:
        return NOWHERE, 0.0
    k = 0
    while k < m and y[k + 1] <= left:
        v += q[k] * (y[k + 1] - y[k])
        k += 1
    begin = min(max(y[k], left), right)
    if k == m:
        y[0] = begin
        return 0, v
    v += q[k] * (begin - y[k])
    w = 0
    y[0] = begin
    for i in range(k, m):
        w = append(y, q, w, min(y[i + 1], right), q[i])
        if y[i + 1] >= right:
            break
    return w, v


@leaf
def same(x, s, n, fx, fs, fn):
    """Whether two functions differ by a constant only."""
    if n != fn or abs(x[0] - fx[0]) > NARROW_MW:
        return False
    for i in range(n):
        if abs(x[i + 1] - fx[i + 1]) > NARROW_MW or abs(s[i] - fs[i]) > 1e-11 * (1.0 + abs(s[i])):
            return False
    return True


@leaf
def excess(x, s, n, v, fx, fs, fn, fv):
    """By how much f is at most above g, where g is defined; infinite where g reaches further than f."""
    if x[0] > fx[0] + NARROW_MW or x[n] < fx[fn] - NARROW_MW:
        return 1e30
    i, j, at = 0, 0, fx[0]
    while i < n - 1 and x[i + 1] <= at + NARROW_MW:
        v += s[i] * (x[i + 1] - x[i])
        i += 1
    gap = v - fv + (s[i] * (at - x[i]) if n > 0 else 0.0)
    most = gap
    while j < fn and i < n:
        end = min(x[i + 1], fx[j + 1])
        gap += (s[i] - fs[j]) * (end - at)
        most = max(most, gap)
        at = end
        if x[i + 1] <= end + NARROW_MW:
            i += 1
        if fx[j + 1] <= end + NARROW_MW:
            j += 1
    return most
