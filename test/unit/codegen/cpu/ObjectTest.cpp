#include "RunCode.h"
#include "runtime/core/CpuFeatures.h"
#include "gmock/gmock.h"
#include <algorithm>
#include <bit>
#include <cmath>

using namespace tombolo;
using namespace tombolo::test;
using testing::HasSubstr;

namespace {

mlir::OwningOpRef<mlir::ModuleOp> parse(const char *text) {
  return mlir::parseSourceString<mlir::ModuleOp>(text, &sharedContext());
}

/// Parses bodies, wraps each function `x.body` as `x`, and emits.
Result<CodeBlob> compile(const char *text, const CpuLevel &level,
                         int64_t scratchBytes = 0) {
  auto module = parse(text);
  if (!module)
    return Error("", "does not parse");
  std::vector<mlir::func::FuncOp> bodies;
  for (auto f : module->getOps<mlir::func::FuncOp>())
    if (f.getName().ends_with(".body"))
      bodies.push_back(f);
  for (mlir::func::FuncOp body : bodies) {
    std::string name = body.getName().drop_back(5).str();
    if (Status status = wrapKernel(body, name, scratchBytes); !status)
      return status.takeErrors();
  }
  return level.isX86() ? emitToRun(*module, level) : emitObject(*module, level);
}

constexpr char kTwoKernels[] = R"mlir(
func.func @scale.body(%begin: index, %end: index, %x: memref<?x3xf32>, %y: memref<?x3xf32, strided<[5, 1]>>, %n: index) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %i = arith.index_cast %n : index to i32
  %f = arith.sitofp %i : i32 to f32
  scf.for %r = %begin to %end step %c1 {
    scf.for %c = %c0 to %c3 step %c1 {
      %v = memref.load %x[%r, %c] : memref<?x3xf32>
      %w = arith.mulf %v, %f : f32
      memref.store %w, %y[%r, %c] : memref<?x3xf32, strided<[5, 1]>>
    }
  }
  return
}
// Holds constants, so that code refers to its read-only data.
func.func @curve.body(%begin: index, %end: index, %x: memref<?xf32>, %y: memref<?xf32>) {
  %c16 = arith.constant 16 : index
  scf.for %i = %begin to %end step %c16 {
    %v = vector.load %x[%i] : memref<?xf32>, vector<16xf32>
    %w = arith.constant dense<[1., 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12., 13., 14., 15., 16.]> : vector<16xf32>
    %s = math.tanh %v : vector<16xf32>
    %e = math.exp %v : vector<16xf32>
    %r = math.erf %v : vector<16xf32>
    %t0 = arith.addf %s, %e : vector<16xf32>
    %t1 = arith.addf %t0, %r : vector<16xf32>
    %f = math.fma %t1, %w, %v : vector<16xf32>
    vector.store %f, %y[%i] : memref<?xf32>, vector<16xf32>
  }
  return
}
)mlir";

class ObjectLevels : public testing::TestWithParam<std::string> {};

TEST_P(ObjectLevels, RunsSeveralKernelsOfOneBlob) {
  Result<CodeBlob> blob = compile(kTwoKernels, levelNamed(GetParam()));
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  ASSERT_EQ(blob->entries.size(), 2u);
  EXPECT_EQ(blob->entries[0].name, "scale");
  MappedCode code(std::move(*blob));

  std::vector<float> x(12), y(20, -1);
  for (int i = 0; i < 12; ++i)
    x[i] = i;
  code.run(0, {x.data(), y.data()}, {7}, 1, 4);
  EXPECT_EQ(y[0], -1);
  EXPECT_EQ(y[5], 21);
  EXPECT_EQ(y[8], -1);
  EXPECT_EQ(y[17], 77);

  std::vector<float> in(64), out(64);
  for (int i = 0; i < 64; ++i)
    in[i] = (i - 32) * 0.17f;
  code.run(1, {in.data(), out.data()}, {}, 0, 64);
  for (int i = 0; i < 64; ++i) {
    double v = in[i], sum = std::tanh(v) + std::exp(v) + std::erf(v);
    double expected = sum * (i % 16 + 1) + v;
    EXPECT_NEAR(out[i], expected, 2e-6 * (std::abs(expected) + 16)) << in[i];
  }
}

