# From a bare clone to a machine on which everything here runs. Sourced by scripts/{setup,demo,test}.
# Every step is skipped when it is done already, so the second run costs a fraction of a second.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
readonly ROOT
cd "$ROOT" || exit 1

. "$ROOT/scripts/lib/say.sh"
. "$ROOT/scripts/lib/node.sh"
. "$ROOT/scripts/lib/dependencies.sh"
. "$ROOT/scripts/lib/docker.sh"
. "$ROOT/scripts/lib/solver.sh"

# Two set-ups at once would install over each other: the second waits for the first.
take_setup_lock() {
  mkdir -p "$ROOT/.tools"
  exec 9>"$ROOT/.tools/setup.lock"
  if ! command -v flock >/dev/null || flock --nonblock 9; then return; fi
  say 'another set-up of this clone is running: waiting for it'
  flock 9
}

release_setup_lock() { exec 9>&-; }

setup_toolchain() {
  use_node
  install_dependencies
  build_contracts
}

setup_all() {
  take_setup_lock
  setup_toolchain
  ensure_docker
  release_setup_lock
}
