#!/bin/sh
# Assembles the root of the image, all but /app, out of the Debian and the Node that run this script.
#
#   sh assemble-image-root.sh ROOT
set -eu
umask 022
root=$1

# What scanners of images without dpkg read: /etc/os-release, and one record a package, as in distroless images.
record_package_of() {
  # A library that ldd finds below /lib may belong to its package as /usr/lib, of which /lib is a link.
  owner=$(dpkg-query --search "$1" "/usr$1" 2>/dev/null | grep -v '^diversion' | head -n 1) || true
  package=${owner%%: *}
  test -n "$package" || { echo "no package owns $1" >&2; exit 1; }
  dpkg-query --status "$package" > "$root/var/lib/dpkg/status.d/${package%%:*}"
}

mkdir -p "$root/usr/local/bin" "$root/etc/ssl/certs" "$root/var/lib/dpkg/status.d"
cp --dereference --parents /etc/os-release "$root"

node=$(node -p process.execPath)
cp "$node" "$root/usr/local/bin/node"
chmod 755 "$root/usr/local/bin/node"

libraries=$(ldd "$node")
case $libraries in *'not found'*) echo "$libraries" >&2; exit 1 ;; esac
for library in $(echo "$libraries" | grep -o '/[^ ]*'); do
  cp --dereference --parents "$library" "$root"
  record_package_of "$library"
done

# The slim base has no CA certificates; Node carries Mozilla's.
node -p 'tls.rootCertificates.join("\n")' > "$root/etc/ssl/certs/ca-certificates.crt"

cat > "$root/etc/passwd" <<'PASSWD'
root:x:0:0:root:/nonexistent:/nonexistent
assistant-proxy:x:65532:65532:assistant-proxy:/nonexistent:/nonexistent
PASSWD
cat > "$root/etc/group" <<'GROUP'
root:x:0:
assistant-proxy:x:65532:
GROUP
echo 'hosts: files dns' > "$root/etc/nsswitch.conf"

mkdir "$root/tmp"
chmod 1777 "$root/tmp"
