"""The exact price of one thermal unit: an interval dynamic programme over its starts and stops, compiled.

For every interval of hours on, the cheapest dispatch follows from a forward recursion over convex piecewise-linear
functions of output (Frangioni, Gentile 2006); the intervals are joined by start costs and minimum times. A second,
backward pass gives for every step the cheapest schedule with the unit on and with it off.
"""

import numpy as np
from numba import njit, prange

from services.dispatch.decomposition.curves import (
    MOST_POINTS,
    add,
    bend,
    lowest,
    same,
    spread,
    step_function,
)

NEVER = 1e30


@njit(cache=True)
def interval_costs(
    T,
    room,
    start,
    stop,
    fall,
    rise,
    drop,
    bx,
    bs,
    pieces,
    slope,
    on_cost,
    wu,
    mu,
    wd,
    md,
    mnl,
    was_on,
    p0,
    first_on,
    may,
    E,
    P,
    Q,
    R,
):
    """Fill E[h, k]: the cheapest dispatch of being on from h to k (row T: on since before), and how to walk back.

    P: output in the last step; Q: best output before a normal last step; R: before a last step that is a stop.
    """
    ramped = rise < room - 1e-9 or drop < room - 1e-9
    x, s, y, q = np.zeros(MOST_POINTS), np.zeros(MOST_POINTS), np.zeros(MOST_POINTS), np.zeros(MOST_POINTS)
    fx, fs = np.zeros((T, MOST_POINTS)), np.zeros((T, MOST_POINTS))
    gx, gs = np.zeros((T, MOST_POINTS)), np.zeros((T, MOST_POINTS))
    fn, gn = np.zeros(T, np.int64), np.zeros(T, np.int64)
    fv, gv = np.zeros(T), np.zeros(T)
    zx, zs = np.zeros(MOST_POINTS), np.zeros(MOST_POINTS)
    for k in range(T):
        fn[k], fv[k] = step_function(bx, bs, pieces, slope[k], wu[k], mu[k], wd[k], md[k], room, room, fx[k], fs[k])
        gn[k], gv[k] = step_function(
            bx, bs, pieces, slope[k], wu[k], mu[k], wd[k], md[k], stop, max(fall, 0.0), gx[k], gs[k]
        )
    # The chain before this one, to stop where they have become the same but for a constant.
    px, ps = np.zeros((T, MOST_POINTS)), np.zeros((T, MOST_POINTS))
    pn, pv = np.zeros(T, np.int64), np.zeros(T)
    earlier = -1
    for row in range(-1, T):
        h = T if row < 0 else row
        if h == T:
            if not was_on:
                continue
            t0 = 0
        else:
            t0 = h
            if t0 < first_on or start < -1e-9 or (h == 0 and was_on):
                continue
        if not may[t0]:
            continue
        # first step of the chain
        n, v, alive = 0, 0.0, True
        if h < T:
            zn, zv = step_function(bx, bs, pieces, slope[t0], wu[t0], mu[t0], wd[t0], md[t0], start, start, zx, zs)
            for i in range(zn + 1):
                x[i] = zx[i]
            for i in range(zn):
                s[i] = zs[i]
            n, v = zn, zv
            ending_top = min(stop, start)
        else:
            top = min(room, p0 + rise)
            zn, zv = step_function(bx, bs, pieces, slope[0], wu[0], mu[0], wd[0], md[0], top, room, zx, zs)
            low = min(max(0.0, p0 - drop), room)
            x[0], n, v = low, 0, 0.0
            if top - low > 1e-9:
                x[1], s[0], n = top, 0.0, 1
            n, v = add(x, s, n, v, zx, zs, zn, zv)
            ending_top = min(stop, top)
        v += on_cost[t0]
        if t0 < T - 1 and stop > -1e-9:
            en, ev = step_function(
                bx, bs, pieces, slope[t0], wu[t0], mu[t0], wd[t0], md[t0], ending_top, max(min(fall, x[n]), 0.0), zx, zs
            )
            if h == T:
                if x[0] <= fall + 1e-9:
                    y[0] = x[0]
                    m = 0
                    if min(fall, x[n]) - x[0] > 1e-9:
                        y[1], q[0], m = min(fall, x[n]), 0.0, 1
                    m, vv = add(y, q, m, 0.0, zx, zs, en, ev)
                    P[h, t0], best = lowest(y, q, m, vv)
                    E[h, t0] = best + on_cost[t0]
            else:
                P[h, t0], best = lowest(zx, zs, en, ev)
                E[h, t0] = best + on_cost[t0]
        merged = False
        if not ramped:
            p, best = lowest(x, s, n, v)
            acc = best
            if t0 == T - 1:
                E[h, t0], P[h, t0] = acc, p
            Q[h, t0] = p
            for k in range(t0 + 1, T):
                if not may[k]:
                    break
                if k < T - 1:
                    if stop > -1e-9:
                        P[h, k], best = lowest(gx[k], gs[k], gn[k], gv[k])
                        E[h, k] = acc + best + on_cost[k]
                    p, best = lowest(fx[k], fs[k], fn[k], fv[k])
                    acc += best + on_cost[k]
                    Q[h, k] = p
                else:
                    P[h, k], best = lowest(fx[k], fs[k], fn[k], fv[k])
                    E[h, k] = acc + best + on_cost[k]
            continue
        for k in range(t0, T):
            if k > t0:
                if not may[k]:
                    alive = False
                    break
                if k < T - 1 and stop > -1e-9:
                    # the last step on, before a stop: from where g was, within ramps, under the stop limit
                    for i in range(n + 1):
                        y[i] = x[i]
                    for i in range(n):
                        q[i] = s[i]
                    m, vv = n, v
                    if mnl[k] > 0.0:
                        m, vv = _short_headroom(y, q, m, vv, stop - rise, mnl[k])
                    R[h, k], _ = lowest(y, q, m, vv)
                    m, vv, ok = spread(y, q, m, vv, rise, drop, max(fall, 0.0), zx, zs)
                    if ok:
                        m, vv = add(zx, zs, m, vv, gx[k], gs[k], gn[k], gv[k])
                        P[h, k], best = lowest(zx, zs, m, vv)
                        E[h, k] = best + on_cost[k]
                if mnl[k] > 0.0:
                    n, v = _short_headroom(x, s, n, v, room - rise, mnl[k])
                Q[h, k], _ = lowest(x, s, n, v)
                n, v, alive = spread(x, s, n, v, rise, drop, room, y, q)
                if not alive:
                    break
                n, v = add(y, q, n, v, fx[k], fs[k], fn[k], fv[k])
                v += on_cost[k]
                for i in range(n + 1):
                    x[i] = y[i]
                for i in range(n):
                    s[i] = q[i]
            if earlier >= 0 and pn[k] >= 0 and same(x, s, n, px[k], ps[k], pn[k]):
                shift = v - pv[k]
                for j in range(k, T):
                    if pn[j] < 0:
                        break
                    pv[j] += shift
                for j in range(k + 1, T):
                    E[h, j] = E[earlier, j] + shift if E[earlier, j] < NEVER else NEVER
                    P[h, j], Q[h, j], R[h, j] = P[earlier, j], Q[earlier, j], R[earlier, j]
                if k == T - 1:
                    P[h, k], E[h, k] = lowest(x, s, n, v)
                merged = True
                break
            pn[k], pv[k] = n, v
            for i in range(n + 1):
                px[k, i] = x[i]
            for i in range(n):
                ps[k, i] = s[i]
        if not merged:
            last = T - 1
            if alive and (t0 == last or may[last]):
                P[h, last], E[h, last] = lowest(x, s, n, v)
            else:
                for j in range(k, T):
                    pn[j] = -1
        for j in range(t0):
            pn[j] = -1
        earlier = h


