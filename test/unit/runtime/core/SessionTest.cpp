#include "runtime/core/Session.h"
#include "test/unit/runtime/core/TestFile.h"
#include "test/unit/runtime/tiny/TinyModel.h"
#include <cmath>
#include <gmock/gmock.h>
#include <thread>

using namespace tombolo;
using namespace tombolo::tiny;
using testing::HasSubstr;

namespace {
class SessionTest : public testing::Test {
protected:
  void SetUp() override { ASSERT_TRUE(tinyModel.write(folder / "tiny.tbo")); }

  std::shared_ptr<const Model> open(int threads = 2) {
    ModelOptions options;
    options.threads = threads;
    auto model = Model::open(folder / "tiny.tbo", options);
    EXPECT_TRUE(model) << model.error().str();
    return *model;
  }
  std::unique_ptr<Session> start(const SessionOptions &options = {},
                                 int threads = 2) {
    auto session = Session::create(open(threads), options);
    EXPECT_TRUE(session) << session.error().str();
    return std::move(*session);
  }

  /// `count` tokens without an obvious pattern.
  static std::vector<int32_t> tokens(size_t count, uint32_t seed = 7) {
    std::vector<int32_t> result(count);
    for (int32_t &token : result) {
      seed = seed * 1664525 + 1013904223;
      token = (seed >> 8) % kVocab;
    }
    return result;
  }

  static double difference(std::span<const float> a, std::span<const float> b) {
    EXPECT_EQ(a.size(), b.size());
    double error = 0, norm = 0;
    for (size_t i = 0; i != a.size(); ++i) {
      error += (double(a[i]) - b[i]) * (double(a[i]) - b[i]);
      norm += double(b[i]) * b[i];
    }
    return std::sqrt(error / norm);
  }

  /// Logits behind the last of `ids` by the reference.
  std::vector<float> expected(std::span<const int32_t> ids,
                              int64_t length = 0) const {
    std::vector<float> all =
        TinyReference(tinyModel).logits(ids, length == 0 ? ids.size() : length);
    return {all.end() - kVocab, all.end()};
  }

  TestFolder folder;
  TinyModel tinyModel = makeTinyModel();
};
} // namespace

TEST_F(SessionTest, PrefillEqualsReferenceAtAnyLength) {
  for (size_t count : {1, 2, 31, 32, 33, 65, 128, 129, 300, 499}) {
    auto session = start();
    std::vector<int32_t> ids = tokens(count);
    ASSERT_TRUE(session->feed(ids));
    auto logits = session->logits();
    ASSERT_TRUE(logits);
    EXPECT_LT(difference(*logits, expected(ids)), 1e-5) << count;
  }
}

TEST_F(SessionTest, DecodeEqualsPrefill) {
  std::vector<int32_t> ids = tokens(450);
  SessionOptions options;
  options.ropeLength = ids.size();
  auto session = start(options);
  for (size_t i = 0; i != ids.size(); ++i) {
    ASSERT_TRUE(session->feed({&ids[i], 1}));
    if (i % 64 == 63) {
      std::span<const int32_t> sofar(ids.data(), i + 1);
      EXPECT_LT(difference(*session->logits(), expected(sofar)), 1e-5) << i;
    }
  }
}

TEST_F(SessionTest, ResultsDoNotDependOnThreads) {
  std::vector<int32_t> ids = tokens(300);
  auto one = start({}, 1);
  ASSERT_TRUE(one->feed(ids));
  auto logits = *one->logits();
  std::vector<float> first(logits.begin(), logits.end());
  for (int threads : {2, 3, 5, 16}) {
    auto session = start({}, threads);
    ASSERT_TRUE(session->feed(ids));
    auto row = *session->logits();
    EXPECT_TRUE(std::equal(first.begin(), first.end(), row.begin())) << threads;
  }
}

TEST_F(SessionTest, ForeignExecutorGivesTheSame) {
  std::vector<int32_t> ids = tokens(100);
  auto own = start();
  ASSERT_TRUE(own->feed(ids));
  ModelOptions options;
  int calls = 0;
  // Backwards and on one thread: nothing may wait for another task.
  options.executor = createForeignExecutor(
      3, [&](int threads, const std::function<void(int)> &task) {
        ++calls;
        for (int thread = threads; thread-- != 0;)
          task(thread);
      });
  auto created = Session::create(*Model::open(folder / "tiny.tbo", options));
  Session *session = created->get();
  ASSERT_TRUE(session->feed(ids));
  auto a = *own->logits(), b = *session->logits();
  EXPECT_TRUE(std::equal(a.begin(), a.end(), b.begin()));
  EXPECT_GT(calls, 0);
}

