#include "runtime/core/Artifact.h"
#include "codegen/artifact/Format.h"
#include "runtime/core/CpuFeatures.h"
#include "runtime/core/Model.h"
#include "test/unit/runtime/core/TestFile.h"
#include "test/unit/runtime/tiny/TinyModel.h"
#include <cstring>
#include <fcntl.h>
#include <functional>
#include <gmock/gmock.h>

using namespace tombolo;
using namespace tombolo::artifact;
using namespace tombolo::tiny;
using testing::HasSubstr;

namespace {
class ArtifactTest : public testing::Test {
protected:
  /// The tiny model's artifact, which is then at `path`.
  std::vector<std::byte> good() {
    // The writer waits for the disk; once is enough.
    static const std::vector<std::byte> bytes = [&] {
      Status written = makeTinyModel().write(path);
      EXPECT_TRUE(written) << written.error().str();
      return readFile(path);
    }();
    writeFile(path, bytes);
    return bytes;
  }
  /// The message with which a file of these bytes is refused, "" if it is not.
  std::string refusal(const std::vector<std::byte> &bytes,
                      CheckWeights check = CheckWeights::Always) {
    writeFile(path, bytes);
    ArtifactOptions options;
    options.checkWeights = check;
    auto artifact = Artifact::open(path, options);
    return artifact ? "" : artifact.error().message;
  }
  /// Writes `good` with its index changed and every hash right again: what a
  /// careful attacker or a broken writer would make.
  std::string refusalOfIndex(const std::function<void(IndexT &)> &change) {
    std::vector<std::byte> bytes = good();
    Header header =
        *decodeHeader(std::span(bytes).first(kPageBytes), bytes.size(), path);
    IndexT index;
    GetIndex(bytes.data() + header.indexOffset)->UnPackTo(&index);
    change(index);
    flatbuffers::FlatBufferBuilder builder;
    FinishIndexBuffer(builder, CreateIndex(builder, &index));
    auto *packed =
        reinterpret_cast<const std::byte *>(builder.GetBufferPointer());
    return refusal(withIndex(bytes, header.indexOffset,
                             {packed, packed + builder.GetSize()}));
  }
  static std::vector<std::byte> withIndex(std::vector<std::byte> bytes,
                                          uint64_t offset,
                                          const std::vector<std::byte> &index) {
    bytes.resize(offset);
    bytes.insert(bytes.end(), index.begin(), index.end());
    Header header;
    header.indexOffset = offset;
    header.indexBytes = index.size();
    header.indexHash = hashBytes(index);
    header.fileBytes = bytes.size();
    std::vector<std::byte> page = encodeHeader(header);
    std::copy(page.begin(), page.end(), bytes.begin());
    return bytes;
  }

  TestFolder folder;
  std::string path = folder / "tiny.tbo";
};
} // namespace

static PlanT &planOf(IndexT &index) { return *index.targets[0]->plan; }
static DispatchT &dispatchOf(IndexT &index, int i) {
  return *planOf(index).prefill->dispatches[i];
}

TEST_F(ArtifactTest, OpensWhatWasWritten) {
  good();
  auto artifact = Artifact::open(path);
  ASSERT_TRUE(artifact) << artifact.error().str();
  TinyModel model = makeTinyModel();
  EXPECT_TRUE(
      std::ranges::equal((*artifact)->segmentNamed("code"), model.code));
  for (int i : {0, 1})
    EXPECT_TRUE(std::ranges::equal((*artifact)->tensor(i), model.weights[i]));
  EXPECT_EQ((*artifact)->segmentNamed("module").size(), 0u);
  EXPECT_TRUE(verifyIntegrity(path));
}

