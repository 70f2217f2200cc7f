//===- Diagnostics.cpp - MLIR's diagnostics as errors ---------------------===//

#include "compiler/Diagnostics.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tombolo;

/// `FILE:LINE:COLUMN`, or the names of checkpoint tensors.
static std::string placeOf(Location location) {
  std::string place;
  location->walk([&](Location inner) {
    if (auto file = dyn_cast<FileLineColLoc>(inner)) {
      place = file.getFilename().str() + ":" + std::to_string(file.getLine()) +
              ":" + std::to_string(file.getColumn());
      return WalkResult::interrupt();
    }
    if (auto name = dyn_cast<NameLoc>(inner); name && place.empty())
      place = name.getName().str();
    return WalkResult::advance();
  });
  return place;
}

DiagnosticErrors::DiagnosticErrors(MLIRContext *context)
    : handler(context, [this](Diagnostic &diagnostic) {
        if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
          return failure();
        Error error(placeOf(diagnostic.getLocation()), diagnostic.str());
        for (Diagnostic &note : diagnostic.getNotes()) {
          std::string place = placeOf(note.getLocation());
          error.notes.push_back((place.empty() ? "" : place + ": ") +
                                note.str());
        }
        errors.push_back(std::move(error));
        return mlir::success();
      }) {}

std::vector<Error> DiagnosticErrors::take(const std::string &what) {
  if (errors.empty())
    errors.push_back(Error("", what + " failed without a reason"));
  return std::move(errors);
}
