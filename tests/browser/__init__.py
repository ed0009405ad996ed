"""The console in a real browser, over the whole stack with the sample organisation: `make browser-test`."""
