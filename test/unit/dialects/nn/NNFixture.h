//===- NNFixture.h - Modules and tensor files for nn tests ------*- C++ -*-===//

#ifndef TEST_UNIT_DIALECTS_NN_NNFIXTURE_H
#define TEST_UNIT_DIALECTS_NN_NNFIXTURE_H

#include "dialects/nn/IR/NNOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "support/WeightSource.h"
#include <cstring>
#include <fstream>
#include <gtest/gtest.h>

namespace tombolo::nn {

class NNFixture : public ::testing::Test {
protected:
  NNFixture() {
    context.loadDialect<NNDialect, mlir::func::FuncDialect,
                        mlir::arith::ArithDialect>();
  }

  /// Parses and verifies; the test fails where that does.
  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef text) {
    auto module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
    EXPECT_TRUE(module) << text.str();
    return module;
  }

  /// Adds a tensor whose bytes stand in a file of their own.
  template <typename T>
  void addTensor(WeightSource &source, std::string name, Encoding encoding,
                 std::vector<int64_t> shape, const std::vector<T> &values) {
    std::string path =
        ::testing::TempDir() + "nn-" + std::to_string(::getpid()) + "-" + name;
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char *>(values.data()),
               values.size() * sizeof(T));
    auto file = MappedFile::open(path);
    ASSERT_TRUE(file) << file.error().str();
    std::remove(path.c_str());
    Status status =
        source.addTensor({name, encoding, std::move(shape),
                          source.addFile(*file), 0, values.size() * sizeof(T)});
    ASSERT_TRUE(status) << status.error().str();
  }

  mlir::MLIRContext context;
};

/// ‖a − b‖ / ‖b‖.
inline double relativeError(const std::vector<float> &a,
                            const std::vector<float> &b) {
  if (a.size() != b.size())
    return INFINITY;
  double difference = 0, size = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
    size += double(b[i]) * b[i];
  }
  return std::sqrt(difference / size);
}

} // namespace tombolo::nn

#endif // TEST_UNIT_DIALECTS_NN_NNFIXTURE_H
