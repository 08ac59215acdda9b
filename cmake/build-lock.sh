# Sourced by whatever builds in this checkout: the launcher, bench/run, bench/kit/make. Needs say().
#
# build_lock ROOT: waits until nobody else builds in ROOT, and keeps others waiting until build_unlock or the end of
# this process and of what it became by exec. What a build starts may build itself.
build_lock() {
  [ "${VICINAL_BUILDING:-}" != "$1" ] || return 0
  mkdir -p "$1/target"
  exec 9>"$1/target/.lock"
  if ! flock --nonblock 9; then
    say "waiting for another build in this checkout"
    flock 9
  fi
  export VICINAL_BUILDING=$1
}

build_unlock() {
  unset VICINAL_BUILDING
  exec 9>&-
}
