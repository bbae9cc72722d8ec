#!/usr/bin/env bash
# The suite in two processes, one for each of two cores: the tests of the engine beside all others. What is given is passed on
# to pytest.
set -uo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
engine=(tests/pipelines tests/fuzz tests/kernels)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
"$python" -m pytest -q "$@" "${engine[@]}" >"$log" 2>&1 &
engine_tests=$!
"$python" -m pytest -q "$@" "${engine[@]/#/--ignore=}" tests
others=$?
wait "$engine_tests"
engine_code=$?
cat "$log"
exit $((others ? others : engine_code))
