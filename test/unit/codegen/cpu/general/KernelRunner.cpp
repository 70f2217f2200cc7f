#include "test/unit/codegen/cpu/general/KernelRunner.h"

#include "codegen/cpu/general/Passes.h"
#include "dialects/nn/IR/NNOps.h"
#include "test/unit/codegen/cpu/RunCode.h"

#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/PassManager.h"

#include <cmath>
#include <random>

using namespace tombolo;
using namespace tombolo::test;

static std::string join(const std::vector<int64_t> &values, const char *by) {
  std::string text;
  for (int64_t value : values)
    text += (text.empty() ? "" : by) + std::to_string(value);
  return text;
}

RowKernel &RowKernel::add(Kind kind, std::string name, std::string element,
                          std::vector<int64_t> shape, void *data) {
  buffers.push_back(
      {kind, std::move(name), std::move(element), std::move(shape), data});
  return *this;
}
RowKernel &RowKernel::rows(std::string name, std::vector<int64_t> shape,
                           std::vector<float> &data) {
  return add(Kind::Rows, std::move(name), "f32", std::move(shape), data.data());
}
RowKernel &RowKernel::rows(std::string name, std::vector<int64_t> shape,
                           std::vector<int32_t> &data) {
  return add(Kind::Rows, std::move(name), "i32", std::move(shape), data.data());
}
RowKernel &RowKernel::rows(std::string name, std::vector<int64_t> shape,
                           std::vector<uint16_t> &data, std::string element) {
  return add(Kind::Rows, std::move(name), std::move(element), std::move(shape),
             data.data());
}
RowKernel &RowKernel::whole(std::string name, std::vector<int64_t> shape,
                            std::vector<float> &data) {
  return add(Kind::Whole, std::move(name), "f32", std::move(shape),
             data.data());
}
RowKernel &RowKernel::result(std::string name, std::vector<int64_t> shape,
                             std::vector<float> &data) {
  return add(Kind::Result, std::move(name), "f32", std::move(shape),
             data.data());
}
RowKernel &RowKernel::result(std::string name, std::vector<int64_t> shape,
                             std::vector<int32_t> &data) {
  return add(Kind::Result, std::move(name), "i32", std::move(shape),
             data.data());
}
RowKernel &RowKernel::result(std::string name, std::vector<int64_t> shape,
                             std::vector<uint16_t> &data, std::string element) {
  return add(Kind::Result, std::move(name), std::move(element),
             std::move(shape), data.data());
}

std::string RowKernel::text() const {
  std::string head = "func.func @kernel(%begin: index, %end: index", before,
              inside, after;
  for (const Buffer &b : buffers) {
    std::string dims = b.shape.empty() ? "" : join(b.shape, "x") + "x";
    if (b.kind == Kind::Whole) {
      std::string memref = "memref<" + dims + b.element + ">";
      head += ", %" + b.name + ".m: " + memref;
      before += "  %" + b.name + " = bufferization.to_tensor %" + b.name +
                ".m restrict : " + memref + " to tensor<" + dims + b.element +
                ">\n";
      continue;
    }
    std::string memref = "memref<?x" + dims + b.element + ">";
    head += ", %" + b.name + ".m: " + memref;
    std::vector<int64_t> strides(b.shape.size() + 1, 1),
        zeros(b.shape.size(), 0);
    for (size_t i = b.shape.size(); i > 0; --i)
      strides[i - 1] = strides[i] * b.shape[i - 1];
    std::vector<int64_t> ones(strides.size(), 1);
    std::string shape =
        "1" + std::string(b.shape.empty() ? "" : ", ") + join(b.shape, ", ");
    std::string row = "memref<1x" + dims + b.element + ", strided<[" +
                      join(strides, ", ") + "], offset: ?>>";
    std::string tensor = "tensor<1x" + dims + b.element + ">";
    inside += "    %" + b.name + ".v = memref.subview %" + b.name +
              ".m[%token" + (zeros.empty() ? "" : ", ") + join(zeros, ", ") +
              "] [" + shape + "] [" + join(ones, ", ") + "] : " + memref +
              " to " + row + "\n";
    if (b.kind == Kind::Rows)
      inside += "    %" + b.name + " = bufferization.to_tensor %" + b.name +
                ".v restrict : " + row + " to " + tensor + "\n";
    else
      after += "    bufferization.materialize_in_destination %" + b.name +
               " in restrict writable %" + b.name + ".v : (" + tensor + ", " +
               row + ") -> ()\n";
  }
  return head + ") {\n  %c1 = arith.constant 1 : index\n" + before +
         "  scf.for %token = %begin to %end step %c1 {\n" + inside + body +
         "\n" + after + "  }\n  return\n}\n";
}

