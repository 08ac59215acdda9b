# Warnings are errors in our own sources.
add_library(vicinal_warnings INTERFACE)
target_compile_options(vicinal_warnings INTERFACE -Wall -Wextra -Wshadow -Werror)
