//===- PlanStateOps.td - Memory of one size --------------------*- tablegen -*-===//

#ifndef DIALECTS_PLAN_IR_PLANSTATEOPS_TD
#define DIALECTS_PLAN_IR_PLANSTATEOPS_TD

include "dialects/plan/IR/PlanBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Plan_FixedStateOp : Plan_Op<"fixed_state", [Symbol]> {
  let summary = "what a sequence remembers in one size, whatever its length";
  let description = [{
    Holds every instance of the states in `members` (families of `nn` states
    with fixed bytes); instance `i` of member `m` lies at
    `offsets[first(m) + i]` bytes, where `first` is the running sum of the
    members' counts. All of it is zeros before the first token of a sequence.
    What tokens did to it cannot be undone: a sequence is cut back to nothing,
    or to where a copy was kept.

    - (C1) There is one count per member, and it is positive.
    - (C2) There is one offset per instance, a multiple of 64 within `bytes`.

    Example:
    ```mlir
    plan.fixed_state @fixed bytes 8192 members [@conv, @s] counts [1, 2] offsets [0, 1024, 4608]
    ```
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Plan_Positive:$bytes, FlatSymbolRefArrayAttr:$members,
                       DenseI64ArrayAttr:$counts, DenseI64ArrayAttr:$offsets);
  let assemblyFormat = [{
    $sym_name `bytes` $bytes `members` $members `counts` $counts `offsets` $offsets attr-dict
  }];
  let hasVerifier = 1;
}

#endif // DIALECTS_PLAN_IR_PLANSTATEOPS_TD
