//===- CpuFeatures.h - What this machine's processor can do -----*- C++ -*-===//

#ifndef RUNTIME_CORE_CPUFEATURES_H
#define RUNTIME_CORE_CPUFEATURES_H

#include <set>
#include <string>

namespace tombolo {

/// The features of the processor this runs on that its operating system lets a
/// program use, by the names LLVM gives them ("avx2", "avx512vnni", "dotprod").
const std::set<std::string> &hostFeatures();

/// All features that a runtime for `architecture` can find; one that is not
/// among them is missing everywhere.
std::set<std::string> knownFeatures(const std::string &architecture);

/// The architecture as a triple begins with it: "x86_64", "aarch64".
std::string hostArchitecture();

} // namespace tombolo

#endif // RUNTIME_CORE_CPUFEATURES_H