TEST_F(ArtifactTest, EveryTruncationIsRefused) {
  std::vector<std::byte> bytes = good();
  std::vector<size_t> lengths = {
      0,  1,  7,    8,    11,   12,   16,   40,   55,
      56, 57, 4095, 4096, 4097, 8191, 8192, 8193, bytes.size() - 1};
  for (size_t length = 0; length < bytes.size(); length += 997)
    lengths.push_back(length);
  for (size_t length : lengths)
    EXPECT_NE(refusal({bytes.begin(), bytes.begin() + length}), "") << length;
  bytes.push_back(std::byte(0));
  EXPECT_THAT(refusal(bytes), HasSubstr("expects a file of"));
}

TEST_F(ArtifactTest, EveryFlippedByteIsFound) {
  std::vector<std::byte> bytes = good();
  uint64_t index =
      decodeHeader(std::span(bytes).first(kPageBytes), bytes.size(), path)
          ->indexOffset;
  int fd = open(path.c_str(), O_RDWR);
  ASSERT_GE(fd, 0);
  // Every seventh byte; of the header and around the index all.
  for (size_t i = 0; i != bytes.size(); ++i) {
    if (i % 7 != 0 && i > 64 && (i < index - 8 || i > index + 64))
      continue;
    std::byte flipped = bytes[i] ^ std::byte(1 << (i % 8));
    ASSERT_EQ(pwrite(fd, &flipped, 1, i), 1);
    EXPECT_FALSE(verifyIntegrity(path)) << "byte " << i;
    ASSERT_EQ(pwrite(fd, &bytes[i], 1, i), 1);
  }
  close(fd);
  EXPECT_TRUE(verifyIntegrity(path));
}

TEST_F(ArtifactTest, WeightsAreCheckedAsAsked) {
  std::vector<std::byte> bytes = good();
  auto artifact = *Artifact::open(path);
  uint64_t weights = artifact->index().tensors()->Get(0)->offset();
  uint64_t code = artifact->index().segments()->Get(0)->offset();
  artifact.reset();
  bytes[weights] ^= std::byte(1);
  EXPECT_THAT(refusal(bytes, CheckWeights::Always),
              HasSubstr("segment 'weights': bytes"));
  EXPECT_THAT(refusal(bytes, CheckWeights::Auto),
              HasSubstr("do not have the hash that the index names"));
  EXPECT_EQ(refusal(bytes, CheckWeights::Never), "");
  ArtifactOptions options;
  options.autoBytes = 1000;
  EXPECT_TRUE(Artifact::open(path, options));
  // Code always.
  bytes[code] ^= std::byte(1);
  EXPECT_THAT(refusal(bytes, CheckWeights::Never),
              HasSubstr("segment 'code': bytes 4096 to"));
}

TEST_F(ArtifactTest, PaddingMustBeZero) {
  std::vector<std::byte> bytes = good();
  auto artifact = *Artifact::open(path);
  const Segment &weights = *artifact->index().segments()->Get(1);
  uint64_t end = weights.offset() + weights.bytes();
  ASSERT_NE(end % kPageBytes, 0u);
  artifact.reset();
  // No hash covers it.
  bytes[end] = std::byte(1);
  EXPECT_EQ(refusal(bytes),
            "expects zeros between segment 'weights' and the next page; the "
            "file was altered or damaged");
}

TEST_F(ArtifactTest, ForeignFilesAreRefused) {
  std::string magic = "does not start with 'TOMBOLO'";
  EXPECT_THAT(refusal({}), HasSubstr(magic));
  EXPECT_THAT(refusal(std::vector<std::byte>(10000)), HasSubstr(magic));
  writeFile(path, std::string("GGUF\3\0\0\0", 8));
  EXPECT_THAT(Artifact::open(path).error().message, HasSubstr(magic));
  EXPECT_FALSE(Artifact::open(folder / "missing.tbo"));
  EXPECT_FALSE(Artifact::open(folder.path.string()));
}