// Every half, and floats around every rounding boundary, on every level.
TEST_P(ObjectLevels, CastsShortFloatsExactly) {
  Result<CodeBlob> blob = compile(R"mlir(
func.func @widen.body(%begin: index, %end: index, %x: memref<?xf16>, %y: memref<?xf32>) {
  %c16 = arith.constant 16 : index
  scf.for %i = %begin to %end step %c16 {
    %v = vector.load %x[%i] : memref<?xf16>, vector<16xf16>
    %w = arith.extf %v : vector<16xf16> to vector<16xf32>
    vector.store %w, %y[%i] : memref<?xf32>, vector<16xf32>
  }
  return
}
func.func @narrow.body(%begin: index, %end: index, %x: memref<?xf32>, %h: memref<?xf16>, %b: memref<?xbf16>) {
  %c16 = arith.constant 16 : index
  scf.for %i = %begin to %end step %c16 {
    %v = vector.load %x[%i] : memref<?xf32>, vector<16xf32>
    %w = arith.truncf %v : vector<16xf32> to vector<16xf16>
    vector.store %w, %h[%i] : memref<?xf16>, vector<16xf16>
    %z = arith.truncf %v : vector<16xf32> to vector<16xbf16>
    vector.store %z, %b[%i] : memref<?xbf16>, vector<16xbf16>
  }
  return
})mlir",
                                  levelNamed(GetParam()));
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  MappedCode code(std::move(*blob));
  std::vector<uint16_t> halves(65536);
  for (int i = 0; i < 65536; ++i)
    halves[i] = i;
  std::vector<float> wide(65536);
  code.run(0, {halves.data(), wide.data()}, {}, 0, 65536);
  auto reference = [](uint16_t h) {
    int exponent = h >> 10 & 31, fraction = h & 1023;
    double value = exponent == 31 ? (fraction ? NAN : INFINITY)
                   : exponent     ? std::ldexp(1024 + fraction, exponent - 25)
                                  : std::ldexp(fraction, -24);
    return h & 0x8000 ? -value : value;
  };
  for (int i = 0; i < 65536; ++i) {
    if (std::isnan(reference(i)))
      EXPECT_TRUE(std::isnan(wide[i]));
    else
      EXPECT_EQ(wide[i], reference(i)) << i;
    EXPECT_EQ(std::signbit(wide[i]), i >= 0x8000);
  }
  // Each finite half, the middles between neighbours, and a little beside.
  std::vector<float> values;
  for (int i = 0; i < 0x7c00; ++i) {
    float low = wide[i];
    float high = i + 1 < 0x7c00 ? wide[i + 1] : 65536.0f;
    float middle = low + (high - low) / 2;
    for (float v : {low, middle, std::nextafter(middle, 0.0f),
                    std::nextafter(middle, 1e9f)}) {
      values.push_back(v);
      values.push_back(-v);
    }
  }
  for (float v : {1e9f, INFINITY, -INFINITY, 1e-30f, 3e-40f, 3.4e38f, 70000.f})
    values.push_back(v);
  values.resize((values.size() + 15) / 16 * 16);
  std::vector<uint16_t> half(values.size()), bfloat(values.size());
  code.run(1, {values.data(), half.data(), bfloat.data()}, {}, 0,
           values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    double v = values[i];
    double back = reference(half[i]);
    // The nearest: neither neighbour is closer, ties go to the even one.
    if (std::abs(v) >= 65520) {
      EXPECT_TRUE(std::isinf(back)) << v;
    } else {
      double error = std::abs(back - v);
      for (int step : {-1, 1}) {
        int neighbour = (half[i] & 0x7fff) + step;
        if (neighbour < 0 || neighbour >= 0x7c00)
          continue;
        double other = std::abs(reference(neighbour) - std::abs(v));
        EXPECT_LE(error, other) << v;
        if (error == other)
          EXPECT_EQ(half[i] & 1, 0) << v;
      }
    }
    uint32_t bits = std::bit_cast<uint32_t>(values[i]);
    uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    EXPECT_EQ(bfloat[i], rounded) << v;
  }
}

