//===- CreateOpTest.cpp - Ops from names and plain numbers ----------------===//

#include "mlir/IR/Diagnostics.h"
#include "test/unit/dialects/nn/NNFixture.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace tombolo;
using namespace tombolo::nn;

namespace {
class CreateOpTest : public NNFixture {
protected:
  CreateOpTest()
      : builder(&context), module(ModuleOp::create(builder.getUnknownLoc())) {
    builder.setInsertionPointToStart(module->getBody());
    auto tensor = [&](ArrayRef<int64_t> shape, Type type) {
      return RankedTensorType::get(shape, type);
    };
    constexpr int64_t t = ShapedType::kDynamic;
    auto func = func::FuncOp::create(
        builder, builder.getUnknownLoc(), "f",
        builder.getFunctionType(
            {tensor({t, 4}, builder.getF32Type()),
             WeightType::get(&context, {8, 4}, Encoding::BF16),
             tensor({t}, builder.getI32Type())},
            {}));
    Block *block = func.addEntryBlock();
    builder.setInsertionPointToStart(block);
    x = block->getArgument(0);
    w = block->getArgument(1);
    positions = block->getArgument(2);
  }

  mlir::FailureOr<Operation *>
  create(StringRef name, ArrayRef<SmallVector<mlir::Value, 2>> operands,
         ArrayRef<NamedAttribute> attributes = {}) {
    message.clear();
    ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
      message = diagnostic.str();
      return mlir::success();
    });
    return createOp(builder, builder.getUnknownLoc(), name, operands,
                    attributes);
  }
  static std::string typeText(Operation *op) {
    std::string text;
    llvm::raw_string_ostream(text) << op->getResult(0).getType();
    return text;
  }

  OpBuilder builder;
  OwningOpRef<ModuleOp> module;
  mlir::Value x, w, positions;
  std::string message;
};

TEST_F(CreateOpTest, InfersTypesAndTakesDefaults) {
  auto linear = create("linear", {{x}, {w}, {}});
  ASSERT_TRUE(succeeded(linear)) << message;
  EXPECT_EQ(typeText(*linear), "tensor<?x8xf32>");
  auto softmax = create("softmax", {{x}});
  ASSERT_TRUE(succeeded(softmax)) << message;
  EXPECT_EQ(cast<SoftmaxOp>(*softmax).getAxis(), -1);
  auto norm = create("layer_norm", {{x}, {}, {}},
                     {builder.getNamedAttr("eps", builder.getF32FloatAttr(1))});
  ASSERT_TRUE(succeeded(norm)) << message;
  EXPECT_EQ(cast<LayerNormOp>(*norm).getW(), mlir::Value());
}

TEST_F(CreateOpTest, SaysWhatIsWrong) {
  EXPECT_TRUE(failed(create("linar", {{x}, {w}})));
  EXPECT_EQ(message, "'nn' has no operation 'linar'");
  EXPECT_TRUE(failed(create("linear", {{w}, {w}})));
  EXPECT_EQ(message, "'nn.linear' op expects 'x' to be a ranked tensor");
  EXPECT_TRUE(failed(create("linear", {{x}})));
  EXPECT_NE(message.find("expects 2 operands or more, but got 1"),
            std::string::npos)
      << message;
  EXPECT_TRUE(failed(create("rms_norm", {{x}})));
  EXPECT_EQ(message, "'nn.rms_norm' op requires attribute 'eps'");
  EXPECT_TRUE(failed(
      create("rms_norm", {{x}},
             {builder.getNamedAttr("eps", builder.getF32FloatAttr(-1))})));
  EXPECT_EQ(message,
            "'nn.rms_norm' op attribute 'eps' failed to satisfy constraint: "
            "32-bit float attribute whose value is positive and finite");
  EXPECT_TRUE(failed(
      create("softmax", {{x}},
             {builder.getNamedAttr("axes", builder.getI64IntegerAttr(1))})));
  EXPECT_EQ(message, "'nn.softmax' op has no attribute 'axes'");
  EXPECT_TRUE(failed(create("add", {{positions}, {x}})));
  EXPECT_TRUE(failed(create("attention", {{x, x}, {}, {}, {}, {}})));
  EXPECT_EQ(message, "'nn.attention' op expects one value for 'q', but got 2");
  // Nothing is left behind by what failed.
  EXPECT_TRUE(x.use_empty());
}

TEST_F(CreateOpTest, RangesAreThoseOfPython) {
  SliceRange whole, last{-1, {}, 1, true}, tail{-3, -1, 1, false};
  auto bounds = resolveRanges({last, tail, whole}, {4, 5, 6});
  ASSERT_TRUE(bounds) << bounds.error().str();
  EXPECT_EQ(bounds->begins, (SmallVector<int64_t>{3, 2, 0}));
  EXPECT_EQ(bounds->ends, (SmallVector<int64_t>{4, 4, 6}));
  EXPECT_EQ(bounds->steps, (SmallVector<int64_t>{0, 1, 1}));
  auto beyond = resolveRanges({SliceRange{2, 9, 1, false}}, {4});
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().message,
            "expects a range within axis 0 of 4, but got 2:9:1");
  auto tokens =
      resolveRanges({SliceRange{1, {}, 1, false}}, {ShapedType::kDynamic});
  ASSERT_FALSE(tokens);
  EXPECT_EQ(tokens.error().message,
            "expects the dynamic axis 0 to be taken whole");
}
} // namespace
