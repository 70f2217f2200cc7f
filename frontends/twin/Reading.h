//===- Reading.h - A checkpoint read by a description -----------*- C++ -*-===//

#ifndef FRONTENDS_TWIN_READING_H
#define FRONTENDS_TWIN_READING_H

#include "frontends/arch/Config.h"
#include "frontends/arch/WeightBinder.h"

namespace tombolo::twin {

/// Keys and tensors of a checkpoint, by a family that serves it.
struct Reading {
  Reading(const arch::Catalog &catalog, const arch::Family &family,
          const Checkpoint &checkpoint)
      : evaluator(family, *catalog.prelude, checkpoint, diagnostics),
        config(evaluator), binder(evaluator) {
    evaluator.config = &config;
    config.readAll();
    binder.bind();
  }

  arch::Diagnostics diagnostics;
  arch::Evaluator evaluator;
  arch::Config config;
  arch::WeightBinder binder;
};

} // namespace tombolo::twin

#endif // FRONTENDS_TWIN_READING_H
