//===- SourceCheck.h - An artifact's weights against its source -*- C++ -*-===//

#ifndef TOOLS_LIB_SOURCECHECK_H
#define TOOLS_LIB_SOURCECHECK_H

#include "compiler/Compiler.h"

namespace tombolo {

struct SourceReport {
  int64_t tensors = 0, equal = 0;
  /// Empty where all are equal.
  std::string firstDifference;
};

/// Compiles `source` anew with the options that `artifact` names, into the
/// cache folder, and compares the weights byte by byte.
Result<SourceReport>
compareWithSource(const std::string &artifact, const std::string &source,
                  const std::vector<std::string> &archFiles,
                  const ProgressCallback &progress);

} // namespace tombolo

#endif // TOOLS_LIB_SOURCECHECK_H
