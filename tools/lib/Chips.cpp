//===- Chips.cpp - Memories of chips that are sold ------------------------===//

#include "tools/lib/Chips.h"

namespace tombolo {

static constexpr double GB = 1e9;

/// Peaks: what a program reaches is less. One column a fact, so that a line can
/// be checked against its source.
static constexpr Chip table[] = {
    {"NVIDIA A100 80GB SXM", 80 * GB, 2039 * GB, "NVIDIA A100 data sheet"},
    {"NVIDIA H100 SXM", 80 * GB, 3350 * GB, "NVIDIA H100 data sheet"},
    {"NVIDIA H200 SXM", 141 * GB, 4800 * GB, "NVIDIA H200 data sheet"},
    // Of eight: 1,440 GB, 64 TB/s.
    {"NVIDIA B200 (DGX)", 180 * GB, 8000 * GB, "NVIDIA DGX B200 data sheet"},
    {"AMD MI300X", 192 * GB, 5300 * GB, "AMD Instinct MI300X data sheet"},
    {"AMD MI325X", 256 * GB, 6000 * GB, "AMD Instinct MI325X data sheet"},
    {"AMD MI355X", 288 * GB, 8000 * GB, "AMD Instinct MI355X data sheet"},
    {"Huawei Ascend 950DT", 144 * GB, 4000 * GB,
     "Huawei Connect 2025, announced"},
    {"NVIDIA RTX 4090", 24 * GB, 1008 * GB, "NVIDIA Ada architecture paper"},
    {"NVIDIA RTX 5090", 32 * GB, 1792 * GB,
     "NVIDIA RTX Blackwell architecture paper"},
    {"Apple M3 Ultra", 512 * GB, 819 * GB,
     "Apple, Mac Studio (2025) specifications"},
    {"NVIDIA DGX Spark", 128 * GB, 273 * GB, "NVIDIA DGX Spark specifications"},
    // 12 channels of DDR5-4800, 8 bytes wide.
    {"AMD EPYC 9004, a socket", 6000 * GB, 460.8 * GB,
     "AMD EPYC 9004 data sheet"},
    // 2 channels of DDR5-5600, 8 bytes wide.
    {"a PC with DDR5-5600", 192 * GB, 89.6 * GB, "JEDEC DDR5, 2 channels"},
};

std::span<const Chip> chips() { return table; }

} // namespace tombolo
