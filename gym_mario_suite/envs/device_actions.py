"""Actions of games on a GPU, which may come from the computer's memory or lie there already."""

from __future__ import annotations

from typing import Any

import numpy as np

from gym_mario_suite.engine import cuda
from gym_mario_suite.engine.cuda import RowKernel, copy, device_zeros, to_device, to_host
from gym_mario_suite.envs.actions import BUTTON_ORDER, ActionReader, ActionSet
from gym_mario_suite.envs.device_rows import read_action_rows, read_button_rows
from gym_mario_suite.errors import OptionError

_READ_NUMBERS = RowKernel(read_action_rows)
_READ_BUTTONS = RowKernel(read_button_rows)


class DeviceActions:
    """Turns the actions of `count` games into button bits on the device.

    Args:
        chosen: The action set.
        count: How many games.

    Attributes:
        keys: uint8[count] on the device, the button bits that were read last.
    """

    def __init__(self, chosen: ActionSet, count: int) -> None:
        self._chosen = chosen
        self._count = count
        self._reader = ActionReader(chosen)
        self._numbered = bool(chosen.combinations)
        self._table = to_device(
            chosen.keys
            if self._numbered
            else np.array([int(button) for button in BUTTON_ORDER], np.uint8)
        )
        self._faults = device_zeros(1, np.int64)
        self.keys = device_zeros(count, np.uint8)

    def read(self, actions: Any) -> None:
        """Put the actions' button bits into `keys`.

        Args:
            actions: In the computer's memory, or on the device: int64[count], or int8[count, 5]
                for the set `buttons`.

        Raises:
            OptionError: If they are not `count` actions of the set. Whether actions on the device
                are of the set is noticed later: see `check`.
        """
        if not cuda.is_on_device(actions):
            copy(self._reader.many(actions, self._count), self.keys)
            return
        array = cuda.as_device_array(actions)
        shape = (self._count,) if self._numbered else (self._count, len(BUTTON_ORDER))
        dtype = np.dtype(np.int64 if self._numbered else np.int8)
        if tuple(array.shape) != shape or array.dtype != dtype or not array.is_c_contiguous():
            raise OptionError(
                f"actions on the device must be {dtype}{list(shape)}, contiguous, got "
                f"{array.dtype}{list(array.shape)}"
            )
        kernel = _READ_NUMBERS if self._numbered else _READ_BUTTONS
        kernel.launch(0, self._count, self._table, array, self.keys, self._faults)

    def check(self) -> None:
        """Wait for the device, and see that all actions were of the set.

        Raises:
            OptionError: If one since the last check was not. It pressed nothing.
        """
        if to_host(self._faults)[0]:
            copy(np.zeros(1, np.int64), self._faults)
            raise OptionError(
                f"an action on the device was none of the set {self._chosen.name!r}: they go "
                f"from 0 to {len(self._table) - 1}, buttons are 0 or 1"
            )
