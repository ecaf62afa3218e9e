"""One step of a unit: from output q to output p, within ramps, with the best reserve awards on the way, compiled.

Up-awards d and down-awards s are backed by head- and footroom, and by the ramps (rows T4, T7, T13, T14):

    p + d <= roof,  p + d <= q + rise,  p - s >= floor,  p - s >= q - drop

What d and s earn, dearest product first, is concave; `Awards` holds each product's worth and the most it may take.
The recursion without awards is that of Frangioni, Gentile (2006), doi 10.1287/opre.1060.0309.
"""

from typing import NamedTuple

import numpy as np
from numba import njit

from services.dispatch.decomposition.compiled.curves import (
    NARROW_MW,
    NOWHERE,
    add,
    append,
    clip,
    convolve,
    copy,
    leaf,
    lowest,
    turn,
    value_at,
)

WIDE_MW = 1e9


class Awards(NamedTuple):
    """What a step pays for reserve: by product, dearest first."""

    up_worth: np.ndarray
    up_most: np.ndarray
    down_worth: np.ndarray
    down_most: np.ndarray


class Bounds(NamedTuple):
    """How far one step may go: ramps, limits with awards, limits of output alone."""

    rise: float
    drop: float
    floor: float
    roof: float
    low: float
    high: float


class Scratch(NamedTuple):
    """Rows of breakpoints and of slopes to work in."""

    x: np.ndarray
    s: np.ndarray


@njit(cache=True)
def scratch_for(points):
    """Room for functions that are made of ones with so many points."""
    return Scratch(np.zeros((7, points)), np.zeros((7, points)))


@leaf
def award_points(products):
    """How many points the awards of so many products can add to a function."""
    return 2 * products + 8


@leaf
def paying(worth, most, room):
    """What products that pay would take of the room, and what they earn with it."""
    taken, earned = 0.0, 0.0
    for k in range(worth.size):
        if worth[k] <= 0.0 or taken >= room:
            break
        part = min(most[k], room - taken)
        taken += part
        earned += worth[k] * part
    return taken, earned


@leaf
def sum_before(most, k):
    """What the products dearer than the k-th take."""
    total = 0.0
    for i in range(k):
        total += most[i]
    return total


@leaf
def earned_rightwards(left, right, worth, most, y, q):
    """Less what `p - left` earns, for p from left to right: falling, by the dearest first. Returns m and v."""
    y[0], m = left, 0
    for k in range(worth.size):
        if worth[k] <= 0.0:
            break
        m = append(y, q, m, min(y[m] + most[k], right), -worth[k])
    return append(y, q, m, right, 0.0), 0.0


@leaf
def earned_leftwards(left, right, worth, most, y, q):
    """Less what `right - p` earns, for p from left to right: rising, by the dearest last. Returns m and v."""
    taken, earned = paying(worth, most, right - left)
    y[0] = left
    m = append(y, q, 0, right - taken, 0.0)
    for k in range(worth.size - 1, -1, -1):
        if worth[k] > 0.0:
            m = append(y, q, m, right - min(sum_before(most, k), taken), worth[k])
    return m, -earned


@leaf
def reach(x, s, n, v, bounds, awards, work, y, q):
    """The least cost of standing at p, over all q from which p and its awards are in reach, into y, q: m and v.

    With V convex and least at V*, `min V over a <= q <= b` is `min V over q >= a`, plus `min V over q <= b`, less V*;
    so up- and down-awards are chosen apart, each by an infimal convolution. Only where `d + s` may exceed
    `rise + drop` (then a > b) they compete, and `_contested` decides.
    """
    left = max(bounds.low, bounds.floor, x[0] - bounds.drop)
    right = min(bounds.high, bounds.roof, x[n] + bounds.rise)
    if right < left - NARROW_MW:
        return NOWHERE, 0.0
    right = max(right, left)
    bottom = turn(s, n)
    least = lowest(x, s, n, v)[1]
    m, w = _from_below(x, s, n, least, bottom, bounds, awards, left, work)
    k, u = _from_above(x, s, n, v, bottom, bounds, awards, right, work)
    if not _compete(bounds, awards):
        return add(work.x[0], work.s[0], m, w, work.x[1], work.s[1], k, u - least, 0.0, y, q)
    m, w = add(work.x[0], work.s[0], m, w, work.x[1], work.s[1], k, u - least, 0.0, work.x[2], work.s[2])
    return _contested(x, s, n, v, bounds, awards, m, w, work, y, q)


