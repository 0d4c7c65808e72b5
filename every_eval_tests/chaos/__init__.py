"""Attacks: faults, kills, full disks, rivals and mutated files, drawn from a seed.

The usual run of the tests has a short part of each attack. `CHAOS=whole pytest every_eval_tests/chaos` has all of them.
"""
