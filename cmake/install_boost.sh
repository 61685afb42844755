# Copyright 2026 The cofutures authors
# SPDX-License-Identifier: BSL-1.0
#
# Sourced by ./run: finds or installs the headers of Boost 1.83 or later.
# Uses as_root, candidate, apt_update, apt_install and fail of ./run.

boost_is_there() {
    local header
    for header in /usr/local/include/boost/version.hpp /usr/include/boost/version.hpp; do
        if [ -r "$header" ]; then
            [ "$(awk '/^#define BOOST_VERSION / { print $3 }' "$header")" -ge 108300 ]
            return
        fi
    done
    return 1
}

# Prints the package with the Boost headers that apt can install now, or nothing.
boost_package() {
    local version
    version=$(candidate libboost-dev)
    if [ -n "$version" ] && dpkg --compare-versions "$version" ge 1.83; then
        echo libboost-dev
    elif [ -n "$(candidate libboost1.83-dev)" ]; then
        echo libboost1.83-dev
    fi
}

# Prints the fields of the source entry $1 (FILE:NUMBER, as apt-get indextargets names it) that say
# how its signature is checked, in the form of a .sources file.
signature_fields() {
    local file=${1%:*} number=${1##*:}
    case $file in
    *.sources)
        # NUMBER counts stanzas; a stanza of comments only is none. A key may go on over lines.
        awk -v number="$number" 'BEGIN { RS = ""; FS = "\n" }
            /(^|\n)Types:/ && ++stanza == number {
                for (i = 1; i <= NF; ++i) {
                    if ($i !~ /^[ \t]/) { wanted = $i ~ /^(Signed-By|Trusted):/ }
                    if (wanted) { print $i }
                }
            }' "$file"
        ;;
    *)
        # NUMBER counts lines; the options stand in brackets.
        sed -n "${number}p" "$file" | grep -o '\[[^]]*\]' | tr -d '[]' | tr ' ' '\n' |
            sed -n 's/^signed-by=/Signed-By: /p; s/^trusted=/Trusted: /p'
        ;;
    esac
}

# Debian 12 has 1.83 in its backports: adds them, from the place its own packages come from.
enable_bookworm_backports() {
    local sources=/etc/apt/sources.list.d/cofutures-bookworm-backports.sources
    local entry
    entry=$(apt-get indextargets --format '$(CODENAME) $(REPO_URI) $(SOURCESENTRY)' 'Created-By: Packages' |
        awk '$1 == "bookworm" { print $2, $3; exit }')
    [ -n "$entry" ] || return 1

    echo "enabling bookworm-backports in $sources"
    {
        echo "# Written by the run script of cofutures, for libboost1.83-dev."
        echo "Types: deb"
        echo "URIs: ${entry% *}"
        echo "Suites: bookworm-backports"
        echo "Components: main"
        signature_fields "${entry##* }"
    } | as_root tee "$sources" >/dev/null
    apt_update
}

install_boost() {
    local package
    package=$(boost_package)
    if [ -z "$package" ] && enable_bookworm_backports; then
        package=$(boost_package)
    fi
    [ -n "$package" ] ||
        fail "no package with Boost 1.83 or later to be had; install its headers under /usr/local/include"
    apt_install "$package"
    boost_is_there || fail "$package was installed, yet boost/version.hpp names a version before 1.83"
}
