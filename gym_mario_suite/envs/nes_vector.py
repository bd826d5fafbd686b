"""The native vector environment of the NES."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
from gymnasium.vector import AutoresetMode
from numpy.typing import NDArray

from gym_mario_suite.envs.keyword_options import read_options
from gym_mario_suite.envs.native_vector import NativeVectorEnv, state_list
from gym_mario_suite.envs.nes import HUD_LINES_OF, RENDER_FPS, check_start, nes_reset_options
from gym_mario_suite.envs.nes_actions import NESActionReader
from gym_mario_suite.envs.nes_episode import REWARD_KEYS, TELEMETRY
from gym_mario_suite.envs.nes_options import NESOptions
from gym_mario_suite.envs.nes_rows import Crew
from gym_mario_suite.envs.render_modes import fps_of_steps
from gym_mario_suite.envs.reset_options import options_given
from gym_mario_suite.errors import as_integer, as_switch
from gym_mario_suite.nes.backend import choose_backend
from gym_mario_suite.nes.rom_store import find_rom
from gym_mario_suite.nes.run import Stage

_MAX_ENVS = 1 << 16
_MAX_WORKERS = 1 << 10


class MarioNESVectorEnv(NativeVectorEnv):
    """Many consoles with Super Mario Bros.

    `gymnasium.make_vec("MarioNES-1-1-v0", num_envs=N)` makes it. Game i equals, step by step, the
    single environment with the same options reset with seed + i, whatever the number of games and
    of workers. Infos are arrays over the games; see `MarioNESEnv` for their keys and the options.

    `reset(options=...)` takes `reset_mask` (bool[num_envs]: reset only these), `stage`
    (a name, or a list of one for each game) and `x` (px, likewise), or in place of these two
    `state` (bytes, or a list of bytes). None stands for what is usual, also in lists.

    Args:
        num_envs: How many games.
        autoreset_mode: What happens after the end of an episode. NEXT_STEP (default): the next
            step resets the game, ignores its action and returns the first observation with reward
            0. SAME_STEP: the step that ends the episode returns the first observation of the next
            one; the last one is in `info["final_obs"]`, `info["final_info"]`. DISABLED: call
            `reset` with a `reset_mask`.
        num_workers: Who plays them: threads, by default one for each core. With FCEUmm, of which a
            process has one, processes, by default none but this one; a program that asks for more
            must not start without `if __name__ == "__main__":`.
        copy: False returns the observation buffer itself, which the next step overwrites.
        render_mode: None or "rgb_array".
        **options: As of `MarioNESEnv`.

    Raises:
        OptionError: For an option that is not possible.
        RomError: If there is no usable ROM.
        BackendError: If the emulator is not installed, or has not the ROM's cartridge.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012 (Gymnasium declares it so)
        "render_modes": ["rgb_array"],
        "render_fps": RENDER_FPS,
        "hud_lines": HUD_LINES_OF,
        "autoreset_mode": AutoresetMode.NEXT_STEP,
    }

    def __init__(
        self,
        num_envs: int = 1,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        num_workers: int | None = None,
        copy: bool = True,
        render_mode: str | None = None,
        **options: Any,
    ) -> None:
        self.num_envs = as_integer("num_envs", num_envs, 1, _MAX_ENVS)
        self._set_modes(render_mode, autoreset_mode)
        self.options = read_options(NESOptions, "MarioNES", options)
        self.metadata["render_fps"] = fps_of_steps(RENDER_FPS, self.options.frame_skip)
        rom = find_rom(self.options.rom)
        row = choose_backend(self.options.backend, rom)
        if num_workers is None:
            num_workers = (os.cpu_count() or 1) if row.threads else 1
        num_workers = as_integer("num_workers", num_workers, 1, _MAX_WORKERS)
        self._set_spaces(self.options.observation_space(), self.options.action_set.space())
        self._actions = NESActionReader(self.options.action_set)
        self._started = np.zeros(self.num_envs, bool)
        self._crew = Crew(self.options, rom, self.num_envs, num_workers, row.threads)
        self._copy = as_switch("copy", copy)

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begin new episodes; see the class for the options.

        Args:
            seed: One seed s, which gives game i the seed s + i; or a seed or None for each game.
            options: `reset_mask`, and `stage` and `x`, or `state`.

        Raises:
            OptionError: For an unknown option or a value that is not possible; where only the game
                tells that Mario cannot begin there, the games to reset have no episode then.
            StateError: For a state that cannot be loaded; no game is changed then.
        """
        chosen = options_given(options)
        mask = self._reset_mask(chosen.pop("reset_mask", None))
        chosen = nes_reset_options(chosen)
        stages, starts_px = (self._one_for_each(name, chosen.get(name)) for name in ("stage", "x"))
        for start in zip(stages, starts_px, strict=True):
            check_start(*start)
        indices = np.flatnonzero(mask).tolist()
        streams = self._stream_seeds(seed, indices)
        if streams:
            self._crew.call("seed", [streams.get(index) for index in range(self.num_envs)])
        if "state" in chosen:
            states = state_list(chosen["state"], self.num_envs)
            self._load({index: states[index] for index in indices})
        else:
            # A place may be refused deep in the game, when others have begun: then none of the mask
            # has an episode.
            self._started &= ~mask
            self._crew.call("reset", mask, stages, starts_px)
            self._started |= mask
        return self._returned(), self._infos()

    def step(
        self, actions: Any
    ) -> tuple[
        NDArray[Any], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
    ]:
        """One step of every game.

        Raises:
            OptionError: If the actions are not `num_envs` actions of the set.
            ResetNeeded: Before the first reset; with DISABLED autoreset also while an episode that
                has ended was not reset.
        """
        buttons = self._actions.many(actions, self.num_envs)
        arrays = self._crew.arrays
        self._check_running(self._started, arrays["codes"])
        everyone = np.ones(self.num_envs, bool)
        self._crew.call("step", buttons, everyone)
        return self._stepped(arrays["rewards"], arrays["codes"])

    def step_some(
        self, actions: Any, active: Any
    ) -> tuple[
        NDArray[Any], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]
    ]:
        """One step of some games; the others stay as they are. See `NativeVectorEnv`."""
        buttons = self._actions.many(actions, self.num_envs)
        arrays = self._crew.arrays
        mask = self._active_mask(active, self._started, arrays["codes"])
        self._crew.call("step", buttons, mask)
        return self._stepped_some(mask, arrays["rewards"], arrays["codes"])

    def render(self) -> tuple[NDArray[np.uint8], ...] | None:
        """The screens, one uint8[224, 240, 3] for each game."""
        if self.render_mode is None:
            return None
        self._check_started(self._started)
        return tuple(chain.from_iterable(self._crew.call("pictures")))

    def get_state(self) -> list[bytes]:
        """Every game as bytes, in the form that the single environment uses too."""
        self._check_started(self._started)
        return list(chain.from_iterable(self._crew.call("states")))

    def __reduce__(self) -> Any:
        raise TypeError(
            "a vector environment of the NES cannot be copied or pickled: make another one, and "
            "give it what get_state() says"
        )

    def stages(self) -> list[Stage | None]:
        """World and stage in which every game's run began; None for the whole game.

        Warps lead on to others, which the infos tell.
        """
        self._check_started(self._started)
        return list(chain.from_iterable(self._crew.call("stages")))

    def set_state(self, states: Sequence[bytes] | bytes) -> None:
        """Take up saved games: one for each, or one for all.

        Raises:
            StateError: If a state does not fit; no game is changed then.
        """
        self._load(state_list(states, self.num_envs))
        self._seeded = True

    def close_extras(self, **_: Any) -> None:
        """Switch the consoles off and end the workers."""
        crew: Crew | None = getattr(self, "_crew", None)  # there is none where options were refused
        if crew is not None:
            crew.close()
            self._started[:] = False

    def _load(self, states: dict[int, bytes]) -> None:
        self._crew.call("check_states", states)
        self._crew.call("load", states)
        self._started[list(states)] = True

    def _seen(self) -> NDArray[Any]:
        return self._crew.arrays["observations"]

    def _infos(self) -> dict[str, Any]:
        arrays = self._crew.arrays
        counts, terms = arrays["counts"].T.copy(), arrays["terms"].T.copy()
        infos: dict[str, Any] = dict(zip(TELEMETRY, counts, strict=True))
        infos["distance"] = arrays["distance"].copy()
        infos.update(zip(REWARD_KEYS, terms, strict=True))
        return self._with_masks(infos)

    def _begin_anew(self, ended: NDArray[np.bool_]) -> None:
        nothing = [None] * self.num_envs
        self._crew.call("reset", ended, nothing, nothing)
