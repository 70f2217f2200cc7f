//===- CommandLine.h - What values of options may be ------------*- C++ -*-===//

#ifndef TOOLS_LIB_COMMANDLINE_H
#define TOOLS_LIB_COMMANDLINE_H

#include "support/Result.h"
#include <CLI/CLI.hpp>

namespace tombolo {

/// A whole number of at least `least`, at most `most`.
CLI::Validator wholeNumber(int64_t least, int64_t most = INT64_MAX);
/// A number of at least 0.
CLI::Validator notNegative();

/// One of `names`, or an error that proposes the nearest.
Status checkName(const char *option, const std::string &value,
                 const std::vector<std::string> &names);

/// `1,2,3`.
Result<std::vector<int32_t>> parseIds(const std::string &text);

/// What is wrong with the command line, in our words.
std::string describe(const CLI::ParseError &error);

} // namespace tombolo

#endif // TOOLS_LIB_COMMANDLINE_H
