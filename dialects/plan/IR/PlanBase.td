//===- PlanBase.td - The plan dialect ----------------------*- tablegen -*-===//

#ifndef DIALECTS_PLAN_IR_PLANBASE_TD
#define DIALECTS_PLAN_IR_PLANBASE_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/BuiltinAttributes.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Plan_Dialect : Dialect {
  let name = "plan";
  let cppNamespace = "::tombolo::plan";
  let summary = "which kernels run on a target, in which order, on which buffers";
  let description = [{
    A plan module belongs to one target. Its programs are lists of dispatches:
    each runs a kernel (a `func.func` marked `plan.kernel`) over a grid of
    programs on buffers. Buffers are memrefs whose outer dimension is the number
    of tokens of the step; what a size depends on is an expression over integers
    that the host knows (`#plan.size`).

    Inside kernels stand `nn` and `linalg` ops on the tile of one program, and
    the ops of this dialect that a target replaces by a strategy of its own
    (`plan.linear`, `plan.attention`, ...).
  }];
  let useDefaultAttributePrinterParser = 1;
}

def Plan_Symbol : I32EnumAttr<"Symbol", "an integer that the host knows in a step", [
    I32EnumAttrCase<"One", 0, "one">,
    I32EnumAttrCase<"Tokens", 1, "tokens">,
    I32EnumAttrCase<"FirstPosition", 2, "first_position">,
    I32EnumAttrCase<"History", 3, "history">]> {
  let cppNamespace = "::tombolo::plan";
}

class Plan_Attr<string name, string attrMnemonic> : AttrDef<Plan_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def Plan_SizeAttr : Plan_Attr<"Size", "size"> {
  let summary = "ceil((symbol * mul + add) / div)";
  let description = [{
    The value of a grid or of an index argument of a kernel. `tokens` are the
    rows of the step, `first_position` the position of its first token,
    `history` their sum, `one` is 1.

    Example: `#plan.size<tokens * 1 + 0 ceildiv 12>`
  }];
  let parameters = (ins EnumParameter<Plan_Symbol>:$symbol, "int64_t":$mul,
                        "int64_t":$add, "int64_t":$div);
  let assemblyFormat = "`<` $symbol `*` $mul `+` $add `ceildiv` $div `>`";
  let genVerifyDecl = 1;
}

// --- Attribute constraints -------------------------------------------------------------------------
def Plan_Positive : ConfinedAttr<I64Attr, [IntPositive]>;
def Plan_NonNegative : ConfinedAttr<I64Attr, [IntNonNegative]>;
/// -1 for all rows, or so many.
def Plan_Window : ConfinedAttr<I64Attr, [IntMinValue<-1>]>;
def Plan_Sizes : TypedArrayAttrBase<Plan_SizeAttr, "array of #plan.size">;

class Plan_Op<string opMnemonic, list<Trait> traits = []>
    : Op<Plan_Dialect, opMnemonic, traits>;

#endif // DIALECTS_PLAN_IR_PLANBASE_TD
