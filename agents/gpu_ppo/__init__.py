"""PPO and ICM-PPO whose games, rollouts and networks stay on one device."""