@leaf
def _from_below(x, s, n, least, bottom, bounds, awards, left, work):
    """The dearer of a q that must be high enough, up-awards chosen, on left..top, into row 0."""
    hx, hs = work.x[2], work.s[2]
    top = max(min(bounds.roof, x[n] + bounds.rise), left)
    hx[0] = left
    m = append(hx, hs, 0, min(max(x[bottom] + bounds.rise, left), top), 0.0)
    value = least
    for i in range(bottom, n):
        begin, end = x[i] + bounds.rise, x[i + 1] + bounds.rise
        if begin >= top:
            break
        if end <= left:
            value += s[i] * (end - begin)
            continue
        value += s[i] * max(left - begin, 0.0)
        m = append(hx, hs, m, min(end, top), s[i])
    if awards.up_worth[0] <= 0.0:
        copy(hx, hs, m, work.x[0], work.s[0])
        return m, value
    kx, ks = work.x[3], work.s[3]
    # Whatever q is, the ramps back no more than both together.
    span = min(top - left, bounds.rise + bounds.drop)
    k, u = earned_leftwards(-span, 0.0, awards.up_worth, awards.up_most, kx, ks)
    m, value = convolve(hx, hs, m, value, kx, ks, k, u, work.x[0], work.s[0])
    return clip(work.x[0], work.s[0], m, value, left, top)


@leaf
def _from_above(x, s, n, v, bottom, bounds, awards, right, work):
    """The dearer of a q that must be low enough, down-awards chosen, on base..right, into row 1."""
    hx, hs = work.x[2], work.s[2]
    base = min(max(bounds.floor, x[0] - bounds.drop), right)
    hx[0], m, value = base, 0, v
    for i in range(bottom):
        begin, end = x[i] - bounds.drop, x[i + 1] - bounds.drop
        if end <= base:
            value += s[i] * (end - begin)
            continue
        value += s[i] * max(base - begin, 0.0)
        if begin >= right:
            break
        m = append(hx, hs, m, min(end, right), s[i])
    m = append(hx, hs, m, right, 0.0)
    if awards.down_worth[0] <= 0.0:
        copy(hx, hs, m, work.x[1], work.s[1])
        return m, value
    kx, ks = work.x[3], work.s[3]
    span = min(right - base, bounds.rise + bounds.drop)
    k, u = earned_rightwards(0.0, span, awards.down_worth, awards.down_most, kx, ks)
    m, value = convolve(hx, hs, m, value, kx, ks, k, u, work.x[1], work.s[1])
    return clip(work.x[1], work.s[1], m, value, base, right)


@leaf
def _compete(bounds, awards):
    """Whether up- and down-awards together may want more than both ramps give."""
    both = bounds.rise + bounds.drop
    if bounds.roof - bounds.floor <= both + NARROW_MW:
        return False
    up = paying(awards.up_worth, awards.up_most, WIDE_MW)[0]
    down = paying(awards.down_worth, awards.down_most, WIDE_MW)[0]
    return up > 0.0 and down > 0.0 and up + down > both + NARROW_MW


@leaf
def _contested(x, s, n, v, bounds, awards, m, w, work, y, q):
    """Where awards compete for the ramps: the bound in row 2, or the function with both ramps used up, into y, q.

    The bound G lets d + s exceed `rise + drop`. Where its best awards do not, it is exact; where they do, the truth is
    on the limit, `p + d - rise = q = p - s + drop`: one infimal convolution of V and of what both ramps, all used,
    earn. Truth lies between the two and is convex, so over every piece common to both it is one of them.
    """
    gx, gs = work.x[2], work.s[2]
    begin, end = max(x[0], bounds.floor + bounds.drop), min(x[n], bounds.roof - bounds.rise)
    if end < begin - NARROW_MW:
        copy(gx, gs, m, y, q)
        return m, w
    k, u = _all_ramp(bounds, awards, work)
    copy(x, s, n, work.x[4], work.s[4])
    c, cv = clip(work.x[4], work.s[4], n, v, begin, max(begin, end))
    k, u = convolve(work.x[4], work.s[4], c, cv, work.x[3], work.s[3], k, u, work.x[5], work.s[5])
    return _true_pieces(x, s, n, v, bounds, awards, gx, gs, m, w, work.x[5], work.s[5], k, u, y, q)


