"""Smallest quadratics through intervals: c0 + c1 t + c2 t^2 with integer coefficients.

A segment is a list of (t, low, high): the polynomial must be an integer in [low, high] at t. Whether
a c1 exists for a c2 is decided exactly (two points bound the slope between them; by Helly's theorem
the pairs decide). Among what fits, coefficients with many trailing zeros are taken.
"""


def slopes(points):
    """Range of integer c1 that leave a c0, or None."""
    low, high = -(1 << 62), 1 << 62
    order = points[:1] + points[-1:] + points[1:-1] if len(points) > 2 else points
    for j, (tj, lj, hj) in enumerate(order):
        for ti, li, hi in order[:j]:
            d = tj - ti
            if d > 0:
                a, b = -((hi - lj) // d), (hj - li) // d
            else:
                a, b = -((hj - li) // -d), (hi - lj) // -d
            if a > low:
                low = a
            if b < high:
                high = b
        if low > high:
            return None
    return low, high


def roundest(low, high):
    """The number in [low, high] with the most trailing zeros."""
    if low <= 0 <= high:
        return 0
    for bits in range(62, -1, -1):
        multiple = -(-low >> bits) << bits if low > 0 else (high >> bits) << bits
        if low <= multiple <= high:
            return multiple
    raise ValueError("empty range")


def quadratic(points):
    """(c0, c1, c2) or None."""
    if any(low > high for _, low, high in points):
        return None
    if len(points) == 1:
        return roundest(points[0][1], points[0][2]), 0, 0
    candidates = [0]
    if len(points) > 2:
        (t0, l0, h0), (t1, l1, h1), (t2, l2, h2) = points[0], points[len(points) // 2], points[-1]
        # c2 between the second differences of the extremes of three points.
        n = (t1 - t0) * (t2 - t1) * (t2 - t0)
        low = (l0 * (t2 - t1) + l2 * (t1 - t0) - h1 * (t2 - t0)) / n
        high = (h0 * (t2 - t1) + h2 * (t1 - t0) - l1 * (t2 - t0)) / n
        if low > 0 or high < 0:
            candidates = []
        seen = set(candidates)
        steps = 24
        for i in range(steps + 1):
            c = round(low + (high - low) * (steps / 2 + (i + 1) // 2 * (-1) ** i) / steps)
            if c not in seen and low <= c <= high:
                seen.add(c)
                candidates.append(c)
        candidates[len(candidates):] = []
    best = None
    for c2 in candidates:
        bent = [(t, low - c2 * t * t, high - c2 * t * t) for t, low, high in points]
        found = slopes(bent)
        if found is None:
            continue
        c1 = roundest(*found)
        c0 = roundest(max(low - c1 * t for t, low, _ in bent), min(high - c1 * t for t, _, high in bent))
        best = c0, c1, c2
        break
    return best


def segments(points, most):
    """Fewest equal segments (a power of two up to 2^most) over t in 0..127: (bits, coefficients)."""
    for bits in range(most + 1):
        size = 128 >> bits
        found = []
        for s in range(1 << bits):
            part = [(t - s * size, low, high) for t, low, high in points if t // size == s]
            found.append(quadratic(part) if part else (0, 0, 0))
            if found[-1] is None:
                break
        if found[-1] is not None:
            return bits, found
    return None
