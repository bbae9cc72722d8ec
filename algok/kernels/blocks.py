"""Bytes of a buffer many at a time: 32 compared in one instruction, 8 loaded as one integer.

LLVM compiles these to the vector instructions of the machine it runs on, whatever they are.
"""

from typing import Any

from llvmlite import ir
from numba import config, types
from numba.core import cgutils
from numba.extending import intrinsic as numba_intrinsic

BLOCK = 32  # bytes

# Called without the first parameter, which is numba's own; a type checker would ask for it.
intrinsic: Any = numba_intrinsic

_BYTE = ir.IntType(8)
_WORD = ir.IntType(64)
_BYTES = ir.VectorType(_BYTE, BLOCK)


def _pointer(context, builder, array_type, array, index):
    """The address of an array's item."""
    data = context.make_array(array_type)(context, builder, value=array).data
    return cgutils.gep(builder, data, index)


@intrinsic(prefer_literal=True)
def within(typing, data, i, low, span):
    """Bit k (uint64) is set where byte i + k is from `low` to `low + span`, literals; data[i:i + 32] must exist."""
    if not isinstance(low, types.IntegerLiteral) or not isinstance(span, types.IntegerLiteral):
        return None
    low_value, span_value = low.literal_value, span.literal_value

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature.args[0], arguments[0], arguments[1])
        block = builder.load(builder.bitcast(pointer, _BYTES.as_pointer()), align=1)
        shifted = builder.sub(block, ir.Constant(_BYTES, [low_value] * BLOCK))
        mask = builder.icmp_unsigned("<=", shifted, ir.Constant(_BYTES, [span_value] * BLOCK))
        return builder.zext(builder.bitcast(mask, ir.IntType(BLOCK)), _WORD)

    return types.uint64(data, i, low, span), generate


@intrinsic
def load8(typing, data, i):
    """data[i:i + 8], which must exist, as one little-endian integer (uint64)."""

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature.args[0], arguments[0], arguments[1])
        return builder.load(builder.bitcast(pointer, _WORD.as_pointer()), align=1)

    return types.uint64(data, i), generate


@intrinsic
def trailing_zeros(typing, word):
    """Zero bits (int64) below the lowest set bit of an integer (uint64) other than 0."""

    def generate(context, builder, signature, arguments):
        return builder.cttz(arguments[0], ir.Constant(ir.IntType(1), 1))

    return types.int64(types.uint64), generate


@intrinsic
def set_bits(typing, word):
    """Set bits (int64) of an integer (uint64)."""

    def generate(context, builder, signature, arguments):
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), generate


@intrinsic
def prefetch(typing, data, i):
    """Bring the item i of an array into the cache."""

    def generate(context, builder, signature, arguments):
        pointer = _pointer(context, builder, signature.args[0], arguments[0], arguments[1])
        pointer = builder.bitcast(pointer, _BYTE.as_pointer())
        kind = ir.FunctionType(ir.VoidType(), [_BYTE.as_pointer(), *[ir.IntType(32)] * 3])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        builder.call(function, [pointer, *(ir.Constant(ir.IntType(32), n) for n in (0, 3, 1))])
        return context.get_dummy_value()

    return types.void(data, i), generate


if getattr(config, "DISABLE_JIT"):  # noqa: B009  # numba sets its attributes at run time
    from algok.kernels.plain_blocks import load8, prefetch, set_bits, trailing_zeros, within  # noqa: F401