void RowKernel::run(const std::string &level, int64_t tokens) const {
  Kernel kernel = compileKernel(text(), level);
  if (!kernel)
    return;
  std::vector<void *> data;
  for (const Buffer &buffer : buffers)
    data.push_back(buffer.data);
  kernel(data, {}, 0, tokens / 2);
  kernel(data, {}, tokens / 2, tokens);
}

static mlir::MLIRContext &context() {
  static mlir::MLIRContext *made = [] {
    mlir::DialectRegistry registry;
    registerCpuDialects(registry);
    registry.insert<mlir::bufferization::BufferizationDialect,
                    mlir::linalg::LinalgDialect, mlir::tensor::TensorDialect,
                    nn::NNDialect>();
    auto *context = new mlir::MLIRContext(registry);
    context->disableMultithreading();
    context->loadAllAvailableDialects();
    return context;
  }();
  return *made;
}

Kernel tombolo::test::compileKernel(const std::string &text,
                                    const std::string &level) {
  Result<CpuLevel> cpu = cpuLevelNamed(level);
  EXPECT_TRUE(cpu.ok());
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context());
  EXPECT_TRUE(module) << text;
  if (!module || !cpu.ok())
    return {};
  mlir::PassManager pm(&context());
  cpu::CpuGeneralOptions options;
  options.vectorBytes = cpu->vectorBytes();
  cpu::buildCpuGeneralPipeline(pm, options);
  bool lowered = mlir::succeeded(pm.run(*module));
  EXPECT_TRUE(lowered) << text;
  if (!lowered)
    return {};
  auto func = module->lookupSymbol<mlir::func::FuncOp>("kernel");
  func.setName("body");
  Status wrapped = wrapKernel(func, "kernel", 0);
  EXPECT_TRUE(wrapped.ok()) << (wrapped ? "" : wrapped.error().str());
  Result<CodeBlob> blob = emitToRun(*module, *cpu);
  EXPECT_TRUE(blob.ok()) << (blob ? "" : blob.error().str()) << text;
  if (!wrapped || !blob)
    return {};
  auto code = std::make_shared<MappedCode>(std::move(*blob));
  return [code](std::vector<void *> buffers, std::vector<int64_t> sizes,
                int64_t begin, int64_t end) {
    code->run(0, std::move(buffers), std::move(sizes), begin, end);
  };
}

std::vector<float> tombolo::test::numbers(size_t count, unsigned seed,
                                          float scale) {
  std::mt19937 random(seed);
  std::vector<float> result(count);
  for (float &value : result)
    value = (static_cast<float>(random() >> 8) / (1 << 23) - 1) * scale;
  return result;
}

void tombolo::test::expectNear(const std::vector<float> &got,
                               const std::vector<double> &expected,
                               double tolerance, double scale) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) {
    if (std::isnan(expected[i])) {
      ASSERT_TRUE(std::isnan(got[i])) << "at " << i;
      continue;
    }
    if (std::isinf(expected[i])) {
      ASSERT_EQ(got[i], static_cast<float>(expected[i])) << "at " << i;
      continue;
    }
    ASSERT_NEAR(got[i], expected[i],
                tolerance * (std::abs(expected[i]) + scale))
        << "at " << i;
  }
}

std::vector<std::string> tombolo::test::levels() {
  // Of the vectors' widths.
  if (levelNamed("host").isX86())
    return {"x86-64-v2", "x86-64-v3", "x86-64-v4"};
  return {"host"};
}

std::string
tombolo::test::levelName(const testing::TestParamInfo<std::string> &info) {
  return levelTestName(info);
}
