"""The bench of level generators: how like the corpus, how playable, how new, how fast."""
