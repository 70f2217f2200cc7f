//===- Graph.cpp - Stages of a function -----------------------------------===//

#include "passes/plan/Graph.h"
#include "dialects/nn/IR/NNOps.h"
#include "passes/plan/CheckInput.h"
#include "passes/plan/Rows.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::plan;

/// One element from one element of each operand: has a scalar form, which the
/// store of a product can hold.
static bool isElementwise(Operation *op) {
  static const llvm::StringSet<> names = {
      "nn.add",  "nn.sub",  "nn.mul",     "nn.div",      "nn.min",
      "nn.max",  "nn.neg",  "nn.silu",    "nn.gelu",     "nn.gelu_tanh",
      "nn.relu", "nn.tanh", "nn.sigmoid", "nn.softplus", "nn.exp",
      "nn.sqrt", "nn.clamp"};
  return names.contains(op->getName().getStringRef());
}

int64_t plan::rowElements(Value value) {
  auto shape = cast<RankedTensorType>(value.getType()).getShape();
  int64_t elements = 1;
  for (int64_t size : shape.drop_front())
    elements *= size;
  return elements;
}

/// A rearrange that only splits and merges axes moves nothing.
static bool isView(Operation *op) {
  auto rearrange = dyn_cast<nn::RearrangeOp>(op);
  return rearrange && rearrange.getRearrangement().isPermutationIdentity();
}

/// What makes a value and reads no activation: weights, parts of weights,
/// constants; and the positions of windows, which the host knows.
static bool isSource(Operation *op) {
  return isa<nn::GetWeightOp, nn::WindowPositionsOp>(op) || isWeightPart(op) ||
         op->hasTrait<OpTrait::ConstantLike>();
}

bool plan::sharesRows(nn::AttentionOp op) {
  return llvm::equal(op.getK(), op.getV()) &&
         llvm::all_of(op.getK(), [](Value rows) {
           return cast<nn::RowsType>(rows.getType()).getRank() == 1;
         });
}

int64_t plan::keyHeadsOf(nn::AttentionOp op) {
  auto rows = cast<nn::RowsType>(op.getK().front().getType());
  return rows.getRank() == 2 ? rows.getShape()[0] : 1;
}

/// One f32 for all elements, and not a tensor.
static bool isNumber(Value value) {
  Operation *op = value.getDefiningOp();
  return op && op->hasTrait<OpTrait::ConstantLike>() && value.getType().isF32();
}

Graph::Graph(func::FuncOp function, const PlanTarget &target, bool manyRows)
    : function(function), target(target), manyRows(manyRows) {}