TEST_F(ArtifactTest, VersionsDecide) {
  auto withVersion = [&](uint32_t version) {
    std::vector<std::byte> bytes = good();
    Header header =
        *decodeHeader(std::span(bytes).first(kPageBytes), bytes.size(), path);
    header.version = version;
    std::vector<std::byte> page = encodeHeader(header);
    std::copy(page.begin(), page.end(), bytes.begin());
    return refusal(bytes);
  };
  EXPECT_EQ(withVersion(kSchemaVersion + 1),
            "was written with format version 4, but this runtime reads "
            "versions up to 3; use a newer runtime");
  EXPECT_EQ(withVersion(0), "names format version 0, but versions start at 1");
  for (uint32_t version = 1; version <= kSchemaVersion; ++version)
    EXPECT_EQ(withVersion(version), "");
}

TEST_F(ArtifactTest, HeaderMustAgreeWithTheFile) {
  std::vector<std::byte> bytes = good();
  Header header =
      *decodeHeader(std::span(bytes).first(kPageBytes), bytes.size(), path);
  auto refusalOf = [&](const std::function<void(Header &)> &change) {
    Header changed = header;
    change(changed);
    std::vector<std::byte> copy = bytes, page = encodeHeader(changed);
    std::copy(page.begin(), page.end(), copy.begin());
    return refusal(copy);
  };
  EXPECT_THAT(refusalOf([](Header &h) { h.indexOffset = UINT64_MAX; }),
              HasSubstr("expects the index at the end of the file"));
  EXPECT_THAT(refusalOf([](Header &h) { h.indexOffset = 0; }),
              HasSubstr("expects the index at the end of the file"));
  EXPECT_THAT(refusalOf([](Header &h) { --h.indexBytes; }),
              HasSubstr("expects the index at the end of the file"));
  EXPECT_THAT(refusalOf([](Header &h) { ++h.indexHash; }),
              HasSubstr("the index does not have the hash"));
  EXPECT_THAT(refusalOf([](Header &h) { ++h.fileBytes; }),
              HasSubstr("expects a file of"));
  std::vector<std::byte> copy = bytes;
  copy[12] = std::byte(1);
  EXPECT_THAT(refusal(copy), HasSubstr("the header does not have the hash"));
}

TEST_F(ArtifactTest, IndexMustBeAFlatBuffer) {
  std::vector<std::byte> bytes = good();
  uint64_t offset =
      decodeHeader(std::span(bytes).first(kPageBytes), bytes.size(), path)
          ->indexOffset;
  std::string foreign = "the index is not a FlatBuffers table of kind 'TBO1'";
  std::vector<std::byte> index(bytes.begin() + offset, bytes.end());
  EXPECT_THAT(refusal(withIndex(bytes, offset, {})), HasSubstr("16 to"));
  EXPECT_EQ(refusal(withIndex(bytes, offset, std::vector<std::byte>(64))),
            foreign);
  // Hashes are right, so only the verifier and the checks stand between these
  // bytes and the runtime.
  int refused = 0;
  for (size_t i = 0; i < index.size(); i += 3) {
    std::vector<std::byte> changed = index;
    changed[i] ^= std::byte(0xff);
    refused += !refusal(withIndex(bytes, offset, changed)).empty();
  }
  EXPECT_GT(refused, 100);
}

TEST_F(ArtifactTest, ElementsMustBeAligned) {
  // A vector of 8-byte structs that starts 4 bytes off its alignment, which
  // the FlatBuffers verifier lets pass.
  std::vector<std::byte> bytes = good();
  uint64_t offset =
      decodeHeader(std::span(bytes).first(kPageBytes), bytes.size(), path)
          ->indexOffset;
  std::vector<std::byte> index(bytes.begin() + offset, bytes.end());
  const Dispatch *dispatch = GetIndex(index.data())
                                 ->targets()
                                 ->Get(0)
                                 ->plan()
                                 ->prefill()
                                 ->dispatches()
                                 ->Get(0);
  // The field that points to the vector, moved by 4: its length is then the
  // zero or number that stands there.
  auto *table = reinterpret_cast<const uint8_t *>(dispatch);
  auto *sizes = reinterpret_cast<const uint8_t *>(dispatch->sizes());
  for (size_t field = 4; field != 64; field += 4) {
    uint32_t value;
    std::memcpy(&value, table + field, 4);
    if (table + field + value != sizes)
      continue;
    value -= 4;
    std::memcpy(index.data() +
                    (table + field - reinterpret_cast<uint8_t *>(index.data())),
                &value, 4);
    uint32_t length = 1;
    std::memcpy(index.data() +
                    (sizes - 4 - reinterpret_cast<uint8_t *>(index.data())),
                &length, 4);
    EXPECT_THAT(refusal(withIndex(bytes, offset, index)),
                HasSubstr("expects 'sizes' at a multiple of 8 bytes"));
    return;
  }
  FAIL() << "no field points to the sizes";
}

