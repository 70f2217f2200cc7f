#include "tools/lib/LimitLoops.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tombolo {

// Sixteen independent accumulators hide the latency of every unit; the empty
// asm keeps the loop from being folded and its results from being dropped.
static constexpr int accumulators = 16;

#define TOMBOLO_TARGET(features) __attribute__((target(features)))

#if defined(__x86_64__)

TOMBOLO_TARGET("avx512f,avx512vnni") static void int8Vnni(int64_t rounds) {
  __m512i sums[accumulators];
  for (int i = 0; i < accumulators; ++i)
    sums[i] = _mm512_set1_epi32(i);
  __m512i codes = _mm512_set1_epi8(3), values = _mm512_set1_epi8(5);
  for (int64_t round = 0; round < rounds; ++round) {
    for (__m512i &sum : sums)
      sum = _mm512_dpbusd_epi32(sum, codes, values);
    __asm__ volatile("" ::"v"(sums[0]));
  }
  for (__m512i &sum : sums)
    __asm__ volatile("" ::"v"(sum));
}

TOMBOLO_TARGET("avx2") static void int8Avx2(int64_t rounds) {
  __m256i sums[accumulators - 4];
  for (int i = 0; i < accumulators - 4; ++i)
    sums[i] = _mm256_set1_epi32(i);
  __m256i codes = _mm256_set1_epi8(3), values = _mm256_set1_epi8(5),
          ones = _mm256_set1_epi16(1);
  for (int64_t round = 0; round < rounds; ++round) {
    for (__m256i &sum : sums) {
      // Without this the product of two constants would leave the loop.
      __asm__ volatile("" : "+x"(codes));
      sum = _mm256_add_epi32(
          sum, _mm256_madd_epi16(_mm256_maddubs_epi16(codes, values), ones));
    }
  }
  for (__m256i &sum : sums)
    __asm__ volatile("" ::"x"(sum));
}

TOMBOLO_TARGET("avx512f,avx512bf16") static void bf16Avx512(int64_t rounds) {
  __m512 sums[accumulators];
  for (int i = 0; i < accumulators; ++i)
    sums[i] = _mm512_set1_ps(float(i));
  __m512bh a = (__m512bh)_mm512_set1_epi16(0x3f00);
  __m512bh b = (__m512bh)_mm512_set1_epi16(0x3f01);
  for (int64_t round = 0; round < rounds; ++round) {
    for (__m512 &sum : sums)
      sum = _mm512_dpbf16_ps(sum, a, b);
    __asm__ volatile("" ::"v"(sums[0]));
  }
  for (__m512 &sum : sums)
    __asm__ volatile("" ::"v"(sum));
}

TOMBOLO_TARGET("avx512f") static void f32Avx512(int64_t rounds) {
  __m512 sums[accumulators];
  for (int i = 0; i < accumulators; ++i)
    sums[i] = _mm512_set1_ps(float(i));
  __m512 a = _mm512_set1_ps(0.9999f), b = _mm512_set1_ps(1e-9f);
  for (int64_t round = 0; round < rounds; ++round) {
    for (__m512 &sum : sums)
      sum = _mm512_fmadd_ps(sum, a, b);
    __asm__ volatile("" ::"v"(sums[0]));
  }
  for (__m512 &sum : sums)
    __asm__ volatile("" ::"v"(sum));
}

TOMBOLO_TARGET("avx2,fma") static void f32Avx2(int64_t rounds) {
  __m256 sums[accumulators - 4];
  for (int i = 0; i < accumulators - 4; ++i)
    sums[i] = _mm256_set1_ps(float(i));
  __m256 a = _mm256_set1_ps(0.9999f), b = _mm256_set1_ps(1e-9f);
  for (int64_t round = 0; round < rounds; ++round) {
    for (__m256 &sum : sums)
      sum = _mm256_fmadd_ps(sum, a, b);
    __asm__ volatile("" ::"x"(sums[0]));
  }
  for (__m256 &sum : sums)
    __asm__ volatile("" ::"x"(sum));
}

TOMBOLO_TARGET("avx512f")
static void readAvx512(const char *data, size_t bytes) {
  __m512i a = _mm512_setzero_si512(), b = a, c = a, d = a;
  for (size_t i = 0; i < bytes; i += 256) {
    for (int line = 0; line < 4; ++line)
      _mm_prefetch(data + i + 2048 + 64 * line, _MM_HINT_T0);
    a = _mm512_xor_si512(a, _mm512_loadu_si512(data + i));
    b = _mm512_xor_si512(b, _mm512_loadu_si512(data + i + 64));
    c = _mm512_xor_si512(c, _mm512_loadu_si512(data + i + 128));
    d = _mm512_xor_si512(d, _mm512_loadu_si512(data + i + 192));
  }
  __asm__ volatile("" ::"v"(a), "v"(b), "v"(c), "v"(d));
}

TOMBOLO_TARGET("avx2")
static void readAvx2(const char *data, size_t bytes) {
  __m256i sums[8] = {};
  for (size_t i = 0; i < bytes; i += 256) {
    for (int line = 0; line < 4; ++line)
      _mm_prefetch(data + i + 2048 + 64 * line, _MM_HINT_T0);
    for (int part = 0; part < 8; ++part)
      sums[part] = _mm256_xor_si256(
          sums[part], _mm256_loadu_si256(reinterpret_cast<const __m256i *>(
                          data + i + 32 * part)));
  }
  for (__m256i &sum : sums)
    __asm__ volatile("" ::"x"(sum));
}

#endif // __x86_64__

// What any compiler makes of plain loops: sixteen sums of four lanes.
using Lanes = float __attribute__((vector_size(16)));

static void f32Generic(int64_t rounds) {
  Lanes sums[accumulators] = {};
  Lanes a = {0.9999f, 0.9999f, 0.9999f, 0.9999f};
  Lanes b = {1e-9f, 1e-9f, 1e-9f, 1e-9f};
  for (int64_t round = 0; round < rounds; ++round)
    for (Lanes &sum : sums)
      sum = sum * a + b;
  for (Lanes &sum : sums) {
    float first = sum[0];
    __asm__ volatile("" ::"r"(first));
  }
}

static void readGeneric(const char *data, size_t bytes) {
  auto *words = reinterpret_cast<const uint64_t *>(data);
  uint64_t sums[8] = {};
  for (size_t i = 0; i < bytes / 8; i += 8) {
    __builtin_prefetch(data + 8 * i + 2048);
    for (int lane = 0; lane < 8; ++lane)
      sums[lane] ^= words[i + lane];
  }
  for (uint64_t sum : sums)
    __asm__ volatile("" ::"r"(sum));
}

ReadLoop readLoop() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return readAvx512;
  if (__builtin_cpu_supports("avx2"))
    return readAvx2;
#endif
  return readGeneric;
}

ArithmeticLoop int8Loop() {
#if defined(__x86_64__)
  // A lane of 32 bits takes four products and four sums.
  if (__builtin_cpu_supports("avx512vnni"))
    return {int8Vnni, accumulators * 128};
  if (__builtin_cpu_supports("avx2"))
    return {int8Avx2, (accumulators - 4) * 64};
#endif
  return {};
}

ArithmeticLoop bf16Loop() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512bf16"))
    return {bf16Avx512, accumulators * 64};
#endif
  return {};
}

ArithmeticLoop f32Loop() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return {f32Avx512, accumulators * 32};
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return {f32Avx2, (accumulators - 4) * 16};
#endif
  return {f32Generic, accumulators * 8};
}

} // namespace tombolo
