# Writes ${OUT}: the text of ${IN} as the C++ constant ${NAMESPACE}::${SYMBOL}. Hex bytes, so that
# no text can break it.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
set(constant "extern const char ${SYMBOL}[];\nconst char ${SYMBOL}[] = {${bytes}'\\0'};\n")
if(NAMESPACE)
  set(constant "namespace ${NAMESPACE} {\n${constant}}\n")
endif()
file(WRITE ${OUT} "${constant}")
