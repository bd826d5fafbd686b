import os

# No test opens a window or a sound device. Set before anything imports pygame.
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
# Every core has a test process of its own: torch's further threads would wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")
