# Writes OUTPUT: the FILES of ROOT as string literals (see scenario/builtin.h).
# Not constexpr: clang counts the steps through so much text, and gives up.
set(source "#include \"scenario/builtin.h\"\n\n")
string(APPEND source "namespace smtpspec::scenario {\n")
string(APPEND source "std::span<const EmbeddedFile> embedded_files() {\n")
string(APPEND source "  static const EmbeddedFile files[] = {\n")
foreach(path IN LISTS FILES)
  file(READ ${ROOT}/${path} content)
  string(APPEND source
         "      {\"${path}\", R\"__embed__(${content})__embed__\"},\n")
endforeach()
string(APPEND source "      {\"\", \"\"}};\n")
string(APPEND source "  return std::span(files).first(std::size(files) - 1);\n")
string(APPEND source "}\n}  // namespace smtpspec::scenario\n")
file(WRITE ${OUTPUT} "${source}")
