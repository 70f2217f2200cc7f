//===- BenchPlots.h - A benchmark as drawings -------------------*- C++ -*-===//

#ifndef TOOLS_LIB_BENCHPLOTS_H
#define TOOLS_LIB_BENCHPLOTS_H

#include "tools/lib/BenchReport.h"

namespace tombolo {

/// A roofline plot of the operations of a report: how many operations a second
/// each does over how many it does for each byte it reads, below the roofs of
/// the machine's limits; a numbered mark each, whose area is its part of the
/// time, and a table beside.
std::string rooflineSvg(const BenchReport &report);

/// Time of a prompt and of a decoded token over the tokens before them.
std::string contextsSvg(const BenchReport &report);

} // namespace tombolo

#endif // TOOLS_LIB_BENCHPLOTS_H