Value Graph::rootOf(Value value) const {
  while (Operation *op = value.getDefiningOp()) {
    if (!isView(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

int Graph::producerOf(Value value) const {
  auto it = producers.find(value);
  return it == producers.end() ? -1 : it->second;
}

/// Rows of a clock are made by `nn.windows` and stay among themselves.
LogicalResult Graph::findClocks() {
  for (Operation &op : function.getBody().front()) {
    if (auto windows = dyn_cast<nn::WindowsOp>(op)) {
      if (clockOf(windows.getX()) != 1 || clockOf(windows.getPositions()) != 1)
        return op.emitError("expects rows of tokens; windows of windows are "
                            "not in this version");
      clocks[windows.getResult()] = windows.getSize();
      continue;
    }
    if (auto positions = dyn_cast<nn::WindowPositionsOp>(op)) {
      clocks[positions.getResult()] = positions.getSize();
      continue;
    }
    std::optional<int64_t> found;
    for (Value operand : op.getOperands()) {
      if (!isa<RankedTensorType>(operand.getType()))
        continue;
      int64_t clock = clockOf(operand);
      if (clock != found.value_or(clock))
        return op.emitError("expects rows of one clock, but got those of ")
               << *found << " and of " << clock << " tokens";
      found = clock;
    }
    if (auto history = dyn_cast<nn::HistoryOp>(op);
        history && static_cast<int64_t>(history.getClock()) != *found)
      return op.emitError("expects rows of its clock, of ")
             << history.getClock() << " tokens, but got those of " << *found;
    if (found.value_or(1) == 1)
      continue;
    // A kernel of its own, or the caller, would take them for tokens.
    if (isa<func::ReturnOp, nn::LinearOp, nn::ExpertLinearOp,
            nn::GroupedLinearOp, nn::EmbeddingOp, nn::CausalConvOp,
            nn::GatedDeltaOp, nn::AttentionOp, nn::AbsorbedAttentionOp,
            nn::IndexScoresOp>(op))
      return op.emitError(
                 "expects rows of tokens, but got those of windows of ")
             << *found << ", which is not in this version";
    for (Value result : op.getResults())
      clocks[result] = *found;
  }
  return mlir::success();
}

int64_t Graph::clockOf(const Node &node) const {
  if (node.kind == NodeKind::Quantize)
    return clockOf(node.quantized);
  return node.op && node.kind == NodeKind::Row ? clockOf(node.op->getResult(0))
                                               : 1;
}

bool plan::isNoWork(Operation *op) {
  return isSource(op) || isView(op) || isa<nn::PickOp>(op);
}

/// A matrix, a stack of them or a table, where it is a weight.
static nn::WeightType weightOf(Value value) {
  return dyn_cast<nn::WeightType>(value.getType());
}

Holding plan::holdingOf(Operation *op, const PlanTarget &target,
                        bool manyRows) {
  Holding held;
  if (auto linear = dyn_cast<nn::LinearOp>(op)) {
    if (nn::WeightType w = weightOf(linear.getW())) {
      held.kind = NodeKind::Linear;
      held.choice = target.linear(w.getShape()[0], w.getShape()[1],
                                  w.getEncoding(), manyRows);
      held.strategy = held.choice.strategy;
    }
  } else if (auto product = dyn_cast<nn::ExpertLinearOp>(op)) {
    if (nn::WeightType w = weightOf(product.getW())) {
      held.choice = target.expertLinear(w.getShape()[1], w.getShape()[2],
                                        w.getEncoding(), manyRows);
      // The general path reads the matrices as one tensor, row by row.
      held.kind = held.choice.strategy ? NodeKind::ExpertLinear : NodeKind::Row;
      held.strategy = held.choice.strategy;
    }
  } else if (auto product = dyn_cast<nn::GroupedLinearOp>(op)) {
    // Of several rows a token, on the general path.
    nn::WeightType w = weightOf(product.getW());
    if (w && cast<RankedTensorType>(product.getX().getType()).getRank() == 3) {
      held.choice = target.expertLinear(w.getShape()[1], w.getShape()[2],
                                        w.getEncoding(), manyRows);
      held.kind = held.choice.strategy ? NodeKind::ExpertLinear : NodeKind::Row;
      held.strategy = held.choice.strategy;
    }
  } else if (auto attention = dyn_cast<nn::AttentionOp>(op)) {
    held.kind =
        sharesRows(attention) ? NodeKind::RowAttention : NodeKind::Attention;
    held.strategy = true;
  } else if (isa<nn::AbsorbedAttentionOp>(op)) {
    held.kind = NodeKind::RowAttention;
    held.strategy = true;
  } else if (auto top = dyn_cast<nn::TopKOp>(op);
             top && top.getScores().getDefiningOp<nn::IndexScoresOp>()) {
    held.kind = NodeKind::IndexTopK;
    held.strategy = true;
  } else if (isa<nn::IndexScoresOp>(op)) {
    // Its kernel is that of the choice behind it.
    held.kind = NodeKind::View;
    held.strategy = true;
  } else if (isa<nn::WindowsOp>(op)) {
    held.kind = NodeKind::Windows;
    held.strategy = true;
  } else if (isa<nn::CausalConvOp>(op)) {
    held.kind = NodeKind::CausalConv;
    held.strategy = true;
  } else if (isa<nn::GatedDeltaOp>(op)) {
    held.kind = NodeKind::GatedDelta;
    held.strategy = true;
  } else if (auto embedding = dyn_cast<nn::EmbeddingOp>(op)) {
    if (nn::WeightType table = weightOf(embedding.getTable())) {
      held.kind = NodeKind::Embedding;
      held.choice = target.embedding(table.getShape()[0], table.getShape()[1],
                                     table.getEncoding());
      held.strategy = true;
    }
  } else if (isa<nn::HistoryOp>(op)) {
    // The row kernel appends the row with `plan.append_rows`.
    held.strategy = true;
  }
  return held;
}

void Graph::collect() {
  for (Operation &op : function.getBody().front()) {
    if (isNoWork(&op) || isa<func::ReturnOp>(op))
      continue;
    Holding held = holdingOf(&op, target, manyRows);
    Node node;
    node.op = &op;
    // Made by the kernel of what reads it.
    if (held.kind == NodeKind::View)
      continue;
    node.kind = held.kind;
    node.choice = held.choice;
    if (held.kind == NodeKind::Attention) {
      auto attention = cast<nn::AttentionOp>(op);
      auto query = cast<RankedTensorType>(attention.getQ().getType());
      node.attention = target.attention(query.getDimSize(1),
                                        keyHeadsOf(attention), manyRows);
    } else if (held.kind == NodeKind::RowAttention) {
      node.blockHeads = target.sharedRowHeads();
    } else if (held.kind == NodeKind::CausalConv) {
      node.columns = target.convolutionColumns();
    } else if (held.kind == NodeKind::GatedDelta) {
      node.columns = target.deltaColumns();
    }
    node.result = op.getResult(0);
    producers[node.result] = nodes.size();
    nodes.push_back(std::move(node));
  }
}

void Graph::foldEpilogues() {
  for (Node &node : nodes) {
    if (node.kind != NodeKind::Linear || !node.choice.strategy)
      continue;
    int self = producers.lookup(node.result);
    Value current = node.result;
    while (current.hasOneUse()) {
      Operation *user = *current.getUsers().begin();
      bool first = node.epilogue.empty();
      auto glu = dyn_cast<nn::GluOp>(user);
      if (glu) {
        // A bias would have to come in the order of the alternating rows.
        if (!first || !node.choice.paired || glu.getGroup() != 16 ||
            cast<nn::LinearOp>(node.op).getBias())
          break;
      } else if (!isElementwise(user) ||
                 user->getResult(0).getType() != current.getType()) {
        break; // also a broadcast: each stored element is one of the product's
      }
      // Other operands: numbers, or activations of the same shape that do not
      // wait for this product.
      auto fits = [&](Value operand) {
        if (operand == current || isNumber(operand))
          return true;
        if (!isActivation(operand.getType()) ||
            operand.getType() != current.getType())
          return false;
        int producer = producerOf(rootOf(operand));
        return producer < self;
      };
      if (!llvm::all_of(user->getOperands(), fits))
        break;
      node.epilogue.push_back(user);
      folded.insert(user);
      producers.erase(current);
      current = user->getResult(0);
    }
    node.result = current;
    producers[current] = self;
  }
}

void Graph::addQuantizeNodes() {
  size_t count = nodes.size();
  for (size_t i = 0; i < count; ++i) {
    LinearChoice choice = nodes[i].choice;
    if (nodes[i].kind != NodeKind::Linear || choice.activations == "f32")
      continue;
    Value x = rootOf(cast<nn::LinearOp>(nodes[i].op).getX());
    // One record serves all matrices that read it alike.
    size_t found = count;
    while (found < nodes.size() &&
           (nodes[found].quantized != x ||
            nodes[found].choice.activations != choice.activations ||
            nodes[found].choice.rowTile != choice.rowTile))
      ++found;
    if (found == nodes.size()) {
      Node quantize;
      quantize.kind = NodeKind::Quantize;
      quantize.quantized = x;
      quantize.choice = choice;
      nodes.push_back(std::move(quantize));
    }
    nodes[i].quantizeNode = found;
  }
}

/// Products with the experts that many tokens chose read the choices by expert,
/// which are sorted once for all matrices.
void Graph::addGroupNodes() {
  if (!manyRows)
    return;
  size_t count = nodes.size();
  for (size_t i = 0; i < count; ++i) {
    // The matrices of a grouped product have a choice of each token.
    auto product = dyn_cast_if_present<nn::ExpertLinearOp>(nodes[i].op);
    if (nodes[i].kind != NodeKind::ExpertLinear || !product)
      continue;
    Value ids = rootOf(product.getIds());
    int64_t experts = nn::shapeOf(product.getW().getType()).front();
    size_t found = count;
    while (found < nodes.size() &&
           (nodes[found].kind != NodeKind::Group || nodes[found].ids != ids ||
            nodes[found].experts != experts))
      ++found;
    if (found == nodes.size()) {
      Node group;
      group.kind = NodeKind::Group;
      group.ids = ids;
      group.experts = experts;
      nodes.push_back(std::move(group));
    }
    nodes[i].groupNode = found;
  }
}

/// The first stage at which a row op (or a heavy op) can read `value`.
int Graph::readyStage(Value value, bool forRow) {
  if (!isa<RankedTensorType, nn::RowsType>(value.getType()))
    return forRow ? 0 : 1;
  Value root = rootOf(value);
  int producer = producerOf(root);
  if (producer < 0)
    return forRow ? 0 : 1; // an argument, a constant
  int made = stageOf(producer);
  bool madeByRow = isRowWork(nodes[producer].kind);
  if (forRow)
    return madeByRow ? made : made + 1;
  return madeByRow ? made + 1 : made + 2;
}

int Graph::stageOf(int index) {
  if (nodes[index].stage >= 0)
    return nodes[index].stage;
  bool isRow = isRowWork(nodes[index].kind);
  int stage = isRow ? 0 : 1;
  auto reads = [&](Value value) {
    if (isa<nn::RowsType>(value.getType())) {
      SeenRows seen = seenRows(value);
      if (seen.ids)
        stage = std::max(stage, readyStage(seen.ids, isRow));
      if (seen.rows)
        value = seen.rows;
    }
    stage = std::max(stage, readyStage(value, isRow));
  };
  if (nodes[index].kind == NodeKind::Quantize) {
    reads(nodes[index].quantized);
  } else if (nodes[index].kind == NodeKind::Group) {
    reads(nodes[index].ids);
  } else if (nodes[index].kind == NodeKind::Merge) {
    stage = stageOf(nodes[index].attentionNode) + 1;
  } else if (nodes[index].kind == NodeKind::Keep) {
    stage = stageOf(nodes[index].windowsNode) + 1;
  } else if (nodes[index].kind == NodeKind::IndexTopK) {
    for (Value operand :
         nodes[index].op->getOperand(0).getDefiningOp()->getOperands())
      reads(operand);
  } else {
    for (Value operand : nodes[index].op->getOperands())
      reads(operand);
    for (Operation *op : nodes[index].epilogue)
      for (Value operand : op->getOperands())
        if (producerOf(rootOf(operand)) != index &&
            producers.contains(rootOf(operand)))
          reads(operand);
    if (nodes[index].quantizeNode >= 0)
      stage = std::max(stage, stageOf(nodes[index].quantizeNode) + 1);
    if (nodes[index].groupNode >= 0)
      stage = std::max(stage, stageOf(nodes[index].groupNode) + 2);
  }
  nodes[index].stage = stage;
  return stage;
}

LogicalResult Graph::build() {
  if (failed(checkInput(function)) || failed(findClocks()))
    return failure();
  collect();
  foldEpilogues();
  // Folded ops are part of their product.
  SmallVector<Node, 0> kept;
  for (Node &node : nodes) {
    if (folded.contains(node.op))
      continue;
    kept.push_back(std::move(node));
    if (kept.back().kind == NodeKind::Windows) {
      Node keep;
      keep.kind = NodeKind::Keep;
      keep.op = kept.back().op;
      keep.windowsNode = kept.size() - 1;
      kept.push_back(std::move(keep));
      continue;
    }
    if (kept.back().kind != NodeKind::Attention ||
        kept.back().attention.splits == 1)
      continue;
    // The parts are nobody's value; what they add up to is the attention's.
    Node merge;
    merge.kind = NodeKind::Merge;
    merge.op = kept.back().op;
    merge.attentionNode = kept.size() - 1;
    merge.result = std::exchange(kept.back().result, Value());
    kept.push_back(std::move(merge));
  }
  nodes = std::move(kept);
  producers.clear();
  for (auto [index, node] : llvm::enumerate(nodes))
    if (node.result)
      producers[node.result] = index;
  addQuantizeNodes();
  addGroupNodes();
  for (size_t i = 0; i < nodes.size(); ++i)
    stages = std::max(stages, stageOf(i) + 1);
  sinkRows();
  return mlir::success();
}
