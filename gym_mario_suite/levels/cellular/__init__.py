"""The context-window cellular automaton, kept to show how it fails."""
