"""Export to the community evals of the Hugging Face Hub: files `.eval_results/*.yaml` for the repos of models."""