TEST_F(SessionTest, LogitsOfAnyRows) {
  std::vector<int32_t> ids = tokens(100);
  std::vector<float> all = TinyReference(tinyModel).logits(ids, ids.size());
  for (size_t first : {0, 1, 50, 99, 100}) {
    auto session = start();
    size_t next = first;
    ASSERT_TRUE(session->feed(
        ids, first, [&](size_t token, std::span<const float> logits) {
          EXPECT_EQ(token, next++);
          EXPECT_LT(difference(logits, {all.data() + token * kVocab, kVocab}),
                    1e-5);
          return success();
        }));
    EXPECT_EQ(next, ids.size());
  }
}

TEST_F(SessionTest, RopeTableFollowsThePromptOrTheOption) {
  std::vector<int32_t> ids = tokens(600);
  auto byPrompt = start();
  ASSERT_TRUE(byPrompt->feed(ids));
  EXPECT_LT(difference(*byPrompt->logits(), expected(ids, 600)), 1e-5);

  // Chosen once: growing beyond the limit changes nothing.
  auto grown = start();
  ASSERT_TRUE(grown->feed(std::span(ids).first(100)));
  ASSERT_TRUE(grown->feed(std::span(ids).subspan(100)));
  EXPECT_LT(difference(*grown->logits(), expected(ids, 100)), 1e-5);

  SessionOptions options;
  options.ropeLength = 1000;
  auto byOption = start(options);
  std::span<const int32_t> few = std::span(ids).first(50);
  ASSERT_TRUE(byOption->feed(few));
  EXPECT_LT(difference(*byOption->logits(), expected(few, 1000)), 1e-5);
}

TEST_F(SessionTest, WindowGivesPagesBack) {
  auto session = start();
  std::vector<int32_t> ids = tokens(kContext);
  ASSERT_TRUE(session->feed(ids));
  // 8 pages of all rows; of the window those from row 992 - 199 - 128 on.
  EXPECT_EQ(session->usedPages(), 8 + 3);
  EXPECT_LT(difference(*session->logits(), expected(ids)), 1e-5);
}

TEST_F(SessionTest, ResumeFeedsOnlyWhatDiffers) {
  auto session = start();
  std::vector<int32_t> ids = tokens(150);
  EXPECT_EQ(*session->resume(ids), 150u);
  std::vector<int32_t> more = ids;
  more.insert(more.end(), {1, 2, 3});
  EXPECT_EQ(*session->resume(more), 3u);
  EXPECT_LT(difference(*session->logits(), expected(more)), 1e-5);
  // The same once more: the last token is fed again, for its logits.
  EXPECT_EQ(*session->resume(more), 1u);
  std::vector<int32_t> other(more.begin(), more.begin() + 120);
  other.push_back(5);
  EXPECT_EQ(*session->resume(other), 1u);
  EXPECT_EQ(session->tokens(), other);
  EXPECT_LT(difference(*session->logits(), expected(other)), 1e-5);
}

TEST_F(SessionTest, RefusedPromptsCostNoStates) {
  SessionOptions options;
  options.context = 200;
  auto session = start(options);
  std::vector<int32_t> ids = tokens(150), bad = ids, shorter = ids;
  ASSERT_TRUE(session->feed(ids));
  bad[100] = -1;
  EXPECT_EQ(session->resume(bad).error().message,
            "token 100: expects an id below 272, but got -1");
  shorter[100] ^= 1;
  shorter.resize(201);
  EXPECT_EQ(session->resume(shorter).error().message,
            "expects a sequence of at most 200 tokens (its context), but it "
            "has 0 and gets 201 more");
  EXPECT_EQ(session->tokens(), ids);
  EXPECT_LT(difference(*session->logits(), expected(ids)), 1e-5);
  ids.push_back(3);
  EXPECT_EQ(*session->resume(ids), 1u);
}

TEST_F(SessionTest, TruncateBehindAWindow) {
  auto session = start();
  std::vector<int32_t> ids = tokens(490);
  ASSERT_TRUE(session->feed(ids));
  ASSERT_TRUE(session->truncate(400));
  ASSERT_TRUE(session->feed(std::span(ids).subspan(400)));
  EXPECT_LT(difference(*session->logits(), expected(ids)), 1e-5);
  Status refused = session->truncate(150);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message,
            "the states of a sliding window can't go back to token 150 from "
            "token 490");
  // What can't be cut back is computed again.
  std::vector<int32_t> start(ids.begin(), ids.begin() + 150);
  EXPECT_EQ(*session->resume(start), 150u);
  EXPECT_LT(difference(*session->logits(), expected(start)), 1e-5);
}

