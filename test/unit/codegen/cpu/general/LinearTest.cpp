#include "test/unit/codegen/cpu/general/KernelRunner.h"

using namespace tombolo::test;

namespace {

class Linear : public testing::TestWithParam<std::string> {};
INSTANTIATE_TEST_SUITE_P(Levels, Linear, testing::ValuesIn(levels()),
                         levelName);

/// The product as a planner writes it where no strategy takes it: a program of
/// the grid makes `block` columns of all rows.
std::string linearKernel(int64_t in, int64_t out, int64_t block, bool bias) {
  auto n = [](int64_t value) { return std::to_string(value); };
  std::string x = "memref<?x" + n(in) + "xf32, strided<[" + n(in) + ", 1]>>";
  std::string row = "strided<[" + n(in) + ", 1], offset: ?>>";
  std::string w = "memref<" + n(block) + "x" + n(in) + "xf32, " + row;
  std::string b = "memref<" + n(block) + "xf32, strided<[1], offset: ?>>";
  std::string o =
      "memref<?x" + n(block) + "xf32, strided<[" + n(out) + ", 1], offset: ?>>";
  std::string xt = "tensor<?x" + n(in) + "xf32>",
              wt = "tensor<" + n(block) + "x" + n(in) + "xf32>",
              bt = "tensor<" + n(block) + "xf32>",
              ot = "tensor<?x" + n(block) + "xf32>";
  return "func.func @kernel(%begin: index, %end: index, %x: memref<?x" + n(in) +
         "xf32>, %w: memref<" + n(out) + "x" + n(in) + "xf32>, %b: memref<" +
         n(out) + "xf32>, %o: memref<?x" + n(out) +
         "xf32>, %tokens: index) {\n"
         "  %c1 = arith.constant 1 : index\n"
         "  %block = arith.constant " +
         n(block) +
         " : index\n"
         "  %xs = memref.subview %x[0, 0] [%tokens, " +
         n(in) + "] [1, 1] : memref<?x" + n(in) + "xf32> to " + x +
         "\n  %xt = bufferization.to_tensor %xs restrict : " + x + " to " + xt +
         "\n  scf.for %g = %begin to %end step %c1 {\n"
         "    %first = arith.muli %g, %block : index\n"
         "    %ws = memref.subview %w[%first, 0] [" +
         n(block) + ", " + n(in) + "] [1, 1] : memref<" + n(out) + "x" + n(in) +
         "xf32> to " + w + "\n    %bs = memref.subview %b[%first] [" +
         n(block) + "] [1] : memref<" + n(out) + "xf32> to " + b +
         "\n    %os = memref.subview %o[0, %first] [%tokens, " + n(block) +
         "] [1, 1] : memref<?x" + n(out) + "xf32> to " + o +
         "\n    %wt = bufferization.to_tensor %ws restrict : " + w + " to " +
         wt + "\n    %bt = bufferization.to_tensor %bs restrict : " + b +
         " to " + bt + "\n    %y = nn.linear %xt, %wt" + (bias ? ", %bt" : "") +
         " : " + xt + ", " + wt + (bias ? ", " + bt : "") + " -> " + ot +
         "\n    bufferization.materialize_in_destination %y in restrict "
         "writable %os : (" +
         ot + ", " + o + ") -> ()\n  }\n  return\n}\n";
}

struct Shape {
  int64_t tokens, in, out, block;
};

TEST_P(Linear, EveryShape) {
  for (Shape s : {Shape{5, 576, 24, 8},
                  {1, 72, 72, 12},
                  {2, 24, 6, 3},
                  {7, 9, 5, 5},
                  {4, 1, 1, 1},
                  {3, 40, 128, 32}})
    for (bool bias : {false, true}) {
      SCOPED_TRACE(linearKernel(s.in, s.out, s.block, bias));
      auto x = numbers(s.tokens * s.in, 1), w = numbers(s.out * s.in, 2),
           b = numbers(s.out, 3);
      std::vector<float> y(s.tokens * s.out), each(y.size());
      Kernel kernel =
          compileKernel(linearKernel(s.in, s.out, s.block, bias), GetParam());
      ASSERT_TRUE(kernel);
      int64_t programs = s.out / s.block;
      kernel({x.data(), w.data(), b.data(), y.data()}, {s.tokens}, 0, programs);
      std::vector<double> expected;
      for (int64_t t = 0; t < s.tokens; ++t)
        for (int64_t o = 0; o < s.out; ++o) {
          double sum = bias ? b[o] : 0;
          for (int64_t i = 0; i < s.in; ++i)
            sum += static_cast<double>(x[t * s.in + i]) * w[o * s.in + i];
          expected.push_back(sum);
        }
      expectNear(y, expected, 2e-6, 10);

      // Row by row and program by program: not a bit changes.
      for (int64_t t = 0; t < s.tokens; ++t)
        for (int64_t g = 0; g < programs; ++g)
          kernel({&x[t * s.in], w.data(), b.data(), &each[t * s.out]}, {1}, g,
                 g + 1);
      EXPECT_EQ(each, y);
    }
}

} // namespace
