#include "runtime/core/SizeValue.h"
#include "codegen/artifact/Artifact_generated.h"

using namespace tombolo;

int64_t tombolo::evaluate(const artifact::Size &size, const StepSizes &step) {
  int64_t value = 1;
  switch (size.symbol()) {
  case artifact::Symbol_One:
    break;
  case artifact::Symbol_Tokens:
    value = step.tokens;
    break;
  case artifact::Symbol_FirstPosition:
    value = step.firstPosition;
    break;
  case artifact::Symbol_History:
    value = step.firstPosition + step.tokens;
    break;
  }
  int64_t dividend = value * size.mul() + size.add();
  int64_t quotient = dividend / size.div();
  return quotient + (dividend % size.div() > 0);
}