TEST_F(ArtifactTest, IndexNumbersAreChecked) {
  struct Case {
    std::function<void(IndexT &)> change;
    std::string message;
  } cases[] = {
      {[](IndexT &i) { i.model.reset(); }, "index: expects a 'model'"},
      {[](IndexT &i) { i.model->vocab_size = 0; },
       "index: expects 'vocab_size' between 1 and 2147483647, but got 0"},
      {[](IndexT &i) { i.model->context = int64_t(1) << 32; },
       "index: expects 'context' between 1 and 2147483647, but got 4294967296"},
      {[](IndexT &i) {
         i.text = std::make_unique<TextT>();
         i.text->end_tokens = {272};
       },
       "index: expects 'end_tokens' between 0 and 271, but got 272"},
      {[](IndexT &i) { i.segments[0]->offset += 4096; },
       "index: segment 'code': expects offset 4096, but got 8192"},
      {[](IndexT &i) { i.segments[1]->name = "code"; },
       "index: segment 'code': stands twice"},
      {[](IndexT &i) {
         i.segments[1]->bytes -= 1;
         i.segments[1]->chunk_bytes = 4096;
       },
       "index: segment 'weights': expects 10 chunk hashes, but got 1"},
      {[](IndexT &i) { i.segments[1]->bytes = -1; },
       "index: segment 'weights': expects 'bytes' between 0 and"},
      // Enough of them that the sum of their sizes is 0 again.
      {[](IndexT &i) {
         std::vector<std::unique_ptr<SegmentT>> real = std::move(i.segments);
         i.segments.clear();
         for (uint64_t n = 0; n != 1 << 16; ++n) {
           auto segment = std::make_unique<SegmentT>();
           segment->name = "s" + std::to_string(n);
           segment->offset = kPageBytes + (n << 48);
           segment->bytes = int64_t(1) << 48;
           i.segments.push_back(std::move(segment));
         }
         for (auto &segment : real)
           i.segments.push_back(std::move(segment));
         for (auto &executable : i.targets[0]->executables)
           executable->code_segment = 1 << 16;
       },
       "index: segment 's0': expects 'bytes' between 0 and"},
      {[](IndexT &i) { i.segments[1]->bytes += kPageBytes; },
       "index: segment 'weights': expects 'bytes' between 0 and"},
      {[](IndexT &i) { i.segments[1]->chunk_bytes = 1; },
       "index: segment 'weights': expects 'chunk_bytes' between 4096 and"},
      {[](IndexT &i) { i.segments.pop_back(); },
       "index: expects segments up to the index at offset"},
      {[](IndexT &i) { i.segments[1]->name = "other"; },
       "index: has tensors but no segment 'weights'"},
      {[](IndexT &i) { i.tensors[1]->offset = i.tensors[0]->offset; },
       "index: tensor 'head': expects 'offset' between"},
      {[](IndexT &i) { i.tensors[0]->offset += 64; },
       "index: tensor 'embedding': expects an offset that is a multiple of "
       "4096"},
      {[](IndexT &i) { i.tensors[1]->bytes = int64_t(1) << 40; },
       "index: tensor 'head': expects 'bytes' between"},
      {[](IndexT &i) { i.state_groups[0]->page_rows = 64; },
       "index: state group 0: expects 'page_rows' between 128 and 128"},
      {[](IndexT &i) { i.state_groups[1]->window = 0; },
       "index: state group 1: expects a 'window' of at least 1"},
      {[](IndexT &i) { i.state_groups[1]->slot_bytes = 0; },
       "index: state group 1: expects 'slot_bytes' between 1 and"},
      {[](IndexT &i) { i.rope_tables[0]->long_freqs.pop_back(); },
       "index: rope table 0: expects as many 'long_freqs' as 'freqs' (8), but "
       "got 7"},
      {[](IndexT &i) { i.rope_tables[0]->freqs[0] = 1.0 / 0.0; },
       "index: rope table 0: expects finite numbers"},
      {[](IndexT &i) { i.targets[0]->executables.clear(); },
       "index: target 'cpu': expects 'executables' between 1 and"},
      {[](IndexT &i) { i.targets[0]->executables[0]->code_segment = 2; },
       "index: target 'cpu': executable 'of-the-future': expects "
       "'code_segment' between 0 and 1, but got 2"},
      {[](IndexT &i) { i.targets[0]->executables[0]->code_segment = 1; },
       "index: target 'cpu': executable 'of-the-future': expects a code "
       "segment of 1 to 2^31 bytes with one hash, but segment 'weights' is "
       "none"},
      {[](IndexT &i) { i.targets[0]->executables[1]->kernels.pop_back(); },
       "index: target 'cpu': executable 'baseline': expects the kernels of the "
       "other levels (4), but has 3"},
      {[](IndexT &i) {
         i.targets[0]->executables[1]->kernels[2]->entry = 1 << 20;
       },
       "index: target 'cpu': executable 'baseline': kernel 'tiny_mix': expects "
       "'entry' between 0 and"},
      {[](IndexT &i) {
         i.targets[0]->executables[1]->kernels[2]->scratch_bytes = -8;
       },
       "kernel 'tiny_mix': expects 'scratch_bytes' between 0 and"},
      {[](IndexT &i) { i.targets[0]->plan.reset(); }, "expects a 'plan'"},
      {[](IndexT &i) { planOf(i).prefill.reset(); },
       "expects a program 'prefill'"},
      {[](IndexT &i) {
         planOf(i).logits.reset();
         planOf(i).logits_one.reset();
       },
       "expects a program 'logits' or 'logits_one'"},
      {[](IndexT &i) { planOf(i).prefill->max_tokens = 0; },
       "program 'prefill': expects 'max_tokens' between 1 and 65536"},
      {[](IndexT &i) { planOf(i).decode->max_tokens = 2; },
       "program 'decode': expects 'max_tokens' 1, but got 2"},
      {[](IndexT &i) { planOf(i).logits_one->max_tokens = 4; },
       "program 'logits_one': expects 'max_tokens' 1, but got 4"},
      {[](IndexT &i) { dispatchOf(i, 0).kernel = 4; },
       "program 'prefill': dispatch 0: expects 'kernel' between 0 and 3, but "
       "got 4"},
      {[](IndexT &i) { dispatchOf(i, 0).grid.reset(); },
       "program 'prefill': dispatch 0: expects a 'grid'"},
      {[](IndexT &i) {
         dispatchOf(i, 0).grid = std::make_unique<Size>(Symbol_Tokens, 1, 0, 0);
       },
       "dispatch 0: grid: expects 'div' between 1 and"},
      {[](IndexT &i) {
         dispatchOf(i, 0).grid =
             std::make_unique<Size>(Symbol_Tokens, -1, 4, 1);
       },
       "dispatch 0: grid: expects a grid of at least 0 programs"},
      {[](IndexT &i) { dispatchOf(i, 1).sizes[2] = Size(Symbol(9), 1, 0, 1); },
       "dispatch 1: size 2: expects 'symbol' between 0 and 3, but got 9"},
      {[](IndexT &i) {
         dispatchOf(i, 1).sizes[2] = Size(Symbol_History, INT64_MAX, 0, 1);
       },
       "dispatch 1: size 2: expects sizes up to"},
      {[](IndexT &i) { dispatchOf(i, 1).args[0] = Arg(ArgKind(9), 0, 0); },
       "dispatch 1: arg 0: expects 'kind' between 0 and 8, but got 9"},
      {[](IndexT &i) { i.fixed_state_bytes = -64; },
       "index: expects 'fixed_state_bytes' between 0 and 1099511627776, but "
       "got -64"},
      {[](IndexT &i) {
         i.fixed_state_bytes = 128;
         dispatchOf(i, 1).args[0] = Arg(ArgKind_FixedState, 0, 128);
       },
       "dispatch 1: arg 0: expects 'offset' between 0 and 127, but got 128"},
      {[](IndexT &i) {
         i.fixed_state_bytes = 128;
         dispatchOf(i, 1).args[0] = Arg(ArgKind_FixedState, 1, 0);
       },
       "dispatch 1: arg 0: expects 'index' between 0 and 0, but got 1"},
      // Without such memory there is no place in it.
      {[](IndexT &i) {
         dispatchOf(i, 1).args[0] = Arg(ArgKind_FixedState, 0, 0);
       },
       "dispatch 1: arg 0: expects 'offset' between 0 and -1, but got 0"},
      {[](IndexT &i) { dispatchOf(i, 0).args[1] = Arg(ArgKind_Weight, 2, 0); },
       "dispatch 0: arg 1: expects 'index' between 0 and 1, but got 2"},
      {[](IndexT &i) {
         dispatchOf(i, 0).args[1] = Arg(ArgKind_Weight, 0, 1 << 20);
       },
       "dispatch 0: arg 1: expects 'offset' between 0 and 17407"},
      {[](IndexT &i) {
         dispatchOf(i, 0).args[2] = Arg(ArgKind_Arena, 0, 1 << 20);
       },
       "dispatch 0: arg 2: expects 'offset' between 0 and"},
      {[](IndexT &i) {
         dispatchOf(i, 0).args[2] = Arg(ArgKind_Thread, 0, 128);
       },
       "dispatch 0: arg 2: expects 'offset' between 0 and 127, but got 128"},
      {[](IndexT &i) { planOf(i).thread_bytes = -1; },
       "expects 'thread_bytes' between 0 and 4294967296, but got -1"},
      {[](IndexT &i) {
         dispatchOf(i, 1).args[1] = Arg(ArgKind_StatePool, -1, 0);
       },
       "dispatch 1: arg 1: expects 'index' between 0 and 1, but got -1"},
      {[](IndexT &i) {
         dispatchOf(i, 2).args[3] = Arg(ArgKind_RopeTable, 1, 0);
       },
       "dispatch 2: arg 3: expects 'index' between 0 and 0, but got 1"},
      {[](IndexT &i) {
         dispatchOf(i, 2).args[2] = Arg(ArgKind_PageTable, 2, 0);
       },
       "dispatch 2: arg 2: expects 'index' between 0 and 1, but got 2"},
      {[](IndexT &i) { planOf(i).prefill->taps[1]->dispatch = 7; },
       "program 'prefill': tap 1: expects 'dispatch' between -1 and 6"},
      {[](IndexT &i) { planOf(i).prefill->taps[1]->offset = 1 << 20; },
       "program 'prefill': tap 1: expects 'offset' between 0 and"},
      {[](IndexT &i) { planOf(i).prefill->taps[1]->row_stride = 1 << 20; },
       "program 'prefill': tap 1: expects rows inside the arena"},
      {[](IndexT &i) { planOf(i).hidden.reset(); },
       "buffer 'hidden': is missing"},
      {[](IndexT &i) { planOf(i).hidden->rows = 31; },
       "buffer 'hidden': expects 'rows' between 32 and"},
      {[](IndexT &i) { ++planOf(i).hidden->columns; },
       "buffer 'hidden': expects 16 columns, but got 17"},
      {[](IndexT &i) { planOf(i).hidden->columns *= 2; },
       "program 'prefill': tap 0: expects 'row_stride' between 32 and"},
      {[](IndexT &i) { ++planOf(i).logits_in->columns; },
       "buffer 'logits_in': expects 16 columns, but got 17"},
      {[](IndexT &i) { planOf(i).logits_out->columns = 271; },
       "buffer 'logits_out': expects 272 columns, but got 271"},
      {[](IndexT &i) { planOf(i).logits_in->offset += 2; },
       "buffer 'logits_in': expects an 'offset' that is a multiple of 4"},
      {[](IndexT &i) { planOf(i).arena_bytes = 100; },
       "expects 'offset' between 0 and 99"},
  };
  for (const Case &test : cases)
    EXPECT_THAT(refusalOfIndex(test.change), HasSubstr(test.message));
}