TEST_F(SessionTest, ForkGoesItsOwnWay) {
  auto session = start();
  std::vector<int32_t> ids = tokens(300);
  ASSERT_TRUE(session->feed(ids));
  auto fork = session->fork();
  ASSERT_TRUE(fork) << fork.error().str();
  std::vector<int32_t> a = ids, b = ids;
  a.push_back(1);
  b.push_back(2);
  ASSERT_TRUE(session->feed({&a.back(), 1}));
  ASSERT_TRUE((*fork)->feed({&b.back(), 1}));
  EXPECT_LT(difference(*session->logits(), expected(a)), 1e-5);
  EXPECT_LT(difference(*(*fork)->logits(), expected(b)), 1e-5);
}

TEST_F(SessionTest, TapsSeeEveryLayer) {
  auto session = start();
  std::vector<int32_t> ids = tokens(30);
  auto hidden = TinyReference(tinyModel).hidden(ids, ids.size());
  std::vector<int> seen;
  session->setTap([&](const TapRows &tap) {
    seen.push_back(tap.hidden);
    for (size_t t = 0; t != ids.size(); ++t)
      EXPECT_LT(difference({tap.rows + t * tap.rowStride, kHidden},
                           {hidden[tap.hidden].data() + t * kHidden, kHidden}),
                1e-5);
  });
  ASSERT_TRUE(session->feed(ids));
  EXPECT_THAT(seen, testing::ElementsAre(0, 1, 2, 3));
}

TEST_F(SessionTest, TraceTimesEveryDispatch) {
  auto session = start();
  std::vector<DispatchTime> times;
  session->setTrace(&times);
  ASSERT_TRUE(session->feed(tokens(5)));
  ASSERT_EQ(times.size(), 7u);
  EXPECT_STREQ(times[2].op, "mix");
  EXPECT_STREQ(times[2].program, "prefill");
  EXPECT_EQ(times[2].tokens, 5);
  EXPECT_EQ(times[2].firstPosition, 0);
  ASSERT_TRUE(session->feed(tokens(2)));
  EXPECT_EQ(times.back().firstPosition, 5);
  for (const DispatchTime &time : times)
    EXPECT_LE(time.begin, time.end);
}

TEST_F(SessionTest, CountsTheTimeInKernels) {
  auto session = start();
  TimeSpent spent;
  session->setTimeSpent(&spent);
  ASSERT_TRUE(session->feed(tokens(5)));
  EXPECT_GT(spent.inPrograms, 0);
  EXPECT_GT(spent.inKernels(), 0);
  EXPECT_LE(spent.inKernels(), spent.inPrograms * double(spent.threads.size()));
  session->setTimeSpent(nullptr);
  double before = spent.inPrograms;
  ASSERT_TRUE(session->feed(tokens(1)));
  EXPECT_EQ(spent.inPrograms, before);
}

TEST_F(SessionTest, SkipsTokensForMeasuring) {
  SessionOptions options;
  options.context = 600;
  auto session = start(options);
  ASSERT_TRUE(session->skip(500));
  EXPECT_EQ(session->tokens().size(), 500u);
  EXPECT_FALSE(session->logits());
  // As many pages as tokens that are computed take.
  auto computed = start(options);
  ASSERT_TRUE(computed->feed(tokens(500)));
  EXPECT_EQ(session->usedPages(), computed->usedPages());
  ASSERT_TRUE(session->feed(tokens(40)));
  ASSERT_TRUE(session->feed(tokens(1)));
  for (float value : *session->logits())
    EXPECT_TRUE(std::isfinite(value));
  EXPECT_EQ(session->skip(60).error().message,
            "expects a sequence of at most 600 tokens (its context), but it "
            "has 541 and gets 60 more");
  EXPECT_EQ(session->tokens().size(), 541u);
  // Nothing of it stays behind.
  ASSERT_TRUE(session->truncate(0));
  std::vector<int32_t> ids = tokens(100);
  ASSERT_TRUE(session->feed(ids));
  EXPECT_LT(difference(*session->logits(), expected(ids)), 1e-5);
}

