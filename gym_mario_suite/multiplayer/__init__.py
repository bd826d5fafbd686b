"""PettingZoo environments: several players in Infinite Mario.

Importing this package registers them with PettingZoo (the extra `multiplayer`).
"""

from gym_mario_suite.multiplayer.registration import register_with_pettingzoo

register_with_pettingzoo()
