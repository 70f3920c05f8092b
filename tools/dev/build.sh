# Compiling, through the presets of CMakePresets.json.

# build_configure_and_compile <preset> [target ...]
build_configure_and_compile() {
    if [[ ! -f build/$1/build.ninja ]]; then
        cmake --preset "$1"
    fi
    cmake --build --preset "$1" -- --quiet "${@:2}"
}

declare -A built=()

# build_preset <preset>: once per run of this script
build_preset() {
    [[ $1 == dev || $1 == release || $1 == coverage || $1 == fuzz ]] ||
        fail "there is no preset \"$1\"" "The presets are dev, release, coverage and fuzz."
    if [[ -z ${built[$1]:-} ]]; then
        step_tail=60 step "build ($1)" build_configure_and_compile "$1"
        built[$1]=1
    fi
}