namespace {
/// The tiny model with a recurrence at its end.
class FixedStateTest : public SessionTest {
protected:
  void SetUp() override {
    addRecurrence(tinyModel);
    SessionTest::SetUp();
  }
};
} // namespace

TEST_F(FixedStateTest, DecodeEqualsPrefill) {
  std::vector<int32_t> ids = tokens(90);
  SessionOptions options;
  options.ropeLength = ids.size();
  auto whole = start(options), single = start(options);
  ASSERT_TRUE(whole->feed(ids));
  EXPECT_LT(difference(*whole->logits(), expected(ids)), 1e-5);
  for (int32_t id : ids)
    ASSERT_TRUE(single->feed({&id, 1}));
  EXPECT_LT(difference(*single->logits(), expected(ids)), 1e-5);
}

TEST_F(FixedStateTest, GoesBackToTheBeginningOnly) {
  auto session = start();
  std::vector<int32_t> ids = tokens(100);
  ASSERT_TRUE(session->feed(ids));
  EXPECT_TRUE(session->truncate(100));
  Status refused = session->truncate(99);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "the states of a recurrence can't go back "
                                     "to token 99 from token 100");
  EXPECT_EQ(session->tokens(), ids);
  EXPECT_LT(difference(*session->logits(), expected(ids)), 1e-5);
  // The next sequence starts from zeros.
  ASSERT_TRUE(session->truncate(0));
  std::vector<int32_t> other = tokens(40, 3);
  ASSERT_TRUE(session->feed(other));
  EXPECT_LT(difference(*session->logits(), expected(other)), 1e-5);
}

TEST_F(FixedStateTest, ResumeGoesOnFromTheLastPrompt) {
  auto session = start();
  std::vector<int32_t> prompt = tokens(100);
  EXPECT_EQ(*session->resume(prompt), 100u);
  EXPECT_LT(difference(*session->logits(), expected(prompt)), 1e-5);
  // The same once more: only its last token.
  EXPECT_EQ(*session->resume(prompt), 1u);
  EXPECT_LT(difference(*session->logits(), expected(prompt)), 1e-5);
  // What follows the sequence as it is.
  std::vector<int32_t> longer = prompt;
  ASSERT_TRUE(session->feed(std::vector<int32_t>{4, 5, 6}));
  longer.insert(longer.end(), {4, 5, 6, 7, 8});
  EXPECT_EQ(*session->resume(longer), 2u);
  EXPECT_LT(difference(*session->logits(), expected(longer)), 1e-5);
  // An answer that is taken out of the next prompt, to before its last token.
  ASSERT_TRUE(session->feed(tokens(20, 9)));
  std::vector<int32_t> other(longer.begin(), longer.end() - 1);
  other.insert(other.end(), {20, 21, 22});
  EXPECT_EQ(*session->resume(other), 3u);
  EXPECT_EQ(session->tokens(), other);
  EXPECT_LT(difference(*session->logits(), expected(other)), 1e-5);
  // One that differs before that is computed from its beginning.
  std::vector<int32_t> early(other.begin(), other.begin() + 50);
  early.push_back(3);
  EXPECT_EQ(*session->resume(early), 51u);
  EXPECT_LT(difference(*session->logits(), expected(early)), 1e-5);
  EXPECT_EQ(*session->resume(std::vector<int32_t>{9}), 1u);
  EXPECT_LT(difference(*session->logits(), expected(std::vector<int32_t>{9})),
            1e-5);
}

TEST_F(FixedStateTest, ResumeChoosesFrequenciesByTheWholePrompt) {
  // Whose last token is computed by itself.
  std::vector<int32_t> ids = tokens(kLongFrom + 1);
  auto session = start();
  EXPECT_EQ(*session->resume(ids), ids.size());
  EXPECT_LT(difference(*session->logits(), expected(ids)), 1e-5);
}

TEST_F(FixedStateTest, ForkGoesItsOwnWay) {
  auto session = start();
  std::vector<int32_t> ids = tokens(70);
  ASSERT_TRUE(session->resume(ids));
  auto fork = session->fork();
  ASSERT_TRUE(fork) << fork.error().str();
  std::vector<int32_t> a = ids, b = ids;
  a.push_back(1);
  b.push_back(2);
  ASSERT_TRUE(session->feed({&a.back(), 1}));
  ASSERT_TRUE((*fork)->feed({&b.back(), 1}));
  EXPECT_LT(difference(*session->logits(), expected(a)), 1e-5);
  EXPECT_LT(difference(*(*fork)->logits(), expected(b)), 1e-5);
  // The kept copy went along.
  EXPECT_EQ(*(*fork)->resume(ids), 1u);
  EXPECT_LT(difference(*(*fork)->logits(), expected(ids)), 1e-5);
}

