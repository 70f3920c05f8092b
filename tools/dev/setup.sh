# Everything that must be on the machine: Debian packages, and under .dev/ the servers and the Python of the tests.
# A step that is done leaves a stamp, the hash of the files that decide what it installs; it runs again when they change.

stamp_of() {
    cat -- "$@" | sha256sum | cut -d ' ' -f 1
}

# stamp_holds <step> <input file ...>
stamp_holds() {
    local recorded

    { read -r recorded; } 2>/dev/null <".dev/stamps/$1" || return 1
    [[ $recorded == "$(stamp_of "${@:2}")" ]]
}

# stamp_put <step> <input file ...>
stamp_put() {
    mkdir -p .dev/stamps
    stamp_of "${@:2}" >".dev/stamps/$1.new"
    mv ".dev/stamps/$1.new" ".dev/stamps/$1"
}

kafka_inputs=(tools/kafka/pom.xml tools/checksums)
opensearch_inputs=(tools/opensearch/pom.xml tools/opensearch/OpenSearchNode.java tools/checksums)
mongodb_inputs=(tools/mongo/version)
s3_inputs=(tools/s3/version)
python_inputs=(tools/requirements.txt)

kafka_is_there() {
    [[ -d .dev/kafka/lib ]] && stamp_holds kafka "${kafka_inputs[@]}"
}

opensearch_is_there() {
    [[ -d .dev/opensearch/lib ]] && stamp_holds opensearch "${opensearch_inputs[@]}"
}

mongodb_is_there() {
    [[ -x .dev/mongo/bin/secantusd-rs ]] && stamp_holds mongodb "${mongodb_inputs[@]}"
}

s3_is_there() {
    [[ -x .dev/s3/bin/s3s-fs ]] && stamp_holds s3 "${s3_inputs[@]}"
}

python_is_there() {
    [[ -x .dev/venv/bin/python ]] && stamp_holds python "${python_inputs[@]}"
}

# ---- Debian packages ----

