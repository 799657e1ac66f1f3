"""Looks for known vulnerabilities in the installed packages, where a registry can answer.

A script for `make check`. A finding fails it; a registry that is out of reach does not, so that
everything can be checked without a network.
"""

from __future__ import annotations

import json
import subprocess
import sys

SECONDS = 90


def main() -> int:
    """Returns the exit status."""
    command = [sys.executable, "-m", "pip_audit", "--local", "--format", "json"]
    command += ["--progress-spinner", "off", "--timeout", "5", "--skip-editable"]
    try:
        audit = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)  # noqa: S603
        report = json.loads(audit.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError):
        print("Known vulnerabilities: not asked, no registry answered.")
        return 0
    findings = [
        f"{package['name']} {package['version']}: {finding['id']}, fixed in "
        f"{', '.join(finding['fix_versions']) or 'no version yet'}"
        for package in report["dependencies"]
        for finding in package.get("vulns", ())
    ]
    print("\n".join(findings) if findings else "Known vulnerabilities: none.")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
