"""A device of PyTorch that is not the processor, for machines without a GPU.

Its tensors' values lie in tensors of the processor, every operator is run there, and mixing both devices in
one operator fails as it does on a GPU. It keeps no aliases: writing into a view does not write into what it
views. Built on PyTorch's experimental interface for devices written in Python (PyTorch 2.13).
"""

from __future__ import annotations

from typing import Any

import torch
from torch.utils import _pytree
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

NAME = "standin"
KEY = "PrivateUse1"
_values: dict[int, torch.Tensor] = {}  # by storage; an entry is overwritten when its storage's place is


class _Module:
    """What PyTorch asks of a device's module."""

    def is_initialized(self) -> bool:
        return True

    def is_available(self) -> bool:
        return True

    def current_device(self) -> int:
        return 0

    def device_count(self) -> int:
        return 1

    def _is_in_bad_fork(self) -> bool:
        return False

    def manual_seed_all(self, seed: int) -> None:
        pass

    def get_amp_supported_dtype(self) -> list[torch.dtype]:
        return [torch.bfloat16]


def _there(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.device.type == NAME


def _moved(values: torch.Tensor) -> torch.Tensor:
    values = values.contiguous()
    tensor = torch._C._acc.create_empty_tensor(values.shape, values.dtype)
    _values[tensor.untyped_storage()._cdata] = values
    return tensor


def _of(value: Any) -> Any:
    if not _there(value):
        return value
    return _values[value.untyped_storage()._cdata].view(value.shape)


def _run(op: Any, *args: Any, **kwargs: Any) -> Any:
    """Any operator, on the processor; fails if a tensor with dimensions comes from there."""
    given, spec = _pytree.tree_flatten((args, kwargs))
    if any(isinstance(v, torch.Tensor) and not _there(v) and v.dim() for v in given):
        raise RuntimeError(f"{op}: tensors on two devices")
    values = [torch.device("cpu") if isinstance(v, torch.device) else _of(v) for v in given]
    args, kwargs = _pytree.tree_unflatten(values, spec)

    def back(result: Any) -> Any:
        for before, value in zip(given, values, strict=True):
            if value is result:  # written in place
                return before
        return _moved(result) if isinstance(result, torch.Tensor) else result

    return _pytree.tree_map(back, op(*args, **kwargs))


def _empty(size: Any, dtype: torch.dtype | None = None, *_: Any, **__: Any) -> torch.Tensor:
    return _moved(torch.zeros(size, dtype=dtype or torch.get_default_dtype()))


def _to_copy(tensor: torch.Tensor, *, dtype: Any = None, device: Any = None, **_: Any) -> torch.Tensor:
    values = _of(tensor).to(dtype=dtype, copy=True)
    there = (torch.device(device) if device is not None else tensor.device).type == NAME
    return _moved(values) if there else values


def _copy_from(source: torch.Tensor, target: torch.Tensor, _: bool = False) -> torch.Tensor:
    _of(target).copy_(_of(source))
    return target


def _convolution(x: Any, weight: Any, bias: Any, *how: Any) -> torch.Tensor:
    return _run(torch.ops.aten.convolution.default, x, weight, bias, *how)


def _convolution_backward(
    slope: Any, x: Any, weight: Any, stride: Any, padding: Any, dilation: Any, transposed: bool,
    output_padding: Any, groups: int, mask: Any,
) -> Any:  # fmt: skip
    channels = weight.shape[1] * groups if transposed else weight.shape[0]
    how = ([channels], stride, padding, dilation, transposed, output_padding, groups, mask)
    return _run(torch.ops.aten.convolution_backward.default, slope, x, weight, *how)


def _pad(x: torch.Tensor, *how: Any) -> torch.Tensor:
    return _run(torch.ops.aten.constant_pad_nd.default, x, *how)


_setup_privateuseone_for_python_backend(NAME, backend_module=_Module())
_every, _aten = torch.library.Library("_", "IMPL"), torch.library.Library("aten", "IMPL")
_every.fallback(_run, dispatch_key=KEY)
_every.fallback(torch.library.fallthrough_kernel, dispatch_key="Autocast" + KEY)
for _name, _kernel in {
    "_to_copy": _to_copy, "empty.memory_format": _empty, "_copy_from": _copy_from, "constant_pad_nd": _pad,
    "_local_scalar_dense": lambda x: _of(x).item(), "convolution_overrideable": _convolution,
    "convolution_backward_overrideable": _convolution_backward,
}.items():  # fmt: skip
    _aten.impl(_name, _kernel, dispatch_key=KEY)
