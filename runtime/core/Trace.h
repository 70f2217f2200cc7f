//===- Trace.h - Times of dispatches for trace viewers ----------*- C++ -*-===//

#ifndef RUNTIME_CORE_TRACE_H
#define RUNTIME_CORE_TRACE_H

#include "runtime/core/Program.h"
#include "support/Result.h"
#include <span>
#include <string>

namespace tombolo {

/// The times as JSON in the Trace Event Format, which trace viewers open
/// (chrome://tracing, Perfetto): one complete event a dispatch.
std::string toChromeTrace(std::span<const DispatchTime> times);
Status writeChromeTrace(const std::string &path,
                        std::span<const DispatchTime> times);

} // namespace tombolo

#endif // RUNTIME_CORE_TRACE_H
