# usage: unshare --mount sh container.sh ROOT [PATH SOURCE]... -- COMMAND [ARG]...
# Makes a root in memory in which everything is a link into the machine's own root, but for the mounts (PATH shows
# SOURCE) and the folders above them; then becomes COMMAND in it. Nothing of the machine's own root is changed.
set -e
root=$1
shift
mount -t tmpfs aigw-test "$root"
mkdir "$root/.host"
mount --rbind / "$root/.host"

# Makes the folder $1 of the new root: links to all that the machine has there.
open_folder() {
  mkdir -p "$root$1"
  for entry in "$root/.host$1"/* "$root/.host$1"/.[!.]*; do
    if [ -e "$entry" ]; then ln -s "/.host$1/${entry##*/}" "$root$1/${entry##*/}"; fi
  done
}

open_folder ''
while [ "$1" != -- ]; do
  folder=''
  rest=${1#/}
  while [ "$rest" != "${rest#*/}" ]; do
    folder=$folder/${rest%%/*}
    rest=${rest#*/}
    if [ -L "$root$folder" ]; then
      rm "$root$folder"
      open_folder "$folder"
    fi
    mkdir -p "$root$folder"
  done
  ln -sfn "$2" "$root$1"
  shift 2
done
shift
exec chroot "$root" "$@"
