"""Documents that come from a browser: taken in, shown, and handed back as tables."""
