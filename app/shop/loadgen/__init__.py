"""`shop loadgen`: shoppers at a fixed rate, and what they met, release by release.

It knows the shop through HTTP only.
"""
