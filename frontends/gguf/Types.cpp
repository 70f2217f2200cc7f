//===- Types.cpp - Numbers of ggml's types --------------------------------===//

#include "frontends/gguf/Gguf.h"

namespace tombolo {
namespace {

struct Row {
  uint32_t type;
  Encoding encoding;
};

// 4 and 5, 31 to 33 and 36 to 38 were types once and are refused.
constexpr Row rows[] = {
    {0, Encoding::F32},     {1, Encoding::F16},      {2, Encoding::Q4_0},
    {3, Encoding::Q4_1},    {6, Encoding::Q5_0},     {7, Encoding::Q5_1},
    {8, Encoding::Q8_0},    {9, Encoding::Q8_1},     {10, Encoding::Q2_K},
    {11, Encoding::Q3_K},   {12, Encoding::Q4_K},    {13, Encoding::Q5_K},
    {14, Encoding::Q6_K},   {15, Encoding::Q8_K},    {16, Encoding::IQ2_XXS},
    {17, Encoding::IQ2_XS}, {18, Encoding::IQ3_XXS}, {19, Encoding::IQ1_S},
    {20, Encoding::IQ4_NL}, {21, Encoding::IQ3_S},   {22, Encoding::IQ2_S},
    {23, Encoding::IQ4_XS}, {24, Encoding::I8},      {25, Encoding::I16},
    {26, Encoding::I32},    {27, Encoding::I64},     {28, Encoding::F64},
    {29, Encoding::IQ1_M},  {30, Encoding::BF16},    {34, Encoding::TQ1_0},
    {35, Encoding::TQ2_0},  {39, Encoding::MXFP4},   {40, Encoding::NVFP4},
    {41, Encoding::Q1_0},   {42, Encoding::Q2_0},
};

} // namespace

std::optional<Encoding> encodingOfGgmlType(uint32_t type) {
  for (const Row &row : rows)
    if (row.type == type)
      return row.encoding;
  return std::nullopt;
}

std::optional<uint32_t> ggmlTypeOf(Encoding encoding) {
  for (const Row &row : rows)
    if (row.encoding == encoding)
      return row.type;
  return std::nullopt;
}

} // namespace tombolo
