import subprocess
import sys
from pathlib import Path


def test_a_worker_process_imports_neither_dagster_nor_pandas() -> None:
    program = (
        "import sys, every_eval.ingestion.workers.worker_program, every_eval.sources.helm.source; "
        "assert not {'dagster', 'pandas', 'scipy', 'huggingface_hub'} & set(sys.modules)"
    )

    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[3])
