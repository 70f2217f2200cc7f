//===- IQGrids.h - Codebooks of ggml's IQ block formats ---------*- C++ -*-===//

#ifndef SUPPORT_DECODE_IQGRIDS_H
#define SUPPORT_DECODE_IQGRIDS_H

#include <array>
#include <cstddef>
#include <cstdint>

namespace tombolo {

template <size_t Vectors, size_t Elements>
using Grid = std::array<std::array<int8_t, Elements>, Vectors>;

extern const Grid<256, 8> iq2xxsGrid;
extern const Grid<512, 8> iq2xsGrid;
extern const Grid<1024, 8> iq2sGrid;
extern const Grid<256, 4> iq3xxsGrid;
extern const Grid<512, 4> iq3sGrid;
extern const Grid<2048, 8> iq1sGrid;

} // namespace tombolo

#endif // SUPPORT_DECODE_IQGRIDS_H