@njit(cache=True)
def _short_headroom(x, s, n, v, at, worth):
    """Add `worth * max(0, at - p)`: reserve that the ramp does not let a low output offer."""
    if at <= x[0]:
        return n, v
    v += worth * (at - x[0])
    for i in range(n):
        s[i] -= worth
    n = bend(x, s, n, at, worth)
    return n, v


@njit(cache=True)
def backward(T, E, table, first, up, down, was_on, must_before, stop_cost, B, C):
    """B[k]: cheapest rest after the last step on k; C[h]: cheapest rest from a start at h, without its start cost."""
    for k in range(T - 1, -1, -1):
        B[k] = 0.0
        if k < T - 1:
            B[k] = stop_cost[k + 1] if must_before[T] - must_before[k + 1] == 0 else NEVER
            for h in range(k + 1 + down, T):
                if C[h] < NEVER and must_before[h] - must_before[k + 1] == 0:
                    B[k] = min(B[k], stop_cost[k + 1] + table[h - k - 1] + first[T + h] + C[h])
        C[k] = NEVER
        for last in range(k, T):
            if (last - k + 1 >= up or last == T - 1) and E[k, last] < NEVER and B[last] < NEVER:
                C[k] = min(C[k], E[k, last] + B[last])


@njit(cache=True)
def cheapest_by_step(
    T, E, S, F, B, C, table, first, up, down, was_on, held_on, at_once_cost, must_before, stop_cost, on, off
):
    """Per step, the cheapest whole schedule with the unit on, and with it off."""
    for t in range(T):
        on[t], off[t] = NEVER, NEVER
    for h in range(T + 1):
        begun = 0.0 if h == T else S[h]
        if (h == T and not was_on) or begun >= NEVER:
            continue
        best = NEVER
        for k in range(T - 1, (0 if h == T else h) - 1, -1):
            allowed = k + 1 >= held_on if h == T else (k - h + 1 >= up or k == T - 1)
            if allowed and E[h, k] < NEVER and B[k] < NEVER:
                best = min(best, begun + E[h, k] + B[k])
            on[k] = min(on[k], best)
    for k in range(-1, T - 1):
        if k < 0:
            if was_on and at_once_cost >= NEVER:
                continue
            before = at_once_cost if was_on else 0.0
        else:
            if F[k] >= NEVER:
                continue
            before = F[k] + stop_cost[k + 1]
        rest = before if must_before[T] - must_before[k + 1] == 0 else NEVER
        for h in range(T - 1, k, -1):
            if must_before[h + 1] - must_before[k + 1] == 0:
                off[h] = min(off[h], rest)
            if C[h] >= NEVER or must_before[h] - must_before[k + 1] > 0:
                continue
            if k < 0:
                if not was_on or h >= down:
                    rest = min(rest, first[h] + C[h])
            elif h - k - 1 >= down:
                rest = min(rest, before + table[h - k - 1] + first[T + h] + C[h])


