"""An NES with an NROM cartridge, emulated by this package itself: no other emulator is needed."""