TEST_P(ObjectLevels, CopiesWithoutLibraryCalls) {
  Result<CodeBlob> blob = compile(R"mlir(
func.func @copy.body(%begin: index, %end: index, %x: memref<1000xf32>, %y: memref<1000xf32>, %n: index) {
  memref.copy %x, %y : memref<1000xf32> to memref<1000xf32>
  %c1 = arith.constant 1 : index
  %z = arith.constant 0.0 : f32
  scf.for %i = %begin to %end step %c1 {
    memref.store %z, %y[%i] : memref<1000xf32>
  }
  return
})mlir",
                                  levelNamed(GetParam()));
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  MappedCode code(std::move(*blob));
  std::vector<float> x(1000, 2), y(1000, 5);
  code.run(0, {x.data(), y.data()}, {0}, 10, 900);
  EXPECT_EQ(y[9], 2);
  EXPECT_EQ(y[10], 0);
  EXPECT_EQ(y[899], 0);
  EXPECT_EQ(y[999], 2);
}

TEST_P(ObjectLevels, PassesScratch) {
  Result<CodeBlob> blob = compile(R"mlir(
func.func @s.body(%begin: index, %end: index, %y: memref<?xi8>, %scratch: memref<?xi8>) {
  %v = arith.constant dense<7> : vector<16xi8>
  %c = arith.constant 100 : index
  vector.store %v, %scratch[%c] : memref<?xi8>, vector<16xi8>
  %w = vector.load %scratch[%c] : memref<?xi8>, vector<16xi8>
  vector.store %w, %y[%begin] : memref<?xi8>, vector<16xi8>
  return
})mlir",
                                  levelNamed(GetParam()), 116);
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  EXPECT_EQ(blob->entries[0].scratchBytes, 116);
  MappedCode code(std::move(*blob));
  std::vector<uint8_t> y(32);
  code.run(0, {y.data()}, {}, 3, 4);
  EXPECT_EQ(y[2], 0);
  EXPECT_EQ(y[3], 7);
  EXPECT_EQ(y[18], 7);
  EXPECT_EQ(y[19], 0);
}

INSTANTIATE_TEST_SUITE_P(All, ObjectLevels, testing::ValuesIn(runnableLevels()),
                         levelTestName);

TEST(Object, RefusesUndefinedSymbols) {
  Result<CodeBlob> blob = compile(R"mlir(
func.func private @helper(f32) -> f32
func.func @bad.body(%begin: index, %end: index, %y: memref<?xf32>) {
  %v = memref.load %y[%begin] : memref<?xf32>
  %w = func.call @helper(%v) : (f32) -> f32
  memref.store %w, %y[%begin] : memref<?xf32>
  return
})mlir",
                                  levelNamed("x86-64-v3"));
  ASSERT_FALSE(blob.ok());
  EXPECT_EQ(blob.error().message,
            "kernel 'bad': expects code without external symbols, but it needs "
            "'helper'");
}

TEST(Object, RefusesLibraryMath) {
  Result<CodeBlob> blob = compile(R"mlir(
func.func @bad.body(%begin: index, %end: index, %y: memref<?xf64>) {
  %v = memref.load %y[%begin] : memref<?xf64>
  %w = math.sin %v : f64
  memref.store %w, %y[%begin] : memref<?xf64>
  return
})mlir",
                                  levelNamed("x86-64-v3"));
  ASSERT_FALSE(blob.ok());
  EXPECT_THAT(blob.error().message, HasSubstr("it needs 'sin'"));
}

