"""Vector instructions for drawing: copy, blend and shrink runs of bytes.

Numba's loops over bytes widen every byte to 64 bits and need a check for overlap before each run,
which is too slow for runs of 8 to 32 bytes. These intrinsics write the vector form down instead.
All arithmetic is on integers, so every machine draws the same bytes.

They are written with `ir`, llvmlite's module, which numba itself compiles with. Offsets are in
bytes and are not checked: callers draw into a frame with margins.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core.cgutils import ir
from numba.extending import intrinsic

_BYTE = ir.IntType(8)
_SHORT = ir.IntType(16)
_INT = ir.IntType(32)


def _pointer(context: Any, builder: Any, array_type: Any, array: Any, at: Any, kind: Any) -> Any:
    """Where byte `at` of `array` lies, as a pointer to `kind`."""
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [at]), kind.as_pointer())


def _splat(kind: Any, value: int) -> Any:
    return ir.Constant(kind, [value] * kind.count)


def _make_copy(lanes: int) -> Any:
    def copy(typing_context, target, at, source, source_at):
        """Copy `lanes` bytes."""
        signature = types.void(target, types.intp, source, types.intp)
        vector = ir.VectorType(_BYTE, lanes)

        def generate(context, builder, signature, args):
            target_type, _, source_type, _ = signature.args
            source_p = _pointer(context, builder, source_type, args[2], args[3], vector)
            target_p = _pointer(context, builder, target_type, args[0], args[1], vector)
            builder.store(builder.load(source_p, align=1), target_p, align=1)
            return context.get_dummy_value()

        return signature, generate

    return intrinsic(copy)


def _make_blend(lanes: int) -> Any:
    def blend(typing_context, target, at, below, below_at, ink, keep, source_at):
        """Lane by lane: target = ink + below * (keep + 1) // 256."""
        signature = types.void(target, types.intp, below, types.intp, ink, keep, types.intp)
        vector = ir.VectorType(_BYTE, lanes)
        wide = ir.VectorType(_SHORT, lanes)

        def generate(context, builder, signature, args):
            target_type, _, below_type, _, ink_type, keep_type, _ = signature.args

            def load(array_type, array, at):
                pointer = _pointer(context, builder, array_type, array, at, vector)
                return builder.load(pointer, align=1)

            below = builder.zext(load(below_type, args[2], args[3]), wide)
            factor = builder.add(
                builder.zext(load(keep_type, args[5], args[6]), wide), _splat(wide, 1)
            )
            kept = builder.trunc(builder.lshr(builder.mul(below, factor), _splat(wide, 8)), vector)
            mixed = builder.add(kept, load(ink_type, args[4], args[6]))
            target_p = _pointer(context, builder, target_type, args[0], args[1], vector)
            builder.store(mixed, target_p, align=1)
            return context.get_dummy_value()

        return signature, generate

    return intrinsic(blend)


copy8 = _make_copy(8)
copy32 = _make_copy(32)
blend8 = _make_blend(8)
blend32 = _make_blend(32)

# --- shrinking a grey frame of 160x120 to 84x84 ---------------------------------------------------
#
# An output pixel covers 40/21 columns and 10/7 rows. Columns first: 21 outputs come from 40 inputs,
# in three groups of seven. In 21sts of a column, output j covers [40 j, 40 j + 40): at most three
# columns. The sums (at most 40 * 255) are 16-bit numbers; rows are added up afterwards.

GROUP_OUTPUTS = 7
_GROUP_LANES = 8
_COLUMN_UNITS = 21
_COVERED_UNITS = 40


def _taps(group: int) -> tuple[int, list[list[int]], list[list[int]]]:
    """First input of a group of outputs, and per tap the input lane and weight of each output."""
    first = _COVERED_UNITS * GROUP_OUTPUTS * group // _COLUMN_UNITS
    lanes: list[list[int]] = [[], [], []]
    weights: list[list[int]] = [[], [], []]
    for output in range(GROUP_OUTPUTS * group, GROUP_OUTPUTS * group + _GROUP_LANES):
        column, used = divmod(_COVERED_UNITS * output, _COLUMN_UNITS)
        left = _COVERED_UNITS
        for tap in range(3):
            weight = min(left, _COLUMN_UNITS - used)
            # The eighth lane is overwritten by the next group; it only must not read too far.
            lanes[tap].append(min(column + tap - first, 15))
            weights[tap].append(weight)
            left -= weight
            used = 0
    return first, lanes, weights


def _make_squeeze(group: int) -> Callable[..., Any]:
    first, lanes, weights = _taps(group)

    def squeeze(typing_context, frame, target_at, source_at):
        """Eight 16-bit sums at byte `target_at` from the bytes at `source_at` + `first`."""
        signature = types.void(frame, types.intp, types.intp)
        inputs = ir.VectorType(_BYTE, 16)
        wide = ir.VectorType(_SHORT, _GROUP_LANES)
        order = ir.VectorType(_INT, _GROUP_LANES)

        def generate(context, builder, signature, args):
            frame_type = signature.args[0]
            at = builder.add(args[2], ir.Constant(args[2].type, first))
            pixels = builder.load(
                _pointer(context, builder, frame_type, args[0], at, inputs), align=1
            )
            total = None
            for tap in range(3):
                chosen = builder.shuffle_vector(pixels, pixels, ir.Constant(order, lanes[tap]))
                weight = ir.Constant(wide, weights[tap])
                part = builder.mul(builder.zext(chosen, wide), weight)
                total = part if total is None else builder.add(total, part)
            target_p = _pointer(context, builder, frame_type, args[0], args[1], wide)
            builder.store(total, target_p, align=1)
            return context.get_dummy_value()

        return signature, generate

    return intrinsic(squeeze)


squeeze_first = _make_squeeze(0)
squeeze_second = _make_squeeze(1)
squeeze_third = _make_squeeze(2)


def _stack8(typing_context, target, at, sums, sums_at, pitch, weight_0, weight_1, weight_2):
    """Eight output bytes: the weighted mean of three rows of 16-bit sums, `pitch` bytes apart.

    The weights add up to 10, a full sum is 40 * 10 * 255. To stay within 16 bits the sums are
    halved first; 328 / 65536 is 1 / 200, rounded up.
    """
    number = types.intp
    signature = types.void(target, number, sums, number, number, number, number, number)
    vector = ir.VectorType(_BYTE, 8)
    wide = ir.VectorType(_SHORT, 8)
    wider = ir.VectorType(_INT, 8)

    def generate(context, builder, signature, args):
        target_type, _, sums_type, *_ = signature.args
        at = args[3]
        total = _splat(wide, 100)
        for weight in args[5:8]:
            row = builder.load(_pointer(context, builder, sums_type, args[2], at, wide), align=1)
            half = builder.lshr(builder.add(row, _splat(wide, 1)), _splat(wide, 1))
            lane = builder.insert_element(
                ir.Constant(wide, ir.Undefined), builder.trunc(weight, _SHORT), _INT(0)
            )
            zeros = ir.Constant(ir.VectorType(_INT, 8), [0] * 8)
            factor = builder.shuffle_vector(lane, lane, zeros)
            total = builder.add(total, builder.mul(half, factor))
            at = builder.add(at, args[4])
        product = builder.mul(builder.zext(total, wider), _splat(wider, 328))
        mean = builder.trunc(builder.lshr(product, _splat(wider, 16)), vector)
        target_p = _pointer(context, builder, target_type, args[0], args[1], vector)
        builder.store(mean, target_p, align=1)
        return context.get_dummy_value()

    return signature, generate


stack8: Any = intrinsic(_stack8)
