"""One module a skill. A new skill is a new module with a `write` function and one line in `micro_world/registry.py`."""
