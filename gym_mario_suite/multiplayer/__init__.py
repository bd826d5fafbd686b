"""PettingZoo environments: several players in Infinite Mario."""
