//===- CpuTarget.h - CPUs ---------------------------------------*- C++ -*-===//

#ifndef CODEGEN_CPU_TARGET_CPUTARGET_H
#define CODEGEN_CPU_TARGET_CPUTARGET_H

#include "codegen/target/Target.h"

namespace tombolo {

/// `level`: empty or "host" for this machine, else a name of cpuLevelNamed.
Result<std::unique_ptr<Target>> createCpuTarget(const std::string &level,
                                                const TargetOptions &options);

/// Those of knownCpuLevels.
std::vector<TargetLevel> cpuTargetLevels();

void registerCpuTargetDialects(mlir::DialectRegistry &registry);
void registerCpuTargetPasses();

} // namespace tombolo

#endif // CODEGEN_CPU_TARGET_CPUTARGET_H