java_is_there() {
    local version

    version=$(javac -version 2>/dev/null) && version=${version#javac }
    ((${version%%.*} + 0 >= 17))
}

packages_missing() {
    local wanted

    mapfile -t wanted <tools/apt-packages
    if ! java_is_there; then
        wanted+=(openjdk-17-jdk-headless)
    fi
    if ! command -v mvn >/dev/null; then
        wanted+=(maven)
    fi
    # shellcheck disable=SC2016
    comm -23 <(printf '%s\n' "${wanted[@]}" | sort) \
        <(dpkg-query -W -f '${db:Status-Abbrev}${Package}\n' "${wanted[@]}" 2>/dev/null | sed -n 's/^ii //p' | sort)
}

packages_install() {
    local as_root=()

    if ((EUID != 0)); then
        command -v sudo >/dev/null || fail "installing packages needs root, and there is no sudo" "As root: apt-get install $*"
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        -o DPkg::Lock::Timeout=300 "$@"
}

setup_packages() {
    local missing

    command -v dpkg-query >/dev/null || fail "this is not a Debian system" "The scripts are made for Debian 12 (bookworm)."
    mapfile -t missing < <(packages_missing)
    if ((${#missing[@]} > 0)); then
        step -h "As root: apt-get install ${missing[*]}" "Debian packages: ${#missing[@]} are missing" \
            packages_install "${missing[@]}"
    fi
}

# ---- under .dev ----

# checksum_verify <folder under which the parts stand> <part>
checksum_verify() {
    (cd "$1" && grep " $2/" "$OLDPWD/tools/checksums" | sha256sum --check --strict)
}

# maven_fetch <part>: the jars that tools/<part>/pom.xml names, into .dev/new/<part>/lib
maven_fetch() {
    rm -rf ".dev/new/$1"
    mvn --batch-mode --no-transfer-progress -f "tools/$1/pom.xml" dependency:copy-dependencies \
        -DoutputDirectory="$PWD/.dev/new/$1/lib"
    checksum_verify .dev/new "$1"
}

# put_in_place <part>: from .dev/new/<part> to .dev/<part>
put_in_place() {
    rm -rf ".dev/${1:?}"
    mv ".dev/new/$1" ".dev/$1"
}

kafka_install() {
    maven_fetch kafka
    put_in_place kafka
    stamp_put kafka "${kafka_inputs[@]}"
}

opensearch_install() {
    maven_fetch opensearch
    javac -cp '.dev/new/opensearch/lib/*' -d .dev/new/opensearch/classes tools/opensearch/OpenSearchNode.java
    put_in_place opensearch
    stamp_put opensearch "${opensearch_inputs[@]}"
}

# One after the other: they share Maven's local repository, which is not made for two writers.
java_servers_install() {
    kafka_is_there || kafka_install
    opensearch_is_there || opensearch_install
}

# program_is_of_version <program> <file with its version>
program_is_of_version() {
    [[ -x $1 && $("$1" --version) == *"$(<"$2")"* ]]
}

# cargo_install <part> <crate> <file with its version> [option ...]: into .dev/new/<part>. The folder of compiled parts is
# kept until the end, so that an interrupted build goes on where it stopped.
cargo_install() {
    local part=$1 crate=$2 version=$3 cargo

    shift 3
    cargo=$(command -v cargo || printf '%s' "${CARGO_HOME:-$HOME/.cargo}/bin/cargo")
    [[ -x $cargo ]] || fail "cargo is not installed; it builds $crate" \
        "Install a current Rust toolchain with rustup (Debian's own is too old)."
    rm -rf ".dev/new/$part"
    CARGO_TARGET_DIR=$PWD/.dev/new/$part-target "$cargo" install "$crate" --version "$(<"$version")" --locked \
        --root ".dev/new/$part" "$@"
}

mongodb_install() {
    if ! program_is_of_version .dev/mongo/bin/secantusd-rs tools/mongo/version; then
        cargo_install mongo secantus-mdb tools/mongo/version --ignore-rust-version
        program_is_of_version .dev/new/mongo/bin/secantusd-rs tools/mongo/version
        put_in_place mongo
        rm -rf .dev/new/mongo-target
    fi
    stamp_put mongodb "${mongodb_inputs[@]}"
}

s3_install() {
    if ! program_is_of_version .dev/s3/bin/s3s-fs tools/s3/version; then
        cargo_install s3 s3s-fs tools/s3/version --features binary
        program_is_of_version .dev/new/s3/bin/s3s-fs tools/s3/version
        put_in_place s3
        rm -rf .dev/new/s3-target
    fi
    stamp_put s3 "${s3_inputs[@]}"
}

# One after the other: cargo locks its registry, and two builds at once take twice the memory.
cargo_servers_install() {
    mongodb_is_there || mongodb_install
    s3_is_there || s3_install
}

# In its final place from the start: the scripts of a virtual environment hold their own path.
python_install() {
    if ! .dev/venv/bin/python -m pip --version; then
        python3 -m venv --clear .dev/venv
    fi
    .dev/venv/bin/pip install --quiet --disable-pip-version-check -r tools/requirements.txt
    .dev/venv/bin/python -c 'import confluent_kafka, jsonschema, pymongo, pytest, requests'
    stamp_put python "${python_inputs[@]}"
}

# Says nothing and takes no time when all is there.
setup() {
    local retry='Run ./dev again: what is done stays done.'

    mkdir -p .dev
    exec 8>.dev/setup.lock
    flock -w 1200 8 || fail "another ./dev has been setting up for twenty minutes" "Wait for it or end it."
    setup_packages
    if ! mongodb_is_there || ! s3_is_there; then
        step_begin -h "$retry" "MongoDB-protocol server $(<tools/mongo/version) and S3 server $(<tools/s3/version) (cargo, minutes when cold)" \
            cargo_servers_install
    fi
    if ! kafka_is_there || ! opensearch_is_there; then
        step_begin -h "$retry" "Kafka 3.9.1 and OpenSearch 2.19.1 (Maven)" java_servers_install
    fi
    if ! python_is_there; then
        step_begin -h "$retry" "Python packages of the tests" python_install
    fi
    steps_wait
    exec 8>&-
}
