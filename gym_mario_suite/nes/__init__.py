"""The real NES: emulators behind one Protocol, ROMs, and the memory of Super Mario Bros."""
