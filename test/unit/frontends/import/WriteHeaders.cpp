//===- WriteHeaders.cpp - Writes the published headers of DeepSeek-V4 -----===//
//
//   write-headers flash|pro FOLDER
//
//===----------------------------------------------------------------------===//

#include "PublishedHeaders.h"
#include <cstdio>

using namespace tombolo::test;

int main(int argc, char **argv) {
  std::string which = argc == 3 ? argv[1] : "";
  if (which != "flash" && which != "pro") {
    std::fputs("usage: write-headers flash|pro FOLDER\n", stderr);
    return 2;
  }
  Headers headers(which == "pro" ? pro() : flash());
  headers.addMtp();
  headers.write(argv[2], which == "pro" ? 64 : 46, headers.config());
  return 0;
}
