"""`make bench`: how fast the core is, side by side, interleaved, medians.

Absolute times swing between machines and hours; ratios hold. Nothing here asserts anything.
"""
