"""The steps, each after the one that it names as `down_revision`."""
