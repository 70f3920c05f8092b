# shared_library(name DEPS .. PRIVATE_DEPS ..): the target shared::<name>, made of every source in the calling folder.
function(shared_library name)
  cmake_parse_arguments(A "" "" "DEPS;PRIVATE_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(shared_${name} STATIC ${sources})
  add_library(shared::${name} ALIAS shared_${name})
  target_include_directories(shared_${name} PUBLIC ${PROJECT_SOURCE_DIR}/libshared)
  target_link_libraries(shared_${name} PUBLIC ${A_DEPS} PRIVATE build::flags ${A_PRIVATE_DEPS})
endfunction()

# service(name DEPS ..): the program consign-<name>, made of every source in the calling folder.
function(service name)
  cmake_parse_arguments(A "" "" "DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.c)
  add_executable(consign-${name} ${sources})
  target_include_directories(consign-${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
  target_link_libraries(consign-${name} PRIVATE build::flags ${A_DEPS})
endfunction()

# proofs(label): every test_*.c of the calling folder becomes a cmocka program that ctest runs under the label.
function(proofs label)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/test_*.c)
  foreach(source ${sources})
    get_filename_component(base ${source} NAME_WE)
    set(name ${label}_${base})
    add_executable(${name} ${source})
    target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
    target_link_libraries(${name} PRIVATE build::flags dep::cmocka test_support)
    target_compile_definitions(${name} PRIVATE TEST_DATA_DIR="${PROJECT_SOURCE_DIR}/tests/data")
    add_test(NAME ${name} COMMAND ${name})
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 300)
  endforeach()
endfunction()

# service_variant(variant service SOURCES .. WRAPS ..): bin/<variant>/consign-<service>, made of the very objects of the
# service, in which the linker gives each function of WRAPS to its __wrap_ in SOURCES.
function(service_variant variant service)
  cmake_parse_arguments(A "" "" "SOURCES;WRAPS" ${ARGN})
  set(name ${variant}-${service})
  get_target_property(libraries consign-${service} LINK_LIBRARIES)
  list(TRANSFORM A_WRAPS PREPEND "-Wl,--wrap=")
  add_executable(${name} $<TARGET_OBJECTS:consign-${service}> ${A_SOURCES})
  set_target_properties(${name} PROPERTIES OUTPUT_NAME consign-${service} RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin/${variant})
  target_link_libraries(${name} PRIVATE ${libraries})
  target_link_options(${name} PRIVATE ${A_WRAPS})
  # Who reads files looks for this one beside itself.
  add_dependencies(${name} consign-sheet-reader)
  add_custom_command(TARGET ${name} POST_BUILD COMMAND ${CMAKE_COMMAND} -E create_symlink ../consign-sheet-reader
    ${CMAKE_BINARY_DIR}/bin/${variant}/consign-sheet-reader)
endfunction()
