"""Convex piecewise-linear functions of output, compiled.

A function lives on breakpoints `x[0..n]` with slopes `s[0..n-1]` and the value `v` at `x[0]`; `n` 0 is a single point.
Arrays are reused in place, so every operation returns the new `n` (and `v` where it changes).
"""

from numba import njit

MOST_POINTS = 256
NARROW_MW = 1e-9


@njit(cache=True)
def bend(x, s, n, at, delta):
    """Add `delta * max(0, p - at)`, for `at` not left of the first breakpoint; returns the new n."""
    if at >= x[n] or delta == 0.0:
        return n
    if at <= x[0]:
        for i in range(n):
            s[i] += delta
        return n
    j = 0
    while x[j + 1] < at - NARROW_MW:
        j += 1
    if x[j + 1] > at + NARROW_MW:
        for i in range(n, j, -1):
            x[i + 1] = x[i]
            s[i] = s[i - 1]
        x[j + 1] = at
        n += 1
    for i in range(j + 1, n):
        s[i] += delta
    return n


@njit(cache=True)
def value_at(x, s, n, v, p):
    """The value at p (clipped to the domain)."""
    for i in range(n):
        if p <= x[i + 1]:
            return v + s[i] * max(p - x[i], 0.0)
        v += s[i] * (x[i + 1] - x[i])
    return v


@njit(cache=True)
def add(x, s, n, v, fx, fs, fn, fv):
    """Add the function f, whose domain contains this one's; returns n and v."""
    v += value_at(fx, fs, fn, fv, x[0])
    if fn == 0 or n == 0:
        return n, v
    j = 0
    while j < fn - 1 and fx[j + 1] <= x[0] + NARROW_MW:
        j += 1
    for i in range(n):
        s[i] += fs[j]
    for k in range(j + 1, fn):
        n = bend(x, s, n, fx[k], fs[k] - fs[k - 1])
    return n, v


@njit(cache=True)
def lowest(x, s, n, v):
    """Where the function is least, and its value there."""
    for i in range(n):
        if s[i] >= 0.0:
            return x[i], v
        v += s[i] * (x[i + 1] - x[i])
    return x[n], v


@njit(cache=True)
def spread(x, s, n, v, rise, fall, top, y, q):
    """The least over all outputs from which p is in reach in one step: `min g(u), u - fall <= p <= u + rise`.

    The falling part moves left by `fall`, the rising part right by `rise`, a flat piece fills the gap; the result is
    clipped to 0..top. Returns n, v and whether anything is left. Source: Frangioni, Gentile (2006),
    doi 10.1287/opre.1060.0309.
    """
    turn = n
    for i in range(n):
        if s[i] >= 0.0:
            turn = i
            break
    for i in range(turn + 1):
        y[i] = x[i] - fall
    for i in range(turn):
        q[i] = s[i]
    q[turn] = 0.0
    for i in range(turn, n + 1):
        y[i + 1] = x[i] + rise
    for i in range(turn, n):
        q[i + 1] = s[i]
    return clip(y, q, n + 1, v, top)


@njit(cache=True)
def clip(y, q, n, v, top):
    """Cut the domain to 0..top and drop pieces without width; returns n, v and whether anything is left."""
    if y[n] < -NARROW_MW or y[0] > top + NARROW_MW:
        return 0, v, False
    k = 0
    while k < n and y[k + 1] <= 0.0:
        v += q[k] * (y[k + 1] - y[k])
        k += 1
    if k == n:
        y[0] = max(y[n], 0.0)
        return 0, v, True
    if y[k] < 0.0:
        v -= q[k] * y[k]
        y[k] = 0.0
    w = 0
    y[0] = min(y[k], top)
    for i in range(k, n):
        end = min(y[i + 1], top)
        if end - y[w] > NARROW_MW:
            q[w] = q[i]
            y[w + 1] = end
            w += 1
        if y[i + 1] >= top:
            break
    return w, v, True


@njit(cache=True)
def same(x, s, n, fx, fs, fn):
    """Whether two functions differ by a constant only."""
    if n != fn or abs(x[0] - fx[0]) > NARROW_MW:
        return False
    for i in range(n):
        if abs(x[i + 1] - fx[i + 1]) > NARROW_MW or abs(s[i] - fs[i]) > 1e-9 * (1.0 + abs(s[i])):
            return False
    return True


@njit(cache=True)
def step_function(bx, bs, pieces, slope, worth_up, most_up, worth_down, most_down, top, limit, x, s):
    """What a step costs by output: own curve, price of output, best awards below `top` and above 0.

    Awards go to the dearest product first, each up to its own most (sorted, dearest first). Defined on 0..limit.
    Returns n and v.
    """
    x[0] = 0.0
    n, v = 0, 0.0
    if limit > NARROW_MW:
        n = 1
        x[1] = limit
        s[0] = bs[0] + slope
        for k in range(1, pieces):
            n = bend(x, s, n, bx[k], bs[k] - bs[k - 1])
    taken = 0.0
    for k in range(worth_up.size):
        if worth_up[k] <= 0.0:
            break
        follows = max(worth_up[k + 1], 0.0) if k + 1 < worth_up.size else 0.0
        v -= worth_up[k] * max(min(most_up[k], top - taken), 0.0)
        taken += most_up[k]
        n = bend(x, s, n, max(top - taken, 0.0), worth_up[k] - follows)
    taken = 0.0
    for k in range(worth_down.size):
        if worth_down[k] <= 0.0:
            break
        if k == 0:
            for i in range(n):
                s[i] -= worth_down[0]
        follows = max(worth_down[k + 1], 0.0) if k + 1 < worth_down.size else 0.0
        taken += most_down[k]
        n = bend(x, s, n, taken, worth_down[k] - follows)
    return n, v
