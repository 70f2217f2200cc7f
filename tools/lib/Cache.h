//===- Cache.h - Artifacts that commands made by themselves -----*- C++ -*-===//
//
// A SRC given where a MODEL is wanted is compiled into the cache folder. An
// entry's name is made of the source's file name, a key of the source's content
// (path, size, time of change and first MiB of each file) and the options, and
// a key of this program and this CPU. A new program replaces the entry of an
// older one.
//
//===----------------------------------------------------------------------===//

#ifndef TOOLS_LIB_CACHE_H
#define TOOLS_LIB_CACHE_H

#include "compiler/Compiler.h"
#include "support/Result.h"
#include <string>

namespace tombolo {

/// $TOMBOLO_CACHE, else $XDG_CACHE_HOME/tombolo, else ~/.cache/tombolo.
Result<std::string> cacheFolder();

/// Whether the file starts as an artifact does.
bool isArtifact(const std::string &path);

/// The path of the artifact that `source` has in `folder`, whether it is there
/// or not.
Result<std::string> cachedArtifactPath(const std::string &folder,
                                       const std::string &source,
                                       const CompileOptions &options);

using CompileFunction = std::function<Status(
    const std::string &source, const CompileOptions &options,
    const std::string &output, const ProgressCallback &progress)>;

/// `model` itself where it is an artifact; else the artifact that it is, or was
/// before, compiled into. Two processes do not compile the same thing at once.
Result<std::string> resolveModel(const std::string &model,
                                 const CompileOptions &options,
                                 const CompileFunction &compile,
                                 const ProgressCallback &progress);

} // namespace tombolo

#endif // TOOLS_LIB_CACHE_H
