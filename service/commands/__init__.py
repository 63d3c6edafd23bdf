"""The commands of `govtheme`, one module each: options in, calls to the packages, answer out."""
