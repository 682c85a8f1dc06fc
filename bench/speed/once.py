"""One process that masters a pair several times and tells what it took, as JSON.

python -m bench.speed.once TARGET REFERENCE OUTPUT RUNS
"""

import json
import resource
import sys
import time
from pathlib import Path


def main() -> None:
    """Master, and tell the first run, imports included, apart from the best of the others."""
    from dsp import files
    from dsp.chain import master
    from dsp.formats import Limits
    from dsp.measure import measure
    from dsp.report import describe
    from dsp.settings import MasterSettings

    target, reference, output = map(Path, sys.argv[1:4])
    any_length = Limits(max_bytes=10_000_000_000, max_seconds=10_000.0, max_samples=2_000_000_000)
    spent = []
    for _ in range(int(sys.argv[4])):
        start, wall = time.process_time(), time.perf_counter()
        profile = measure(files.read(reference, any_length))
        mix = files.read(target, any_length)
        mastered = master(mix, profile, MasterSettings(), in_place=True)
        files.write(output, mastered.audio, format="wav24")
        describe(mastered)
        del mix, mastered
        spent.append((time.process_time() - start, time.perf_counter() - wall))
        if len(spent) == 1:
            cold_cpu = time.process_time()
    warm = spent[1:] or spent
    print(
        json.dumps(
            {
                "cold_cpu": cold_cpu,
                "cpu": min(cpu for cpu, _ in warm),
                "wall": min(wall for _, wall in warm),
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6,
            }
        )
    )


if __name__ == "__main__":
    main()
