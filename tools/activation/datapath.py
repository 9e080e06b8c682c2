"""The arithmetic of one lane bit by bit, on integers, as rtl/activation does it.

V has FRACTION fractional bits in the exp2 and log modes; in direct mode it is an integer that the row
scales by a power of two. exp2 turns V's fraction into a significand of SIGNIFICAND bits.
"""
import math
from fractions import Fraction

import functions

FRACTION = 22        # fractional bits of V in the exp2 and log modes
GUARD = 7            # further fractional bits of the linear term
EXP2_SEGMENT_BITS = 5
EXP2_T_BITS = FRACTION - EXP2_SEGMENT_BITS
EXP2_HIGH_BITS = 12  # bits of t that meet the quadratic coefficient
SIGNIFICAND = 24     # bits of exp2's result, in [1, 2)
TINY = -13           # exponents up to this one share a row
HUGE = 7             # exponents from this one on share a row


def linear_constant(name):
    """log2(e) or ln(2) times a power of two, so that the linear term ends in GUARD + FRACTION bits."""
    if name == "log":
        return round(Fraction(*functions.LN2.as_integer_ratio()) * 2 ** (FRACTION + GUARD))
    # k = 128 m, shifted right by GUARD + HUGE - e: k * K = m log2(e) 2^(HUGE + FRACTION + GUARD)
    return round(2 ** (FRACTION + GUARD + HUGE - 7) / Fraction(*functions.LN2.as_integer_ratio()))


CONSTANTS = {False: linear_constant("exp"), True: linear_constant("log")}


def linear(is_log, exponent, mantissa):
    """|e| ln 2 (is_log) or |x| log2 e, rounded down to FRACTION fractional bits."""
    if is_log:
        return abs(exponent) * CONSTANTS[True] >> GUARD
    return (128 + mantissa) * CONSTANTS[False] >> min(GUARD + HUGE - min(exponent, HUGE), 31)


def exp2_tables():
    """(A0, A1, A2) of each segment: 2^f through the quadratic that meets the ends and the middle of
    the error curve (Chebyshev points)."""
    rows = []
    count = 1 << EXP2_SEGMENT_BITS
    ln2 = float(functions.LN2)
    nodes = (0.5 - 0.4330127018922193, 0.5, 0.5 + 0.4330127018922193)
    for segment in range(count):
        base = functions.Decimal(2) ** (functions.Decimal(segment) / count) * 2 ** (SIGNIFICAND - 1)
        # Quadratic through the nodes in double precision relative to the base: error < 2^-50.
        y = [math.expm1(n * ln2 / count) for n in nodes]
        d01 = (y[1] - y[0]) / (nodes[1] - nodes[0])
        d12 = (y[2] - y[1]) / (nodes[2] - nodes[1])
        a2 = (d12 - d01) / (nodes[2] - nodes[0])
        a1 = d01 - a2 * (nodes[0] + nodes[1])
        a0 = y[0] - a1 * nodes[0] - a2 * nodes[0] ** 2
        scale = float(base)
        rows.append((round(base + functions.Decimal(a0 * scale + 2)), round(a1 * scale),
                     round(a2 * scale)))
    return rows


EXP2 = exp2_tables()


def exp2(v):
    """(significand of SIGNIFICAND bits, exponent) of 2^(v / 2^FRACTION)."""
    exponent, fraction = v >> FRACTION, v & ((1 << FRACTION) - 1)
    a0, a1, a2 = EXP2[fraction >> EXP2_T_BITS]
    t = fraction & ((1 << EXP2_T_BITS) - 1)
    slope = a1 + (a2 * (t >> (EXP2_T_BITS - EXP2_HIGH_BITS)) >> EXP2_HIGH_BITS)
    return a0 + (slope * t >> EXP2_T_BITS), exponent


def to_bf16(magnitude, exponent):
    """BF16 without sign of magnitude * 2^exponent, to nearest even."""
    if magnitude == 0:
        return 0
    q = max(magnitude.bit_length() - 1 + exponent, -126) - 7
    shift = q - exponent
    if shift <= 0:
        k = magnitude << -shift
    else:
        k, rest = magnitude >> shift, magnitude & ((1 << shift) - 1)
        k += rest > 1 << (shift - 1) or (rest == 1 << (shift - 1) and k & 1)
    # A k of 128 or more is a normal number; carries run into the exponent.
    return min((q + 133 << 7) + k if k >= 128 or q > -133 else k, 0x7F80)
