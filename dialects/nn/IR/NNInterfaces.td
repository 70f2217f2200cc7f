//===- NNInterfaces.td - Interfaces of the nn dialect ----------*- tablegen -*-===//

#ifndef DIALECTS_NN_IR_NNINTERFACES
#define DIALECTS_NN_IR_NNINTERFACES

include "mlir/IR/OpBase.td"

def NN_StateOpInterface : OpInterface<"StateOpInterface"> {
  let description = [{
    What a sequence remembers between steps. The runtime and the planner size,
    page, truncate, fork and save states through these facts, and never ask
    which op it was.
  }];
  let cppNamespace = "::tombolo::nn";
  let methods = [
    InterfaceMethod<"How many states there are: one per layer that uses the symbol.",
                    "int64_t", "getStateCount">,
    InterfaceMethod<"Bytes of a row, where the state is a list of rows that grows; else 0.",
                    "int64_t", "getRowBytes">,
    InterfaceMethod<"Tokens that one row stands for.",
                    "int64_t", "getTokensPerRow">,
    InterfaceMethod<"Bytes that one of the states has whatever the length of the sequence.",
                    "int64_t", "getFixedBytes">,
    InterfaceMethod<"Rows of a page: states that grow do so by pages, and pages are shared between forks.",
                    "int64_t", "getPageRows">,
    InterfaceMethod<"Only so many last tokens are ever seen again; nothing: all of them.",
                    "std::optional<int64_t>", "getStateWindow">,
    InterfaceMethod<"Whether the state of fewer tokens can be had by dropping rows; else only from a copy.",
                    "bool", "isTruncatable">,
  ];
}

def NN_StateUserOpInterface : OpInterface<"StateUserOpInterface"> {
  let description = [{
    An op that takes the tokens of a step into a state. It names the state, and
    of a family the one it means; one step runs one such op per state.
  }];
  let cppNamespace = "::tombolo::nn";
  let methods = [
    InterfaceMethod<"The symbol of the state.", "::mlir::FlatSymbolRefAttr", "getStateAttr">,
    InterfaceMethod<"Which state of a family it is; null: it is none.", "::mlir::Value", "getIndex">,
    InterfaceMethod<"The positions of the rows that it takes in.", "::mlir::Value", "getPositions">,
  ];
}

#endif // DIALECTS_NN_IR_NNINTERFACES
