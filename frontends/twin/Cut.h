//===- Cut.h - Which tensors and keys a twin has ----------------*- C++ -*-===//

#ifndef FRONTENDS_TWIN_CUT_H
#define FRONTENDS_TWIN_CUT_H

#include "frontends/arch/Description.h"
#include "frontends/checkpoint/Checkpoint.h"
#include "frontends/twin/Twin.h"
#include <map>

namespace tombolo::twin {

/// A tensor of a twin: one of the source under another name, with the first
/// places of its first axis.
struct CutTensor {
  const TensorInfo *source;
  std::string name;
  /// Of the first axis; nothing where it is whole.
  std::optional<int64_t> places;
  /// Where the number of its layer stands in the names of the source and of
  /// what it is joined from, and the number there before and now.
  size_t layerAt = std::string::npos;
  int64_t layerBefore = 0, layerNow = 0;
  /// The numbers of an integer table are below this; 0: it is none.
  int64_t idsBelow = 0;
  /// What it is mostly for; values are chosen by it.
  enum class Role { Other, Norm, NormLessOne } role = Role::Other;

  /// What `name`, of the source or of a part of it, is called in the twin.
  std::string renamed(const std::string &name) const;
};

struct Cut {
  std::vector<int64_t> layers;
  nlohmann::ordered_json config;
  std::vector<CutTensor> tensors;
  std::vector<std::string> changedKeys;
  int64_t sourceLayers = 0, kinds = 0, experts = 0, sourceExperts = 0;
};

/// Works out the twin of `checkpoint`, which `family` serves. The twin's layers
/// are those of the source: their bodies are compared.
Result<Cut> cutOf(const arch::Catalog &catalog, const arch::Family &family,
                  const Checkpoint &checkpoint, const TwinOptions &options);

} // namespace tombolo::twin

#endif // FRONTENDS_TWIN_CUT_H