@njit(cache=True)
def price_unit(
    T,
    room,
    start,
    stop,
    fall,
    rise,
    drop,
    up,
    down,
    bx,
    bs,
    pieces,
    own_on,
    table,
    first,
    was_on,
    p0,
    held_on,
    first_on,
    must,
    may,
    on_price,
    slope,
    start_price,
    stop_price,
    wu,
    mu,
    wd,
    md,
    mnl,
    gaps,
    on,
    power,
    out_on,
    out_off,
):
    """The least reduced cost of a unit; fills its schedule, and the price gaps if asked."""
    E = np.full((T + 1, T), NEVER)
    P, Q, R = np.zeros((T + 1, T)), np.zeros((T + 1, T)), np.zeros((T + 1, T))
    on_cost = on_price + own_on
    interval_costs(
        T,
        room,
        start,
        stop,
        fall,
        rise,
        drop,
        bx,
        bs,
        pieces,
        slope,
        on_cost,
        wu,
        mu,
        wd,
        md,
        mnl,
        was_on,
        p0,
        first_on,
        may,
        E,
        P,
        Q,
        R,
    )
    must_before = np.zeros(T + 1)
    for t in range(T):
        must_before[t + 1] = must_before[t] + must[t]
    # entries: cost of a first start at h (with its price), and the price of any start at h in the second half
    entry = np.zeros(2 * T)
    at_once = was_on and held_on <= 0 and p0 <= fall + 1e-9
    at_once_cost = stop_price[0] if at_once else NEVER
    for h in range(T):
        entry[h] = first[h] + start_price[h] + (at_once_cost if was_on and at_once else 0.0)
        entry[T + h] = start_price[h]
    S, F, B, C = np.zeros(T), np.zeros(T), np.zeros(T), np.zeros(T)
    SB, FB = np.zeros(T, np.int64), np.zeros(T, np.int64)
    forward(T, E, table, entry, up, down, was_on, held_on, at_once, must_before, stop_price, S, SB, F, FB)
    best, last = NEVER, -1
    if must_before[T] == 0 and (not was_on or at_once):
        best = at_once_cost if was_on else 0.0
    for k in range(T):
        if F[k] < NEVER and (k == T - 1 or must_before[T] - must_before[k + 1] == 0):
            cost = F[k] + (stop_price[k + 1] if k < T - 1 else 0.0)
            if cost < best:
                best, last = cost, k
    if gaps:
        backward(T, E, table, entry, up, down, was_on, must_before, stop_price, B, C)
        cheapest_by_step(
            T,
            E,
            S,
            F,
            B,
            C,
            table,
            entry,
            up,
            down,
            was_on,
            held_on,
            at_once_cost,
            must_before,
            stop_price,
            out_on,
            out_off,
        )
    _walk_back(T, E, P, Q, R, SB, FB, last, rise, drop, room, on, power)
    return best