TEST(Object, RefusesWritableData) {
  Result<CodeBlob> blob = compile(R"mlir(
memref.global "private" @state : memref<4xf32> = dense<0.0>
func.func @bad.body(%begin: index, %end: index, %y: memref<?xf32>) {
  %g = memref.get_global @state : memref<4xf32>
  %v = memref.load %g[%begin] : memref<4xf32>
  %w = arith.addf %v, %v : f32
  memref.store %w, %g[%end] : memref<4xf32>
  memref.store %w, %y[%begin] : memref<?xf32>
  return
})mlir",
                                  levelNamed("x86-64-v3"));
  ASSERT_FALSE(blob.ok());
  EXPECT_THAT(blob.error().message, HasSubstr("expects no writable data"));
}

TEST(Object, RefusesDynamicStrides) {
  Result<CodeBlob> blob = compile(R"mlir(
func.func @bad.body(%begin: index, %end: index, %y: memref<?x?xf32>) {
  return
})mlir",
                                  levelNamed("x86-64-v3"));
  ASSERT_FALSE(blob.ok());
  EXPECT_EQ(blob.error().message,
            "kernel 'bad': expects argument 2 to be an index or a memref with "
            "static strides, but got 'memref<?x?xf32>'");
}

TEST(Object, EmitsForAArch64) {
  Result<CpuLevel> level =
      cpuLevelNamed("neoverse-n1", "aarch64-unknown-linux-gnu");
  ASSERT_TRUE(level.ok());
  Result<CodeBlob> blob = compile(kTwoKernels, *level);
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  EXPECT_GT(blob->bytes.size(), 100u);
  EXPECT_FALSE(runsOnHost(*level) && runsOnHost(levelNamed("x86-64-v2")));
}

TEST(Object, EmitsForRiscV) {
  Result<CodeBlob> blob = compile(kTwoKernels, levelNamed("rva23"));
  ASSERT_TRUE(blob.ok()) << blob.error().str();
  EXPECT_GT(blob->bytes.size(), 100u);
}

TEST(CpuLevel, NamesWhatItNeeds) {
  CpuLevel level = levelNamed("x86-64-v3");
  EXPECT_THAT(level.requiredFeatures(),
              testing::IsSupersetOf({"avx2", "fma", "f16c", "bmi2"}));
  EXPECT_EQ(level.vectorBytes(), 32);
  EXPECT_FALSE(cpuLevelNamed("zen-of-python").ok());
  EXPECT_FALSE(cpuLevelNamed("").ok());
  EXPECT_FALSE(cpuLevelNamed("x86-64").ok());
  EXPECT_FALSE(cpuLevelNamed("pentium").ok());
  EXPECT_EQ(levelNamed("neoverse-v2").isAArch64(), true);
  EXPECT_EQ(levelNamed("x86-64-v4").vectorBytes(), 64);
}

// A runtime refuses what needs a feature that it can't find.
TEST(CpuLevel, RuntimesKnowWhatIsNeeded) {
  for (auto [name, architecture] :
       {std::pair("x86-64-v2", "x86_64"), std::pair("neoverse-v2", "aarch64"),
        std::pair("rva23", "riscv64")})
    for (llvm::StringRef feature : levelNamed(name).selectableFeatures())
      EXPECT_TRUE(knownFeatures(architecture).count(feature.str()))
          << feature.str();
  EXPECT_THAT(levelNamed("diamondrapids").requiredFeatures(),
              testing::AllOf(
                  testing::IsSupersetOf({"avx10.2", "egpr", "ndd", "amx-tile",
                                         "amx-int8", "amx-bf16"}),
                  // Its instructions are never chosen.
                  testing::Not(testing::Contains("amx-fp16"))));
  EXPECT_TRUE(
      std::ranges::includes(knownFeatures(hostArchitecture()), hostFeatures()));
  EXPECT_TRUE(knownFeatures("loongarch64").empty());
}

// What LLVM finds on this machine, the runtime finds as well.
TEST(CpuLevel, TheHostRunsItsOwnLevel) {
  for (const std::string &feature : levelNamed("host").requiredFeatures())
    EXPECT_TRUE(hostFeatures().count(feature)) << feature;
}

} // namespace
