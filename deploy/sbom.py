"""The bill of materials: all that a running site is made of beside its own code, as CycloneDX.

Made from the lock file, the licences that installed packages declare, and the list below of what
their wheels bring along, which no package index tells. The same inputs give the same bytes.
"""

import argparse
import hashlib
import importlib.metadata
import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
LOCK: Final = ROOT / "requirements.lock"
VENDOR: Final = ROOT / "config" / "static" / "vendor"
TARGET: Final = ROOT / "deploy" / "sbom.cdx.json"
NAMESPACE: Final = uuid.UUID("9d3c1f2e-5f0a-4c55-9a39-6f2b6a1b7a44")

_PIN: Final = re.compile(r"^([a-z0-9._-]+)==([^ \\\n]+)(?: ; ([^\\\n]+))?[ \\]*$", re.MULTILINE)

# Of packages that not every Python and system installs, so that the bill is everywhere the same.
ELSEWHERE: Final = {
    "async-timeout": "Apache-2.0",
    "audioop-lts": "PSF-2.0",
    "colorama": "BSD-3-Clause",
    "psycopg-binary": "LGPL-3.0-only",
    "pycparser": "BSD-3-Clause",
    "standard-aifc": "PSF-2.0",
    "standard-chunk": "PSF-2.0",
    "standard-sunau": "PSF-2.0",
    "tzdata": "Apache-2.0",
}
GCC: Final = "GPL-3.0-or-later WITH GCC-exception-3.1"
# Libraries inside wheels, by the beginning of their file's name, and their licences.
BUNDLED: Final[dict[str, dict[str, str]]] = {
    "av": {
        "libav": "LGPL-3.0-or-later",  # FFmpeg: codec, device, filter, format, util
        "libsw": "LGPL-3.0-or-later",  # FFmpeg: scale, resample
        "libx264": "GPL-2.0-or-later",
        "libx265": "GPL-2.0-or-later",
        "libmp3lame": "LGPL-2.0-or-later",
        "libopus": "BSD-3-Clause",
        "libvpx": "BSD-3-Clause",
        "libwebp": "BSD-3-Clause",
        "libsharpyuv": "BSD-3-Clause",
        "libdav1d": "BSD-2-Clause",
        "libSvtAv1Enc": "BSD-3-Clause-Clear",
        "libopencore-amr": "Apache-2.0",
        "libgnutls": "LGPL-2.1-or-later",
        "libgmp": "LGPL-3.0-or-later OR GPL-2.0-or-later",
        "libnettle": "LGPL-3.0-or-later OR GPL-2.0-or-later",
        "libhogweed": "LGPL-3.0-or-later OR GPL-2.0-or-later",
        "libunistring": "LGPL-3.0-or-later OR GPL-2.0-or-later",
        "libvpl": "MIT",
        "libasound": "LGPL-2.1-or-later",
        "libdrm": "MIT",
        "libXau": "MIT",
        "libxcb": "MIT",
    },
    "soundfile": {  # one file, which holds all of them
        "libsndfile": "LGPL-2.1-or-later",
        "mpg123": "LGPL-2.1-only",
        "lame": "LGPL-2.0-or-later",
        "flac": "BSD-3-Clause",
        "ogg": "BSD-3-Clause",
        "vorbis": "BSD-3-Clause",
        "opus": "BSD-3-Clause",
    },
    "soxr": {"libsoxr": "LGPL-2.1-or-later"},  # linked into its module
    "numpy": {"libscipy_openblas": "BSD-3-Clause", "libgfortran": GCC, "libquadmath": GCC},
    "scipy": {"libscipy_openblas": "BSD-3-Clause", "libgfortran": GCC, "libquadmath": GCC},
    "scikit-learn": {"libgomp": GCC},
    "pillow": {
        "libavif": "BSD-2-Clause",
        "libbrotli": "MIT",
        "libfreetype": "FTL OR GPL-2.0-or-later",
        "libharfbuzz": "MIT",
        "libjpeg": "BSD-3-Clause",
        "liblcms2": "MIT",
        "liblzma": "0BSD",
        "libopenjp2": "BSD-2-Clause",
        "libpng16": "libpng-2.0",
        "libsharpyuv": "BSD-3-Clause",
        "libtiff": "libtiff",
        "libwebp": "BSD-3-Clause",
        "libXau": "MIT",
        "libxcb": "MIT",
        "libz": "Zlib",
        "libzstd": "BSD-3-Clause OR GPL-2.0-or-later",
    },
    "psycopg-binary": {
        "libpq": "PostgreSQL",
        "libssl": "Apache-2.0",
        "libcrypto": "Apache-2.0",
        "libcrypt": "LGPL-2.1-or-later",
        "libcom_err": "MIT",
        "libgssapi_krb5": "MIT",
        "libk5crypto": "MIT",
        "libkrb5": "MIT",
        "libkeyutils": "LGPL-2.1-or-later",
        "liblber": "OLDAP-2.8",
        "libldap": "OLDAP-2.8",
        "libsasl2": "BSD-4-Clause-UC",
    },
}
VENDORED: Final = {"alpine-csp": "MIT", "ibm-plex-sans": "OFL-1.1", "uplot": "MIT"}


def bill() -> dict[str, Any]:
    lock = LOCK.read_text()
    components = [_component(name, version, marker) for name, version, marker in _PIN.findall(lock)]
    for folder in sorted(path for path in VENDOR.iterdir() if path.is_dir()):
        name, _, version = folder.name.rpartition("-")
        components.append(
            {
                "type": "library",
                "bom-ref": f"vendored:{folder.name}",
                "name": name,
                "version": version,
                "licenses": [{"expression": VENDORED[name]}],
            }
        )
    serial = uuid.uuid5(NAMESPACE, hashlib.sha256(json.dumps(components).encode()).hexdigest())
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": serial.urn,
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": "lacquer", "name": "lacquer"}},
        "components": components,
    }


def written(made: dict[str, Any]) -> str:
    return json.dumps(made, indent=1) + "\n"


def _component(name: str, version: str, marker: str) -> dict[str, Any]:
    reference = f"pkg:pypi/{name}@{version}"
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": reference,
        "name": name,
        "version": version,
        "purl": reference,
        "licenses": [_license(name)],
    }
    if marker:
        component["properties"] = [{"name": "lacquer:only-where", "value": marker.strip()}]
    if brought := BUNDLED.get(name):
        component["components"] = [
            {
                "type": "library",
                "bom-ref": f"{reference}#{library}",
                "name": library,
                "licenses": [{"expression": licence}],
            }
            for library, licence in brought.items()
        ]
    return component


def _license(name: str) -> dict[str, Any]:
    if name in ELSEWHERE:
        return {"expression": ELSEWHERE[name]}
    told: Any = importlib.metadata.metadata(name)
    if expression := told.get("License-Expression"):
        return {"expression": expression}
    classes = [line for line in told.get_all("Classifier") or () if line.startswith("License")]
    names = [line.split(" :: ")[-1] for line in classes if line.count(" :: ") > 1]
    first_line = (told.get("License") or "").partition("\n")[0]
    return {"license": {"name": "; ".join(names) or first_line or "unknown"}}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="only tell whether it is up to date")
    made = written(bill())
    if parser.parse_args().check:
        return int(TARGET.read_text() != made)
    TARGET.write_text(made)
    print(f"{TARGET.relative_to(ROOT)}: {len(bill()['components'])} components")
    return 0


if __name__ == "__main__":
    sys.exit(main())
