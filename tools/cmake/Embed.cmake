# Writes ${OUT}: the text of ${IN} as a C++ constant. Hex bytes, so that no text can break it.
file(READ ${IN} hex HEX)
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
file(WRITE ${OUT}
  "extern const char ${SYMBOL}[];\nconst char ${SYMBOL}[] = {${bytes}'\\0'};\n")