TEST_F(ArtifactTest, PicksTheBestExecutableForTheMachine) {
  good();
  auto artifact = *Artifact::open(path);
  auto level = [&](const std::string &target, const std::string &arch,
                   const std::set<std::string> &features) {
    auto chosen = selectExecutable(*artifact, target, arch, features);
    return chosen ? chosen->executable->level()->str() : chosen.error().message;
  };
  std::string here = hostArchitecture();
  EXPECT_EQ(level("auto", here, {"avx1024", "avx2"}), "of-the-future");
  EXPECT_EQ(level("cpu", here, {"avx2"}), "baseline");
  EXPECT_EQ(level("cpu:baseline", here, {"avx1024", "avx2"}), "baseline");
  EXPECT_THAT(level("cpu:of-the-future", here, {"avx2"}),
              HasSubstr("runs on this machine: 'of-the-future' needs avx1024"));
  EXPECT_EQ(level("cpu:x86-64-v3", here, {"avx2"}),
            "expects code for level 'x86-64-v3' of target 'cpu', but holds "
            "only 'of-the-future', 'baseline'");
  EXPECT_THAT(level("auto", "riscv64", {}),
              HasSubstr("none of the executables of target 'cpu' runs on this "
                        "machine: 'of-the-future' is for " +
                        here +
                        ", but this machine is riscv64; 'baseline' is for " +
                        here));
  EXPECT_EQ(level("cuda", here, {}),
            "expects code for target 'cuda', but holds only 'cpu'");
}

