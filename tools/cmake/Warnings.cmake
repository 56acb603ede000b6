add_library(mr_warnings INTERFACE)
target_compile_options(mr_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow=local -Wnon-virtual-dtor -Woverloaded-virtual
  -Wno-missing-field-initializers
  # g++ 12 reports these falsely inside the standard library and inside coroutines at -O2.
  -Wno-error=maybe-uninitialized -Wno-restrict
  -Wno-error=array-bounds -Wno-error=stringop-overflow -Wno-error=stringop-overread
  -Wno-error=mismatched-new-delete)
