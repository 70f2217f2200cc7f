//===- Passes.td - From nn to plan -------------------------*- tablegen -*-===//

#ifndef PASSES_PLAN_PASSES_TD
#define PASSES_PLAN_PASSES_TD

include "mlir/Pass/PassBase.td"

def AssignMemoryPass : Pass<"plan-assign-memory", "::mlir::ModuleOp"> {
  let summary = "give every activation buffer its place in the arena";
  let description = [{
    Buffers with a role (`hidden`, `logits_in`, `logits_out`) come first and lie
    at the same offset in every program. The others share what is behind them:
    a buffer is alive from the dispatch that writes it to the last one that
    reads it, counted in groups of dispatches between barriers, and takes the
    lowest free place that is large enough (largest buffers first).

    ```mlir
    %0 = plan.buffer rows 1 row_bytes 2304 : memref<?x576xf32, strided<[576, 1]>>
    // becomes
    %0 = plan.buffer rows 1 row_bytes 2304 offset 4096 : memref<?x576xf32, strided<[576, 1]>>
    ```
    The module's `plan.arena_bytes` is the size of the whole. Buffers `per_thread`
    lie in each thread's own memory, of `plan.thread_bytes`.
  }];
  let statistics = [
    Statistic<"arenaBytes", "arena-bytes", "bytes of the activation arena">,
    Statistic<"threadBytes", "thread-bytes", "bytes of each thread's own buffers">
  ];
}

def ReplicateRowsPass : Pass<"plan-replicate-rows", "::mlir::ModuleOp"> {
  let summary = "let every thread compute a single row for itself";
  let description = [{
    In a program of one token the work on a row (a norm, its quantization) is one
    program of a grid of one: a thread does it while the others wait, before it
    for its inputs and behind it for its result. Done by each thread for itself
    it takes as long, and nobody waits behind it:
    ```mlir
    plan.dispatch @norm grid <tokens * 1 + 0 ceildiv 1>(%x, %h) writes [1] sizes [] barrier true "rms_norm" ...
    plan.dispatch @linear grid <one * 36 + 0 ceildiv 1>(%h, %w, %y) writes [2] sizes [] barrier true "linear" ...
    // becomes
    plan.dispatch @norm grid <tokens * 1 + 0 ceildiv 1>(%x, %h) writes [1] sizes [] each_thread barrier false "rms_norm" ...
    plan.dispatch @linear grid <one * 36 + 0 ceildiv 1>(%h, %w, %y) writes [2] sizes [] barrier true "linear" ...
    ```
    where `%h` becomes `per_thread`. A dispatch stays as it is where it writes
    states, what the host sees or what another dispatch writes too, or where its
    grid may have more than one program. Its barrier stays where the dispatches up
    to the next one write what it reads: a slower thread would still read it.
  }];
  let statistics = [
    Statistic<"replicated", "replicated", "dispatches that every thread runs">,
    Statistic<"barriers", "barriers", "barriers that fell away">
  ];
}

def MergeKernelsPass : Pass<"plan-merge-kernels", "::mlir::ModuleOp"> {
  let summary = "keep one of equal kernels";
  let description = [{
    Layers of one kind, and prefill and decode, have many kernels in common.
    Kernels whose bodies are equal but for locations become one:
    ```mlir
    plan.dispatch @rows(%a, %b) ...
    plan.dispatch @rows_1(%c, %d) ...    // @rows_1 equals @rows
    // becomes
    plan.dispatch @rows(%a, %b) ...
    plan.dispatch @rows(%c, %d) ...
    ```
    Compile time thus follows the number of distinct kernels, not the depth.
  }];
  let statistics = [
    Statistic<"merged", "merged", "kernels that were equal to another">
  ];
}

def CheckPlanPass : Pass<"plan-check", "::mlir::ModuleOp"> {
  let summary = "check the contract of the plan level";
  let description = [{
    At the end of the phase, and on a module that was edited by hand:
    - `plan.arena_bytes` and `plan.target` are set;
    - the four programs are there, with the buffers that the host reads and
      writes (`hidden`, or `logits_in` and `logits_out`), which have one place
      and type in all of them;
    - every buffer has a row per token and a place inside the arena, or in the
      memory of each thread (`plan.thread_bytes`), which it shares with no other
      while it is alive;
    - every dispatch names a kernel whose arguments fit its buffers and sizes;
    - packs are of weights of the module, state groups of its states, and slots
      hold their pages; tables have the frequencies of theirs;
    - functions are kernels; no `nn` function is left.
  }];
}

#endif // PASSES_PLAN_PASSES_TD
