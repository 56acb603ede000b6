set(MEDIAROUTER_SANITIZE "" CACHE STRING "Comma list for -fsanitize=")
option(MEDIAROUTER_FAIL_POINTS "Compile the named fail points in (tests only)" OFF)

if(MEDIAROUTER_SANITIZE)
  add_compile_options(-fsanitize=${MEDIAROUTER_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${MEDIAROUTER_SANITIZE})
endif()
if(MEDIAROUTER_FAIL_POINTS)
  add_compile_definitions(MEDIAROUTER_FAIL_POINTS)
endif()
