"""The functions of the activation engine as real numbers, from their definitions, and BF16.

Decimal arithmetic of the standard library with DIGITS significant digits; every value is good to
more than 30 of them. Nothing here knows how the hardware computes.
"""
from decimal import Decimal, getcontext
from fractions import Fraction

DIGITS = 110
getcontext().prec = DIGITS
getcontext().Emin = -10**9
getcontext().Emax = 10**9

NAMES = ("gelu", "gelu_tanh", "exp", "log", "reciprocal", "rsqrt", "sqrt", "sigmoid", "tanh", "silu",
         "softplus", "erf")

ONE = Decimal(1)
LN2 = Decimal(2).ln()


def arctangent_of_inverse(n):
    """atan(1 / n) by its series."""
    term = ONE / n
    total, k = term, 1
    while abs(term) > Decimal(10) ** -(DIGITS + 2):
        term /= -n * n
        k += 2
        total += term / k
    return total


PI = 4 * (4 * arctangent_of_inverse(5) - arctangent_of_inverse(239))
SQRT_HALF = Decimal("0.5").sqrt()


def erf(u):
    """2/sqrt(pi) e^(-u^2) sum of 2^n u^(2n+1) / (2n+1)!!: all terms of one sign."""
    square = u * u
    term = total = u
    k = 1
    while abs(term) > abs(total) * Decimal(10) ** -(DIGITS - 5):
        k += 2
        term = term * 2 * square / k
        total += term
    return 2 / PI.sqrt() * (-square).exp() * total


def log1p(z):
    """log(1 + z), z > 0; the sum has digits enough for z >= 10^-60."""
    return z if z < Decimal(10) ** -70 else (1 + z).ln()


def tanh(x):
    """Tangens hyperbolicus; small arguments by the series, where the quotient cancels."""
    if abs(x) < Decimal(10) ** -12:
        return x - x**3 / 3 + 2 * x**5 / 15
    z = (2 * x).exp()
    return (z - 1) / (z + 1)


DEFINITIONS = {
    "gelu": lambda x: x / 2 * (1 + erf(x * SQRT_HALF)),
    # x/2 (1 + tanh z) = x / (1 + e^(-2z))
    "gelu_tanh": lambda x: x / (1 + (-2 * (2 / PI).sqrt() * (x + Decimal("0.044715") * x**3)).exp()),
    "exp": lambda x: x.exp(),
    "log": lambda x: x.ln(),
    "reciprocal": lambda x: 1 / x,
    "rsqrt": lambda x: 1 / x.sqrt(),
    "sqrt": lambda x: x.sqrt(),
    "sigmoid": lambda x: 1 / (1 + (-x).exp()),
    "tanh": tanh,
    "silu": lambda x: x / (1 + (-x).exp()),
    "softplus": lambda x: log1p(x.exp()),
    "erf": erf,
}


def value(name, x):
    """The function of a finite, non-zero Fraction inside its domain, as a Fraction."""
    argument = Decimal(x.numerator) / Decimal(x.denominator)
    return Fraction(*DEFINITIONS[name](argument).as_integer_ratio())


def log2(x):
    """log2 of a positive Fraction, as a Fraction."""
    return Fraction(*((Decimal(x.numerator) / Decimal(x.denominator)).ln() / LN2).as_integer_ratio())


def floor_log2(x):
    """floor(log2 x) of a positive Fraction."""
    guess = x.numerator.bit_length() - x.denominator.bit_length()
    return guess if x >= Fraction(2) ** guess else guess - 1


def cell(y):
    """BF16 nearest to |y| and the interval that rounds to it: (integer k, exponent q, low, high) with
    the result k * 2^q; k = 0 below half the smallest subnormal, k None at overflow (high None)."""
    y = abs(y)
    if y == 0:
        return 0, -133, Fraction(0), Fraction(2) ** -134
    q = max(floor_log2(y), -126) - 7
    scaled = y / Fraction(2) ** q
    k = int(scaled)
    rest = scaled - k
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and k & 1):
        k += 1
    if k == 256:
        k, q = 128, q + 1
    if q > 120:
        return None, q, (Fraction(511, 2)) * Fraction(2) ** 120, None
    unit = Fraction(2) ** q
    below = Fraction(1, 4) if k == 128 and q > -133 else Fraction(1, 2)
    low = max(k - below, Fraction(0)) * unit
    high = None if k == 255 and q == 120 else (k + Fraction(1, 2)) * unit
    return k, q, low, (Fraction(511, 2) * unit if high is None else high)
