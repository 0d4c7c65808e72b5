"""Export to the format of Every Eval Ever, version 0.3.0: https://github.com/evaleval/every_eval_ever.

Each run becomes one aggregate file, and with samples a second file with a row for each value of a metric.
"""