@leaf
def _all_ramp(bounds, awards, work):
    """Less what `rise - z` up and `z + drop` down earn, by z = p - q, into row 3."""
    k, u = earned_leftwards(-bounds.drop, bounds.rise, awards.up_worth, awards.up_most, work.x[4], work.s[4])
    i, r = earned_rightwards(-bounds.drop, bounds.rise, awards.down_worth, awards.down_most, work.x[5], work.s[5])
    return add(work.x[4], work.s[4], k, u, work.x[5], work.s[5], i, r, 0.0, work.x[3], work.s[3])


@leaf
def _true_pieces(x, s, n, v, bounds, awards, gx, gs, m, w, cx, cs, k, u, y, q):
    """Over every piece common to the bound g and the limit c: whichever is true in its middle."""
    y[0], out, i, j, at = gx[0], 0, 0, 0, gx[0]
    while j < k and cx[j + 1] <= at + NARROW_MW:
        j += 1
    value, first = w, True
    while i < m:
        end = gx[i + 1]
        if j < k and at < cx[0]:
            end = min(end, cx[0])
        elif j < k:
            end = min(end, cx[j + 1])
        middle = 0.5 * (at + end)
        slope = gs[i]
        if j < k and cx[0] <= middle <= cx[k]:
            bound, limit = value_at(gx, gs, m, w, middle), value_at(cx, cs, k, u, middle)
            before = best_before(middle, x, s, n, bounds, awards)
            truth = _cost_from(before, middle, x, s, n, v, bounds, awards)
            if abs(truth - limit) < abs(truth - bound):
                slope = cs[j]
                if first:
                    value = value_at(cx, cs, k, u, at)
        out = append(y, q, out, end, slope)
        at, first = end, False
        if gx[i + 1] <= end + NARROW_MW:
            i += 1
        while j < k and cx[j + 1] <= end + NARROW_MW:
            j += 1
    if m == 0:
        value = _cost_from(best_before(at, x, s, n, bounds, awards), at, x, s, n, v, bounds, awards)
    return out, value


@leaf
def rooms(p, q, bounds):
    """Head- and footroom for awards of a step from q to p."""
    head = min(bounds.roof, q + bounds.rise) - p
    foot = p - max(bounds.floor, q - bounds.drop)
    return max(head, 0.0), max(foot, 0.0)


@leaf
def _cost_from(q, p, x, s, n, v, bounds, awards):
    """The cost of coming from q to p, less what the awards earn."""
    head, foot = rooms(p, q, bounds)
    up = paying(awards.up_worth, awards.up_most, head)[1]
    down = paying(awards.down_worth, awards.down_most, foot)[1]
    return value_at(x, s, n, v, q) - up - down


@leaf
def best_before(p, x, s, n, bounds, awards):
    """The output before p that makes p cheapest, awards included."""
    begin, end = max(x[0], p - bounds.rise), min(x[n], p + bounds.drop)
    end = max(begin, end)
    best = min(max(x[turn(s, n)], begin), end)
    if awards.up_worth[0] <= 0.0 and awards.down_worth[0] <= 0.0:
        return best
    cost = _cost_from(best, p, x, s, n, 0.0, bounds, awards)
    value = 0.0
    for i in range(n + 1):
        if begin <= x[i] <= end:
            found = _less_awards(value, x[i], p, bounds, awards)
            if found < cost:
                best, cost = x[i], found
        if i < n:
            value += s[i] * (x[i + 1] - x[i])
    for k in range(-4, awards.up_worth.size + awards.down_worth.size):
        at = min(max(_kink(k, p, begin, end, bounds, awards), begin), end)
        found = _cost_from(at, p, x, s, n, 0.0, bounds, awards)
        if found < cost:
            best, cost = at, found
    return best


@leaf
def _less_awards(value, q, p, bounds, awards):
    head, foot = rooms(p, q, bounds)
    up = paying(awards.up_worth, awards.up_most, head)[1]
    return value - up - paying(awards.down_worth, awards.down_most, foot)[1]


@leaf
def _kink(k, p, begin, end, bounds, awards):
    """An output before p at which what the awards earn may bend."""
    if k == -4:
        return begin
    if k == -3:
        return end
    if k == -2:
        return bounds.roof - bounds.rise
    if k == -1:
        return bounds.floor + bounds.drop
    if k < awards.up_worth.size:
        return p - bounds.rise + sum_before(awards.up_most, k + 1)
    return p + bounds.drop - sum_before(awards.down_most, k + 1 - awards.up_worth.size)


