#include "codegen/target/Target.h"
#include <cassert>

using namespace tombolo;

void TargetCode::append(std::vector<KernelCode> more) {
  for (KernelCode &kernel : more) {
    assert(kernel.alignment != 0 && "code lies somewhere");
    uint64_t start = (bytes.size() + kernel.alignment - 1) / kernel.alignment *
                     kernel.alignment;
    bytes.resize(start);
    bytes.insert(bytes.end(), kernel.bytes.begin(), kernel.bytes.end());
    kernels.push_back(
        {std::move(kernel.name), start + kernel.entry, kernel.scratchBytes});
  }
}
