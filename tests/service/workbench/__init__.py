"""The workbench, in a real browser and without one."""
