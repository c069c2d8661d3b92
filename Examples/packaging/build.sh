#!/usr/bin/env bash
# Builds what is installed elsewhere: a Debian package and a tar archive, with the program, its manual page, completions for three
# shells and the systemd unit. The Swift runtime is linked in; libcurl, SQLite and OpenSSL stay the system's, so that their security
# updates reach it.
#
#     Examples/packaging/build.sh [FOLDER]    default: .build/packages
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
mkdir -p "${1:-.build/packages}"
out=$(cd "${1:-.build/packages}" && pwd)

Tests/install-missing.sh dpkg-dev binutils
# Apart from the usual build, which is linked to the toolchain's runtime.
swift build --configuration release --static-swift-stdlib --product posthorn --scratch-path .build/static
program=$(swift build --configuration release --static-swift-stdlib --scratch-path .build/static --show-bin-path)/posthorn
version=$("$program" --version | cut -d' ' -f2)
architecture=$(dpkg --print-architecture)

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
install -D -m 755 "$program" "$root/usr/bin/posthorn"
strip --strip-unneeded "$root/usr/bin/posthorn"
install -D -m 644 Examples/packaging/posthorn.service "$root/lib/systemd/system/posthorn.service"
install -D -m 644 LICENSE "$root/usr/share/doc/posthorn/copyright"
mkdir -p "$root/usr/share/man/man1" "$root/usr/share/bash-completion/completions" "$root/usr/share/zsh/vendor-completions" \
    "$root/usr/share/fish/vendor_completions.d"
"$program" manual | gzip -9n >"$root/usr/share/man/man1/posthorn.1.gz"
"$program" completions bash >"$root/usr/share/bash-completion/completions/posthorn"
"$program" completions zsh >"$root/usr/share/zsh/vendor-completions/_posthorn"
"$program" completions fish >"$root/usr/share/fish/vendor_completions.d/posthorn.fish"
find "$root" -type f ! -perm /111 -exec chmod 644 {} +

archive=$out/posthorn-$version-linux-$(uname -m).tar.gz
tar --create --gzip --file "$archive" --owner=0 --group=0 --sort=name --directory "$root" usr lib

# What the program is linked to says which packages it needs.
mkdir "$root/debian"
echo "Source: posthorn" >"$root/debian/control"
depends=$(cd "$root" && dpkg-shlibdeps -O --ignore-missing-info usr/bin/posthorn | sed -n 's/^shlibs:Depends=//p')
rm -r "$root/debian"
mkdir "$root/DEBIAN"
cat >"$root/DEBIAN/control" <<CONTROL
Package: posthorn
Version: $version
Architecture: $architecture
Maintainer: Posthorn <posthorn@localhost>
Depends: $depends, ca-certificates, passwd
Section: net
Priority: optional
Installed-Size: $(du --summarize --block-size=1K "$root" | cut -f1)
Description: webhook delivery engine, load tester and vendor simulator
 Keeps events in an SQLite outbox and sends each to the endpoints that want
 it, signed in the formats of several vendors, with retries until the
 receiver answers 200.
CONTROL
cp Examples/packaging/postinst Examples/packaging/prerm Examples/packaging/postrm "$root/DEBIAN/"
chmod 755 "$root/DEBIAN/"{postinst,prerm,postrm}
dpkg-deb --root-owner-group --build "$root" "$out/posthorn_${version}_$architecture.deb" >/dev/null
ls -l "$archive" "$out/posthorn_${version}_$architecture.deb"
