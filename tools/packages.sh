# Sourced by the scripts beside it: makes sure that packages are there.

packages_to_build="g++ cmake make libcli11-dev libxxhash-dev libfmt-dev libutf8proc-dev libarchive-dev zlib1g-dev libsimdjson-dev libprotozero-dev libdivsufsort-dev"
packages_to_test="libopenmpi-dev openmpi-bin parallel procps iproute2 doctest-dev python3-numpy python3-sentencepiece zstd xz-utils bzip2 pkg-config zsh fish"

# Installs those of the named Debian packages that are missing, as root or with sudo. Where there is no
# apt-get, says what is needed and goes on: CMake finds what is installed and fetches the rest.
need_packages() {
  local missing="" package
  if ! command -v apt-get >/dev/null; then
    echo "No apt-get here. Needed, by their Debian names: $*"
    return
  fi
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
  done
  [ -n "$missing" ] || return 0
  local as_root=""
  if [ "$(id -u)" != 0 ]; then
    if ! command -v sudo >/dev/null; then
      echo "These packages are missing; please have them installed:$missing" >&2
      exit 1
    fi
    as_root=sudo
  fi
  echo "Installing:$missing"
  export DEBIAN_FRONTEND=noninteractive
  $as_root apt-get update -qq
  # shellcheck disable=SC2086  # one word per package
  $as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

jobs=$(nproc 2>/dev/null || echo 2)
