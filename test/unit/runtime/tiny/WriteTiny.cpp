//===- WriteTiny.cpp - Writes the tiny model's artifact -------------------===//
//
//   write-tiny FILE.tbo           an artifact with a tokenizer
//   write-tiny --index FILE       a seed for the artifact fuzzer
//
//===----------------------------------------------------------------------===//

#include "codegen/artifact/Format.h"
#include "test/unit/runtime/tiny/TinyText.h"
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>

using namespace tombolo;
using namespace tombolo::artifact;

/// The page of the index in two bytes, then the index.
static Status writeSeed(const std::string &path) {
  std::string artifact = path + ".tbo";
  if (Status status = tiny::makeTinyModel().write(artifact); !status)
    return status;
  std::ifstream file(artifact, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), {});
  std::remove(artifact.c_str());
  Result<Header> header =
      decodeHeader(std::as_bytes(std::span(bytes)).first(kPageBytes),
                   bytes.size(), artifact);
  if (!header)
    return header.takeErrors();
  uint16_t page = static_cast<uint16_t>(header->indexOffset / kPageBytes);
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char *>(&page), sizeof(page))
      .write(bytes.data() + header->indexOffset, header->indexBytes);
  return success();
}

int main(int argc, char **argv) {
  Status written = Error("", "usage: write-tiny [--index] FILE");
  if (argc == 3 && std::strcmp(argv[1], "--index") == 0) {
    written = writeSeed(argv[2]);
  } else if (argc == 2) {
    tiny::TinyModel model = tiny::makeTinyModel();
    tiny::addTinyText(model);
    written = model.write(argv[1]);
  }
  if (!written)
    std::fprintf(stderr, "%s\n", written.error().str().c_str());
  return written ? 0 : 1;
}
