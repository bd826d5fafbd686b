"""Numbers as Java writes them."""

from __future__ import annotations

import math

import numpy as np


def float_text(value: np.float32 | np.float64 | float) -> str:
    """A float as `Float.toString` writes it, or a double as `Double.toString` does.

    The digits are the fewest that identify the number in its own precision (older Java versions
    now and then wrote one more).

    Args:
        value: A float32 counts as Java's float, everything else as a double.
    """
    number = value if getattr(value, "dtype", None) == np.float32 else np.float64(value)
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    sign = "-" if np.signbit(number) else ""
    if number == 0:
        return f"{sign}0.0"
    mantissa, _, exponent_text = np.format_float_scientific(abs(number), unique=True).partition("e")
    digits = mantissa.replace(".", "")
    exponent = int(exponent_text)
    if 1e-3 <= abs(number) < 1e7:
        if exponent < 0:
            digits, exponent = "0" * -exponent + digits, 0
        digits = digits.ljust(exponent + 2, "0")
        return f"{sign}{digits[: exponent + 1]}.{digits[exponent + 1 :]}"
    return f"{sign}{digits[0]}.{digits[1:] or '0'}E{exponent}"