@njit(cache=True)
def forward(T, E, table, entry, up, down, was_on, held_on, at_once, must_before, stop_price, S, SB, F, FB):
    """S[h]: cheapest way to start at h; F[k]: cheapest way to be on up to k; SB, FB: where each came from."""
    for k in range(T):
        F[k], FB[k] = NEVER, -1
        if was_on and E[T, k] < NEVER and k + 1 >= held_on:
            F[k], FB[k] = E[T, k], T
    for h in range(T):
        S[h], SB[h] = NEVER, -2
        if must_before[h] == 0 and (not was_on or (at_once and h >= down and h >= 1)):
            S[h], SB[h] = entry[h], -1
        for k in range(h - down):
            if F[k] < NEVER and must_before[h] - must_before[k + 1] == 0:
                cost = F[k] + stop_price[k + 1] + table[h - k - 1] + entry[T + h]
                if cost < S[h]:
                    S[h], SB[h] = cost, k
        if S[h] < NEVER:
            for k in range(h, T):
                if (k - h + 1 >= up or k == T - 1) and E[h, k] < NEVER and S[h] + E[h, k] < F[k]:
                    F[k], FB[k] = S[h] + E[h, k], h


@njit(cache=True)
def _walk_back(T, E, P, Q, R, SB, FB, last, rise, drop, room, on, power):
    for t in range(T):
        on[t], power[t] = 0.0, 0.0
    ramped = rise < room - 1e-9 or drop < room - 1e-9
    k = last
    while k >= 0:
        h = FB[k]
        t0 = 0 if h == T else h
        power[k] = P[h, k]
        for t in range(t0, k + 1):
            on[t] = 1.0
        for t in range(k, t0, -1):
            if ramped:
                best = R[h, t] if (t == k and k < T - 1) else Q[h, t]
                power[t - 1] = min(max(best, power[t] - rise), power[t] + drop)
            else:
                power[t - 1] = Q[h, t - 1]
        k = -1 if h == T else SB[h]


@njit(cache=True)
def own_cost(T, bx, bc, points, table, first, was_on, on, power):
    """What a schedule costs the unit itself: production along its curve, starts by steps off."""
    cost, since = 0.0, 0
    before, known = (1.0 if was_on else 0.0), was_on
    for t in range(T):
        if on[t] > 0.5:
            j = 0
            while j < points - 2 and power[t] > bx[j + 1]:
                j += 1
            cost += bc[0]
            if points > 1:
                share = (power[t] - bx[j]) / (bx[j + 1] - bx[j])
                cost += bc[j] - bc[0] + share * (bc[j + 1] - bc[j])
            if before < 0.5:
                cost += table[t - since] if known else first[t]
        elif before > 0.5:
            since, known = t, True
        before = on[t]
    return cost


@njit(cache=True, parallel=True)
def own_costs(T, bx, bc, points, table, first, was_on, on, power, cost):
    for g in prange(points.size):
        cost[g] = own_cost(T, bx[g], bc[g], points[g], table[g], first[g], was_on[g], on[g], power[g])


@njit(cache=True, parallel=True)
def price_fleet(
    T,
    room,
    start,
    stop,
    fall,
    rise,
    drop,
    up,
    down,
    bx,
    bs,
    pieces,
    own_on,
    table,
    first,
    was_on,
    p0,
    held_on,
    first_on,
    must,
    may,
    on_price,
    slope,
    start_price,
    stop_price,
    wu,
    mu,
    wd,
    md,
    mnl,
    gaps,
    on,
    power,
    value,
    out_on,
    out_off,
):
    """Every unit at the given prices, in parallel."""
    for g in prange(room.size):
        value[g] = price_unit(
            T,
            room[g],
            start[g],
            stop[g],
            fall[g],
            rise[g],
            drop[g],
            up[g],
            down[g],
            bx[g],
            bs[g],
            pieces[g],
            own_on[g],
            table[g],
            first[g],
            was_on[g],
            p0[g],
            held_on[g],
            first_on[g],
            must[g],
            may[g],
            on_price[g],
            slope[g],
            start_price[g],
            stop_price[g],
            wu[g],
            mu[g],
            wd[g],
            md[g],
            mnl[g],
            gaps,
            on[g],
            power[g],
            out_on[g],
            out_off[g],
        )
