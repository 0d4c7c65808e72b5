"""Tell whether the samples of a log are all that its scores are computed from."""

from every_eval.sources.inspect.evaluation import Evaluation
from every_eval.sources.inspect.run_samples import RunSamples


def unscored_reason(evaluation: Evaluation, samples: RunSamples) -> str | None:
    """Return the reason why no score is computed from the samples; null if nothing prevents it."""
    header = evaluation.header
    if not header.is_success:
        return f"The evaluation did not come to its end: the status of the log is {header.status!r}."
    if samples.n_rejected:
        return f"{samples.n_rejected} samples could not be read."
    if samples.n_invalidated or header.invalidated:
        return f"{samples.n_invalidated or 'Some'} samples were invalidated by the people who made the evaluation."
    completed = header.results.completed_samples if header.results else 0
    n_read = len(samples.scored)
    if evaluation.has_samples and isinstance(completed, int) and n_read < completed:
        return f"Inspect completed {completed} samples, and the log holds {n_read}."
    return None