@leaf
def approach(x, s, n, v, low, high, bounds, awards, work, y, q):
    """The other way round: the least cost of going on from q, over all p in reach, into y, q on low..high: m and v.

    `x, s, n, v` is the cost of standing at p and of all that follows. Whether the roof or the ramp limits up-awards,
    and the floor or the ramp down-awards, changes at two outputs q; between them each is one infimal convolution.
    """
    if n == NOWHERE or bounds.low > bounds.high + NARROW_MW:
        return NOWHERE, 0.0
    by_roof, by_floor = bounds.roof - bounds.rise, bounds.floor + bounds.drop
    first, second = min(by_roof, by_floor), max(by_roof, by_floor)
    first, second = min(max(first, low), high), min(max(second, low), high)
    count, value = NOWHERE, 0.0
    for part in range(3):
        begin = low if part == 0 else (first if part == 1 else second)
        end = first if part == 0 else (second if part == 1 else high)
        if end - begin <= NARROW_MW and (part != 0 or high - low > NARROW_MW):
            continue
        middle = 0.5 * (begin + end)
        m, w = _one_regime(x, s, n, v, middle >= by_roof, middle <= by_floor, bounds, awards, begin, end, work)
        if m == NOWHERE:
            continue
        if count == NOWHERE:
            count, value, y[0] = 0, w, work.x[5, 0]
        for i in range(m):
            count = append(y, q, count, work.x[5, i + 1], work.s[5, i])
    return count, value


@leaf
def _one_regime(x, s, n, v, roofed, floored, bounds, awards, begin, end, work):
    """The same for q from begin to end, where roof or ramp, floor or ramp limit the awards throughout: into row 5."""
    copy(x, s, n, work.x[0], work.s[0])
    m, w = clip(work.x[0], work.s[0], n, v, max(bounds.low, bounds.floor), min(bounds.high, bounds.roof))
    if m != NOWHERE and roofed:
        a, b = work.x[0, 0], bounds.roof
        k, u = earned_leftwards(a, b, awards.up_worth, awards.up_most, work.x[1], work.s[1])
        m, w = add(work.x[0], work.s[0], m, w, work.x[1], work.s[1], k, u, 0.0, work.x[2], work.s[2])
        copy(work.x[2], work.s[2], m, work.x[0], work.s[0])
    if m != NOWHERE and floored:
        a, b = bounds.floor, work.x[0, m]
        k, u = earned_rightwards(a, b, awards.down_worth, awards.down_most, work.x[1], work.s[1])
        m, w = add(work.x[0], work.s[0], m, w, work.x[1], work.s[1], k, u, 0.0, work.x[2], work.s[2])
        copy(work.x[2], work.s[2], m, work.x[0], work.s[0])
    if m == NOWHERE:
        return NOWHERE, 0.0
    # By q - p, from as far below as the ramp up reaches to as far above as the ramp down reaches.
    span = max(end - min(work.x[0, 0], bounds.floor), max(work.x[0, m], bounds.roof) - begin) + 1.0
    least, most = -min(bounds.rise, span), min(bounds.drop, span)
    k, u = _ramp_earned(roofed, floored, least, most, bounds, awards, work)
    m, w = convolve(work.x[0], work.s[0], m, w, work.x[3], work.s[3], k, u, work.x[5], work.s[5])
    return clip(work.x[5], work.s[5], m, w, begin, end)


@leaf
def _ramp_earned(roofed, floored, least, most, bounds, awards, work):
    """Less what the awards earn that a ramp limits, by q - p, into row 3."""
    k, u, i, r = _flat(least, most, work.x[1]), 0.0, _flat(least, most, work.x[2]), 0.0
    work.s[1, 0], work.s[2, 0] = 0.0, 0.0
    if not roofed:
        k, u = earned_rightwards(least, most, awards.up_worth, awards.up_most, work.x[1], work.s[1])
    if not floored:
        i, r = earned_leftwards(least, most, awards.down_worth, awards.down_most, work.x[2], work.s[2])
    return add(work.x[1], work.s[1], k, u, work.x[2], work.s[2], i, r, 0.0, work.x[3], work.s[3])


@leaf
def _flat(left, right, y):
    """A flat piece; returns its m."""
    y[0], y[1] = left, right
    return 1 if right - left > NARROW_MW else 0
