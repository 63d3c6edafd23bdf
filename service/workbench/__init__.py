"""The workbench: a page on which people read, correct and retrain, in a browser."""