TEST_F(FixedStateTest, SkipsTokensForMeasuring) {
  auto session = start();
  ASSERT_TRUE(session->skip(0));
  std::vector<int32_t> ids = tokens(10);
  ASSERT_TRUE(session->feed(ids));
  EXPECT_LT(difference(*session->logits(), expected(ids)), 1e-5);
  ASSERT_TRUE(session->skip(100));
  ASSERT_TRUE(session->feed(tokens(1)));
  for (float value : *session->logits())
    EXPECT_TRUE(std::isfinite(value));
  ASSERT_TRUE(session->truncate(0));
  ASSERT_TRUE(session->feed(ids));
  EXPECT_LT(difference(*session->logits(), expected(ids)), 1e-5);
}

TEST_F(FixedStateTest, MemoryCountsTheStatesAndTheirCopy) {
  auto model = open();
  SessionMemory with = Session::memoryFor(*model, 100);
  tinyModel.index.fixed_state_bytes += 1000;
  ASSERT_TRUE(tinyModel.write(folder / "tiny.tbo"));
  EXPECT_EQ(Session::memoryFor(*open(), 100).states, with.states + 2000);
}

TEST_F(SessionTest, RefusesTokensAndLengths) {
  SessionOptions options;
  options.context = 10;
  auto session = start(options);
  int32_t bad[] = {1, kVocab};
  EXPECT_EQ(session->feed(bad).error().message,
            "token 1: expects an id below 272, but got 272");
  EXPECT_EQ(session->feed(tokens(11)).error().message,
            "expects a sequence of at most 10 tokens (its context), but it "
            "has 0 and gets 11 more");
  EXPECT_TRUE(session->tokens().empty());
  EXPECT_EQ(session->logits().error().message,
            "expects a token before logits are asked for");
  options.context = kContext + 1;
  EXPECT_THAT(Session::create(open(), options).error().message,
              HasSubstr("expects a context of 1 to 1000 tokens"));
}

TEST_F(SessionTest, RefusesWhatDoesNotFitInMemory) {
  SessionOptions options;
  options.availableMemory = 100000;
  auto session = Session::create(open(), options);
  ASSERT_FALSE(session);
  EXPECT_THAT(session.error().message,
              testing::MatchesRegex(
                  "needs .* KiB of memory \\(.* KiB of weights, 160.0 KiB of "
                  "states for 1000 tokens, .* of activations\\), but 97.7 KiB "
                  "are available; a smaller context needs less"));
  options.context = 10;
  EXPECT_TRUE(Session::create(open(), options));
}

TEST_F(SessionTest, MemoryCountsEveryThreadsScratch) {
  for (auto &executable : tinyModel.index.targets[0]->executables)
    executable->kernels[2]->scratch_bytes = 10000;
  ASSERT_TRUE(tinyModel.write(folder / "tiny.tbo"));
  auto one = open(1), three = open(3);
  SessionMemory memory = Session::memoryFor(*three, 1000);
  EXPECT_EQ(memory.activations,
            Session::memoryFor(*one, 1000).activations + 2 * 12288);
  SessionOptions options;
  options.availableMemory = memory.total() - 1;
  EXPECT_FALSE(Session::create(three, options));
  EXPECT_TRUE(Session::create(one, options));
  options.availableMemory = memory.total();
  EXPECT_TRUE(Session::create(three, options));
}

TEST_F(SessionTest, InterruptStopsBetweenChunks) {
  auto session = start();
  std::atomic<bool> stop = false;
  session->setInterrupt(&stop);
  session->setTap([&](const TapRows &) { stop = true; });
  Status status = session->feed(tokens(100));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, Session::kInterrupted);
  EXPECT_EQ(session->tokens().size(), size_t(kChunk));
}

TEST_F(SessionTest, SessionsShareAModelAcrossThreads) {
  auto model = open(3);
  std::vector<int32_t> ids = tokens(200);
  std::vector<float> want = expected(ids);
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i != 4; ++i)
    threads.emplace_back([&] {
      auto created = Session::create(model);
      Session *session = created->get();
      for (int32_t id : ids)
        if (!session->feed({&id, 1}))
          return;
      good += difference(*session->logits(), want) < 1e-5;
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(good, 4);
}
