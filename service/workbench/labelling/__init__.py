"""Labels: what is worth labelling, what people say of it, and what was decided."""
