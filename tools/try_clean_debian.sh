#!/bin/sh
# Tries a command as a newcomer would: in a fresh Debian 12 that has make and git and nothing else.
#   try_clean_debian.sh [--keep] FOLDER [COMMAND...]       (as root; default command: make test)
# FOLDER receives the system (about 2 GiB with the tools) and a clone of the committed tree; it must
# not exist, or be one that --keep left. The mirror and proxy are those of this machine's apt.
set -eu

# The mounts below belong to this process and vanish with it, however it ends: a /dev that stayed
# mounted in FOLDER would be emptied with it by the next rm -r.
if [ -z "${S4_OWN_MOUNTS:-}" ] && [ "$(id -u)" = 0 ]; then
  S4_OWN_MOUNTS=yes exec unshare --mount --propagation private "$0" "$@"
fi

keep=no
if [ "${1:-}" = --keep ]; then
  keep=yes
  shift
fi
if [ $# -lt 1 ]; then
  sed -n '2,5s/^# //p' "$0"
  exit 2
fi
folder=$1
shift
[ $# -gt 0 ] || set -- make test
[ "$(id -u)" = 0 ] || { echo "try_clean_debian: needs root (chroot)" >&2; exit 1; }
command -v debootstrap >/dev/null || { echo "apt-get install debootstrap" >&2; exit 1; }
root=$(cd "$(dirname "$0")/.." && pwd)

mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME) $(CREATED_BY)' 2>/dev/null |
  awk '$2 == "bookworm" && $3 == "Packages" && /debian/ { print $1; exit }')
mirror=${mirror:-http://deb.debian.org/debian}

if [ ! -e "$folder/etc/debian_version" ]; then
  echo "== debootstrap bookworm from $mirror"
  debootstrap --variant=minbase --include=make,git,ca-certificates bookworm "$folder" "$mirror"
fi
echo "deb $mirror bookworm main" >"$folder/etc/apt/sources.list"
for file in /etc/apt/apt.conf /etc/apt/apt.conf.d/*; do # a proxy or private certificate of the host
  if [ -f "$file" ] && grep -qiE 'proxy|https::' "$file"; then
    cp "$file" "$folder/etc/apt/apt.conf.d/"
  fi
done
cp /etc/resolv.conf "$folder/etc/resolv.conf"
cp /etc/hosts "$folder/etc/hosts"

cleanup() {
  for place in dev/shm dev proc; do
    umount "$folder/$place" 2>/dev/null || true
  done
  if [ "$keep" = no ]; then
    rm -rf --one-file-system "$folder"
  fi
}
trap cleanup EXIT
mount -t proc proc "$folder/proc" 2>/dev/null || echo "note: cannot mount /proc here" >&2
mount --bind /dev "$folder/dev" 2>/dev/null || echo "note: cannot mount /dev here" >&2
mkdir -p "$folder/dev/shm"
mount -t tmpfs tmpfs "$folder/dev/shm" 2>/dev/null || true

mkdir -p "$folder/opt"
rm -rf "$folder/opt/clone"
git clone --quiet --no-hardlinks "$root" "$folder/opt/clone"
echo "== in the clean system: $*"
start=$(date +%s)
status=0
chroot "$folder" /usr/bin/env -i HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
  ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
  sh -c 'cd /opt/clone && exec "$@"' sh "$@" || status=$?
echo "== exit code $status after $(($(date +%s) - start)) s"
exit "$status"
