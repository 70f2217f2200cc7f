//===- KernelRunner.h - Run row kernels written in nn -----------*- C++ -*-===//

#ifndef TEST_UNIT_CODEGEN_CPU_GENERAL_KERNELRUNNER_H
#define TEST_UNIT_CODEGEN_CPU_GENERAL_KERNELRUNNER_H

#include "codegen/cpu/object/CpuLevel.h"
#include "gtest/gtest.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace tombolo::test {

/// A row kernel: buffers with a row per token and whole ones, and a body in nn
/// that names them (`%x` is the row of x as `tensor<1x..>`, `%w` the whole of
/// w) and whose value `%NAME` is what is written to a result NAME.
class RowKernel {
public:
  explicit RowKernel(std::string body) : body(std::move(body)) {}

  /// `shape` is that of one row, without the tokens.
  RowKernel &rows(std::string name, std::vector<int64_t> shape,
                  std::vector<float> &data);
  RowKernel &rows(std::string name, std::vector<int64_t> shape,
                  std::vector<int32_t> &data);
  RowKernel &rows(std::string name, std::vector<int64_t> shape,
                  std::vector<uint16_t> &data, std::string element);
  RowKernel &whole(std::string name, std::vector<int64_t> shape,
                   std::vector<float> &data);
  RowKernel &result(std::string name, std::vector<int64_t> shape,
                    std::vector<float> &data);
  RowKernel &result(std::string name, std::vector<int64_t> shape,
                    std::vector<int32_t> &data);
  RowKernel &result(std::string name, std::vector<int64_t> shape,
                    std::vector<uint16_t> &data, std::string element);

  std::string text() const;
  /// Compiles for `level` and runs tokens [0, tokens), in two ranges.
  void run(const std::string &level, int64_t tokens) const;

private:
  enum class Kind { Rows, Whole, Result };
  struct Buffer {
    Kind kind;
    std::string name, element;
    std::vector<int64_t> shape;
    void *data;
  };
  RowKernel &add(Kind kind, std::string name, std::string element,
                 std::vector<int64_t> shape, void *data);

  std::string body;
  std::vector<Buffer> buffers;
};

/// Compiled code of one kernel, `@kernel` in `text`, by way of the general
/// path; empty, with a failure of the test, where that does not work.
using Kernel =
    std::function<void(std::vector<void *> buffers, std::vector<int64_t> sizes,
                       int64_t begin, int64_t end)>;
Kernel compileKernel(const std::string &text, const std::string &level);

/// Numbers in (-scale, scale), the same on every machine.
std::vector<float> numbers(size_t count, unsigned seed, float scale = 1);

/// |got - expected| <= tolerance * (|expected| + scale), element by element.
void expectNear(const std::vector<float> &got,
                const std::vector<double> &expected, double tolerance = 2e-6,
                double scale = 1);

/// The levels that this machine can run.
std::vector<std::string> levels();
std::string levelName(const testing::TestParamInfo<std::string> &info);

} // namespace tombolo::test

#endif // TEST_UNIT_CODEGEN_CPU_GENERAL_KERNELRUNNER_H
