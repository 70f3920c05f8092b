# INTERFACE targets: build::flags is linked by every target of ours, never by generated code.
find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE})
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

add_library(build_flags INTERFACE)
add_library(build::flags ALIAS build_flags)
target_compile_definitions(build_flags INTERFACE _GNU_SOURCE)
target_compile_options(build_flags INTERFACE
  -Wall -Wextra -Wshadow -Wformat=2 -Wundef -Wpointer-arith -Wwrite-strings -Wvla
  # h2o's macros cast through char *, which clang takes for a loss of alignment.
  $<$<C_COMPILER_ID:GNU>:-Wcast-align>
  $<$<COMPILE_LANGUAGE:C>:-Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition>
  -fno-omit-frame-pointer)
if(CONSIGN_WERROR)
  target_compile_options(build_flags INTERFACE -Werror)
endif()

# Sanitizers, coverage and hardening hold for generated code too, so they are global.
if(CONSIGN_SANITIZE)
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all)
  add_link_options(-fsanitize=address,undefined)
endif()
if(CONSIGN_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(CONSIGN_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()
if(CONSIGN_HARDEN)
  add_compile_options(-O2 -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE)
  add_compile_definitions(_FORTIFY_SOURCE=2)
  add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
endif()
