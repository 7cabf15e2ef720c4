# A Docker engine that answers, and a static busybox: the two things the runner needs from the machine.

readonly ENGINE_LOG=/var/log/dockerd.log
readonly ENGINE_WAIT_SECONDS=30
readonly ENGINE_PACKAGES=(docker.io iptables busybox-static)

# The exit codes of scripts/docker-ping.ts.
readonly PING_ABSENT=10 PING_REFUSED=11 PING_DENIED=12

ping_engine() { node "$ROOT/scripts/docker-ping.ts" "$@"; }

is_root() { [ "$(id -u)" -eq 0 ]; }

is_debian() { [ -r /etc/os-release ] && (. /etc/os-release && [[ " $ID ${ID_LIKE:-} " == *" debian "* ]]); }

has_systemd() { [ -d /run/systemd/system ]; }

# A busybox that needs no loader can be the only file of an image.
has_static_busybox() {
  local answer
  [ -x /bin/busybox ] || return 1
  # ldd itself fails for a static file.
  answer=$(LC_ALL=C ldd /bin/busybox 2>&1) || true
  [[ $answer == *'not a dynamic executable'* || $answer == *'statically linked'* ]]
}

# The pid of a dockerd of this machine, if any. Read from /proc: pgrep is not on every machine.
engine_pid() {
  local comm
  for comm in /proc/[0-9]*/comm; do
    if [ "$(cat "$comm" 2>/dev/null)" = dockerd ]; then
      comm=${comm#/proc/}
      echo "${comm%/comm}"
      return
    fi
  done
}

install_packages() {
  local missing=("$@")
  if ! is_debian || ! is_root; then
    stop_unavailable "missing on this machine: ${missing[*]}" "sudo apt-get install -y --no-install-recommends ${missing[*]}   (or your system's own way to install them)"
  fi
  export DEBIAN_FRONTEND=noninteractive
  announce 'package lists: apt-get update' apt-get -o DPkg::Lock::Timeout=120 update
  announce "system packages: ${missing[*]}" apt-get -o DPkg::Lock::Timeout=120 install -y --no-install-recommends "${missing[@]}"
}

start_engine() {
  local pid
  if has_systemd; then
    announce 'Docker engine: systemctl start docker' systemctl start docker
  else
    # Its own session, no inherited lock: the engine outlives this script and everything the terminal does.
    setsid dockerd >>"$ENGINE_LOG" 2>&1 </dev/null 9>&- &
    pid=$!
  fi
  if ! ping_engine --wait "$ENGINE_WAIT_SECONDS" >/dev/null; then
    say "dockerd did not answer within $ENGINE_WAIT_SECONDS s; the end of its log:"
    if has_systemd; then journalctl -u docker -n 30 --no-pager >&2; else tail -n 30 "$ENGINE_LOG" >&2; fi
    exit "$EXIT_UNAVAILABLE"
  fi
  if [ -n "${pid:-}" ]; then say "Docker engine started (log $ENGINE_LOG; it stays up, stop it with: kill $(engine_pid))"; fi
}

# Ends only when an engine answers: found, started, or installed and started. Anything else stops with the command that helps.
ensure_engine() {
  local answer status=0 pid
  answer=$(ping_engine) || status=$?
  case $status in
    0) return ;;
    "$PING_DENIED") stop_unavailable "$answer: this user may not use the Docker engine" "sudo usermod -aG docker $(id -un) && newgrp docker" ;;
  esac
  if [ -n "${DOCKER_HOST:-}" ]; then
    stop_unavailable "DOCKER_HOST=$DOCKER_HOST: $answer" "unset DOCKER_HOST   (to use this machine's own engine)"
  fi
  if [ "$(uname -s)" != Linux ]; then
    stop_unavailable "no Docker engine answers: $answer" 'open -a Docker   (or start whichever Docker engine you use)'
  fi
  pid=$(engine_pid)
  if [ -n "$pid" ]; then
    # Two engines on one machine destroy each other's networks: wait for this one, never start another.
    say "dockerd (pid $pid) runs and does not answer yet: waiting"
    if ping_engine --wait "$ENGINE_WAIT_SECONDS" >/dev/null; then return; fi
    stop_unavailable "dockerd (pid $pid) runs but does not answer: $answer" "kill $pid   (then try again)"
  fi
  if ! is_root; then
    if command -v dockerd >/dev/null; then stop_unavailable "the Docker engine is installed but not running: $answer" 'sudo systemctl start docker'; fi
    stop_unavailable 'there is no Docker engine here' "sudo apt-get install -y --no-install-recommends ${ENGINE_PACKAGES[*]}"
  fi
  case $status in
    "$PING_ABSENT") say 'no Docker engine answers: there is no socket' ;;
    "$PING_REFUSED") say 'no Docker engine answers: the socket is there, the daemon is not' ;;
    *) say "no Docker engine answers: $answer" ;;
  esac
  if ! command -v dockerd >/dev/null; then install_packages "${ENGINE_PACKAGES[@]}"; fi
  # Installing may have started it already.
  if ping_engine >/dev/null; then say 'Docker engine started by its package'; else start_engine; fi
}

ensure_docker() {
  ensure_engine
  if [ "$(uname -s)" = Linux ] && ! has_static_busybox; then install_packages busybox-static; fi
}
