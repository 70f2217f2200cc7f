//===- Arguments.h - The command line of tombolo-run ------------*- C++ -*-===//

#ifndef TOOLS_TOMBOLO_RUN_ARGUMENTS_H
#define TOOLS_TOMBOLO_RUN_ARGUMENTS_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tombolo::run {

/// The options of `tombolo run` (docs/cli.md) that concern artifacts.
struct Arguments {
  std::string model;
  std::optional<std::string> prompt, file;
  std::vector<int32_t> ids;
  int64_t maxTokens = -1;
  bool raw = false, ignoreEnd = false, json = false;
  std::optional<std::string> system;
  std::optional<float> temperature, topP, minP, repeatPenalty;
  std::optional<int32_t> topK;
  uint64_t seed = 0;
  std::vector<std::string> stop;
  int64_t context = 0;
  int threads = 0;
  std::string checkWeights = "auto", target = "auto";
  std::string trace;
};

/// Nothing where the program should end at once, with `status`.
std::optional<Arguments> parseArguments(int argc, char **argv, int &status);

} // namespace tombolo::run

#endif // TOOLS_TOMBOLO_RUN_ARGUMENTS_H
