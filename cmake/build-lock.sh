# Sourced by whatever builds in this checkout: the launcher, bench/run, bench/kit/make, and Maven itself (pom.xml).
#
# build_lock ROOT: waits until nobody else builds in ROOT, and keeps others waiting until build_unlock or the end of
# this process and of what it became by exec. What a build starts may build itself. The lock lies beside target, which
# `mvn clean` removes.
build_lock() {
  [ "${VICINAL_BUILDING:-}" != "$1" ] || return 0
  build_lock_wait "$1"
  export VICINAL_BUILDING=$1
}

build_unlock() {
  unset VICINAL_BUILDING
  exec 9>&-
}

# build_lock_for PID ROOT: the same until the process PID ends, which is not ours to become; it may ask again.
build_lock_for() {
  [ "${VICINAL_BUILDING:-}" != "$2" ] || return 0
  build_lock_wait "$2" "$1"
  tail --pid="$1" --sleep-interval=0.1 -f /dev/null >/dev/null 2>&1 &
}

# Holds the lock as file 9. Who holds it for a process has left its number there.
build_lock_wait() {
  exec 9>>"$1/.build-lock"
  if ! flock --nonblock 9; then
    [ -z "${2:-}" ] || [ "$(cat "$1/.build-lock")" != "$2" ] || return 0
    echo "vicinal: waiting for another build in this checkout" >&2
    flock 9
  fi
  printf '%s' "${2:-}" >"$1/.build-lock"
}
