//===- Twin.h - A small checkpoint like a giant one -------------*- C++ -*-===//
//
// Keeps what a checkpoint computes on (widths, storage, each kind of layer) and
// drops how much of it there is: layers of a kind, experts. What that means for
// tensors and keys is asked of the family's description.
//
//===----------------------------------------------------------------------===//

#ifndef FRONTENDS_TWIN_TWIN_H
#define FRONTENDS_TWIN_TWIN_H

#include "support/Result.h"
#include <cstdint>
#include <string>
#include <vector>

namespace tombolo {

struct TwinOptions {
  /// Layers kept of each kind, and experts of each layer, at most.
  int64_t layers = 2, experts = 16;
  /// Of the values where the source has none.
  uint64_t seed = 0;
  /// Ends the file after its header.
  bool headersOnly = false;
  /// Descriptions asked before the built-in ones.
  std::vector<std::string> archFiles;
};

struct TwinReport {
  std::string family;
  /// Of the source, in order.
  std::vector<int64_t> layers;
  int64_t sourceLayers = 0, kinds = 0;
  /// Of a layer; 0: it has none.
  int64_t experts = 0, sourceExperts = 0;
  int64_t tensors = 0;
  uint64_t bytes = 0;
  /// Tensors whose values are random.
  int64_t randomTensors = 0;
  /// `num_hidden_layers = 4`
  std::vector<std::string> changedKeys;
};

/// Writes the twin of a checkpoint for safetensors into the folder `output`,
/// which must be empty or not there. The source's values are kept where it has
/// them; where it ends after its headers, or is a config alone, they are
/// random.
Result<TwinReport> writeTwin(const std::string &source,
                             const std::string &output,
                             const TwinOptions &options);

} // namespace tombolo

#endif // FRONTENDS_TWIN_TWIN_H