TEST_F(ArtifactTest, NamesMissingFeatures) {
  TinyModel model = makeTinyModel();
  model.index.targets[0]->executables.pop_back();
  model.index.targets[0]->executables[0]->features = {"avx1024", "time-travel"};
  ASSERT_TRUE(model.write(path));
  auto opened = tombolo::Model::open(path);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message,
            "none of the executables of target 'cpu' runs on this machine: "
            "'of-the-future' needs avx1024, time-travel");
}

TEST(CpuFeaturesTest, AgreesWithTheCompiler) {
#if defined(__x86_64__)
  for (auto [name, present] :
       {std::pair<const char *, bool>{"avx2", __builtin_cpu_supports("avx2")},
        {"fma", __builtin_cpu_supports("fma")},
        {"sse4.2", __builtin_cpu_supports("sse4.2")},
        {"popcnt", __builtin_cpu_supports("popcnt")},
        {"bmi2", __builtin_cpu_supports("bmi2")},
        {"avx512f", __builtin_cpu_supports("avx512f")},
        {"avx512vl", __builtin_cpu_supports("avx512vl")},
        {"avx512bw", __builtin_cpu_supports("avx512bw")},
        {"avx512dq", __builtin_cpu_supports("avx512dq")},
        {"avx512vnni", __builtin_cpu_supports("avx512vnni")},
        {"avx512bf16", __builtin_cpu_supports("avx512bf16")}})
    EXPECT_EQ(hostFeatures().count(name) != 0, present) << name;
  EXPECT_TRUE(hostFeatures().count("sse2"));
#endif
}
