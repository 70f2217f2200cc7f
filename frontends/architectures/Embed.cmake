# cmake -DFILES=a.arch|b.arch -DOUTPUT=Embedded.cpp -P Embed.cmake
# Writes each file as an array of bytes.
string(REPLACE "|" ";" FILES "${FILES}")
set(arrays "")
set(table "")
foreach(file ${FILES})
  get_filename_component(name ${file} NAME)
  string(MAKE_C_IDENTIFIER ${name} identifier)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(................................................................................)" "\\1\n" bytes "${bytes}")
  string(APPEND arrays "static const unsigned char ${identifier}[] = {\n${bytes}};\n\n")
  string(APPEND table "    {\"${name}\", {reinterpret_cast<const char *>(${identifier}), sizeof ${identifier}}},\n")
endforeach()
file(WRITE ${OUTPUT} "#include \"frontends/architectures/Embedded.h\"

${arrays}static const tombolo::arch::EmbeddedDescription descriptions[] = {
${table}};

std::span<const tombolo::arch::EmbeddedDescription> tombolo::arch::embeddedDescriptions() { return descriptions; }
")
