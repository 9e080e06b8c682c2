"""Rows and segments of every function: which polynomial serves which inputs.

A row serves one function, one sign (functions with symmetry have one row for both) and one exponent
of the input, or the parity of the exponent where the result scales with it. It holds a mode, the
scale of the result, and 1 to 128 segments.
"""
import math
from dataclasses import dataclass, field
from fractions import Fraction

import datapath as d
import fit
import functions

DIRECT_BITS = 20  # of V in direct mode
# What scales the direct result beside the row's constant, by the exponent e of the input.
FIXED, UP, DOWN, HALF_UP, HALF_DOWN = range(5)
PARITY = ("rsqrt", "sqrt")
ODD = ("reciprocal", "tanh", "erf")
LINEAR = ("exp", "log", "sigmoid", "silu", "softplus")


@dataclass
class Row:
    function: str
    negative: bool
    bin: int
    exp2: bool = False
    linear: bool = False
    scale: int = 0
    slide: int = FIXED
    bits: int = 0
    segments: list = field(default_factory=list)


def slid(slide, e):
    return {FIXED: 0, UP: e, DOWN: -e, HALF_UP: e >> 1, HALF_DOWN: -(e >> 1)}[slide]


def exponents(name, number):
    """Exponents of the inputs that a row serves and that are examined one by one."""
    if name == "reciprocal":
        return range(-133, 128)
    if name in PARITY:
        return range(-133 + (number == 0), 128, 2)
    if number == d.TINY:
        return [d.TINY, d.TINY - 1, d.TINY - 2, *range(-133, -124)]
    if number == d.HUGE:
        return [d.HUGE, d.HUGE + 1, 127]
    return [number]


def mantissas(e):
    """Fractions (7 bits) that occur with exponent e: fewer where the input is subnormal."""
    return range(0, 128, 1 << max(0, -126 - e))


# Beyond: 1 - tanh, 1 - erf below 2^-60, the others below 2^-134 or next to their argument.
FAR_OUT = {"gelu": 16, "gelu_tanh": 16, "sigmoid": 128, "tanh": 32, "silu": 128, "softplus": 128,
           "erf": 8}

_cache = {}


def interval(name, negative, e, m):
    """Cell of the result: (k, q, low, high) of functions.cell."""
    key = name, negative, e, m
    if key not in _cache:
        x = Fraction(128 + m, 128) * Fraction(2) ** e
        _cache[key] = functions.cell(exact(name, -x if negative else x))
    return _cache[key]


def exact(name, x):
    """The function's value; far out, where it is next to a bound, something between both."""
    if abs(x) >= FAR_OUT.get(name, math.inf):
        if name in ("tanh", "erf") or (name == "sigmoid" and x > 0):
            return 1 - Fraction(1, 2**60)
        return x if x > 0 else Fraction(1, 2**140)
    return functions.value(name, x)


def above(x):
    """Smallest integer greater than x."""
    return math.floor(x) + 1


def below(x):
    return math.ceil(x) - 1


def merge(points):
    """{t: (low, high)} as a sorted list."""
    return [(t, *points[t]) for t in sorted(points)]


def narrow(points, t, low, high):
    old = points.get(t)
    points[t] = (low, high) if old is None else (max(old[0], low), min(old[1], high))


FAR = 1 << 40


def direct(name, negative, number, slide):
    points, top = {}, None
    cells = [(e, m, interval(name, negative, e, m)) for e in exponents(name, number) for m in mantissas(e)]
    sizes = [Fraction(k) * Fraction(2) ** (q - slid(slide, e)) for e, m, (k, q, _, _) in cells if k]
    top = functions.floor_log2(max(sizes)) if sizes else 0
    scale = top + 1 - DIRECT_BITS
    for e, m, (_, _, low, high) in cells:
        unit = Fraction(2) ** (scale + slid(slide, e))
        narrow(points, m, max(above(low / unit), 0), FAR if high is None else below(high / unit))
    for t, (low, high) in points.items():
        points[t] = (low, min(high, (1 << DIRECT_BITS + 1) - 1))
    found = fit.segments(merge(points), 6)
    return found and Row(name, negative, number, False, False, scale, slide, *found)


def exponential(name, negative, number):
    """V = -+linear + P through exp2. The linear term falls with x for what decays to the left."""
    points = {}
    use = name in LINEAR
    for e in exponents(name, number):
        for m in mantissas(e):
            _, _, low, high = interval(name, negative, e, m)
            margin = 3
            bottom = -FAR if low == 0 else math.ceil(functions.log2(low) * 2**d.FRACTION) + margin
            topmost = FAR if high is None else math.floor(functions.log2(high) * 2**d.FRACTION) - margin
            term = d.linear(False, e, m) if use else 0
            term = -term if negative else term
            narrow(points, m, bottom - term, topmost - term)
    for t, (low, high) in points.items():
        points[t] = (max(low, -(159 << d.FRACTION)), min(high, 159 << d.FRACTION))
    found = fit.segments(merge(points), 6)
    return found and Row(name, negative, number, True, use, -d.FRACTION, FIXED, *found)


def logarithm():
    ln2 = Fraction(*functions.LN2.as_integer_ratio())
    points = {}
    for m in range(128):
        ln = functions.value("log", Fraction(128 + m, 128)) if m else Fraction(0)
        for e in range(-133, 128):
            if m not in mantissas(e):
                continue
            y = ln + e * ln2
            term = d.linear(True, e, m)
            if y == 0:
                low = high = 0
            else:
                _, _, low, high = functions.cell(y)
                low, high = above(low * 2**d.FRACTION), below(high * 2**d.FRACTION)
                if y < 0:
                    low, high = -high, -low
            term = -term if e < 0 else term
            narrow(points, m, low - term, high - term)
    bits, found = fit.segments(merge(points), 6)
    return Row("log", False, 0, False, True, -d.FRACTION, FIXED, bits, found)


def cost(row):
    return sum(sum(len(bin(c).rstrip("0")) for c in s) for s in row.segments)


def make(name, negative, number):
    if name == "log":
        return logarithm()
    if name == "exp":
        return Row(name, negative, number, True, True, -d.FRACTION, FIXED, 0, [(0, 0, 0)])
    slide = {"reciprocal": DOWN, "sqrt": HALF_UP, "rsqrt": HALF_DOWN}.get(name, FIXED)
    if number in (d.TINY, d.HUGE) and name not in ("sigmoid", "softplus", *PARITY):
        small = number == d.TINY and name != "reciprocal"
        large = number == d.HUGE and not negative and name in ("gelu", "gelu_tanh", "silu")
        slide = UP if small or large else slide
    if name == "softplus" and number == d.HUGE and not negative:
        slide = UP
    options = [direct(name, negative, number, slide)]
    if slide == FIXED and negative and name in ("gelu", "gelu_tanh", "silu", "sigmoid", "softplus"):
        options.append(exponential(name, negative, number))
    options = [o for o in options if o]
    if not options:
        raise SystemExit(f"{name} {'-' if negative else '+'} exponent {number}: nothing fits")
    return min(options, key=cost)


def jobs():
    for name in functions.NAMES:
        if name in PARITY:
            bins = (0, 1)
        elif name in ("log", "reciprocal", "exp"):
            bins = (0,)
        else:
            bins = range(d.TINY, d.HUGE + 1)
        for negative in (False,) if name in (*ODD, *PARITY, "log", "exp") else (False, True):
            for number in bins:
                yield name, negative, number
