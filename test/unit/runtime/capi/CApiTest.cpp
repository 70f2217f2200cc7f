#include "runtime/include/tombolo/tombolo.h"
#include "test/unit/runtime/core/TestFile.h"
#include "test/unit/runtime/tiny/TinyText.h"
#include <algorithm>
#include <atomic>
#include <cstring>
#include <gmock/gmock.h>
#include <thread>

using namespace tombolo;
using namespace tombolo::tiny;
using testing::HasSubstr;

namespace {
class CApiTest : public testing::Test {
protected:
  void SetUp() override {
    TinyModel tinyModel = makeTinyModel();
    addTinyText(tinyModel);
    ASSERT_TRUE(tinyModel.write(path));
    tombolo_model_options options;
    tombolo_model_options_init(&options);
    options.threads = 2;
    ASSERT_EQ(tombolo_model_open(path.c_str(), &options, &model), TOMBOLO_OK)
        << tombolo_error_message();
    ASSERT_EQ(tombolo_session_create(model, nullptr, &session), TOMBOLO_OK)
        << tombolo_error_message();
  }
  void TearDown() override {
    tombolo_session_free(session);
    tombolo_model_free(model);
  }
  std::vector<int32_t> generate(tombolo_session *in, size_t count,
                                tombolo_token_callback callback = nullptr,
                                void *user = nullptr) {
    tombolo_generation_options options;
    tombolo_generation_options_init(model, &options);
    options.max_tokens = count;
    options.ignore_end = 1;
    tombolo_generation result;
    tombolo_generation_init(&result);
    EXPECT_EQ(tombolo_generate(in, prompt.data(), prompt.size(), &options,
                               callback, user, &result),
              TOMBOLO_OK)
        << tombolo_error_message();
    std::vector<int32_t> tokens(result.tokens,
                                result.tokens + result.token_count);
    reason = result.reason;
    prefilled = result.prefill_tokens;
    text.assign(result.text, result.text_bytes);
    tombolo_generation_clear(&result);
    EXPECT_EQ(result.tokens, nullptr);
    return tokens;
  }

  TestFolder folder;
  std::string path = folder / "tiny.tbo";
  tombolo_model *model = nullptr;
  tombolo_session *session = nullptr;
  std::vector<int32_t> prompt = {256, 'H', 'i'};
  tombolo_finish_reason reason = TOMBOLO_FINISH_STOP;
  size_t prefilled = 0;
  std::string text;
};
} // namespace

TEST_F(CApiTest, SaysWhatTheModelIs) {
  EXPECT_STREQ(tombolo_version(), "0.1.0");
  EXPECT_EQ(tombolo_format_version(), 3u);
  EXPECT_EQ(tombolo_model_vocab_size(model), kVocab);
  EXPECT_EQ(tombolo_model_hidden_size(model), kHidden);
  EXPECT_EQ(tombolo_model_layers(model), kLayers);
  EXPECT_EQ(tombolo_model_context(model), kContext);
  EXPECT_GT(tombolo_model_weight_bytes(model), 30000);
  EXPECT_STREQ(tombolo_model_family(model), "tiny");
  EXPECT_STREQ(tombolo_model_level(model), "baseline");
  EXPECT_EQ(tombolo_model_threads(model), 2);
  EXPECT_TRUE(tombolo_model_has_tokenizer(model));
  EXPECT_TRUE(tombolo_model_has_chat_template(model));
  EXPECT_EQ(tombolo_session_context(session), size_t(kContext));
  EXPECT_EQ(tombolo_verify_integrity(path.c_str()), TOMBOLO_OK);
}

TEST_F(CApiTest, TextGoesBothWays) {
  int32_t *tokens = nullptr;
  size_t count = 0;
  ASSERT_EQ(tombolo_tokenize(model, "Hi\xc3\xa4", 4, 1, &tokens, &count),
            TOMBOLO_OK);
  EXPECT_THAT(std::vector<int32_t>(tokens, tokens + count),
              testing::ElementsAre(kBos, 'H', 'i', 0xc3, 0xa4));
  char *back = nullptr;
  size_t bytes = 0;
  ASSERT_EQ(tombolo_detokenize(model, tokens, count, 1, &back, &bytes),
            TOMBOLO_OK);
  EXPECT_EQ(std::string(back, bytes), "Hi\xc3\xa4");
  EXPECT_EQ(back[bytes], '\0');
  tombolo_free(back);
  tombolo_free(tokens);
}

TEST_F(CApiTest, ChatPromptsFollowTheTemplate) {
  tombolo_message messages[] = {{"system", "Be kind."}, {"user", "Hi"}};
  char *chat = nullptr;
  ASSERT_EQ(tombolo_chat_prompt(model, messages, 2, &chat, nullptr), TOMBOLO_OK)
      << tombolo_error_message();
  EXPECT_STREQ(chat, "<|system|>Be kind.<|end|><|user|>Hi<|end|><|assistant|>");
  int32_t *tokens = nullptr;
  size_t count = 0;
  ASSERT_EQ(tombolo_tokenize(model, chat, strlen(chat), 0, &tokens, &count),
            TOMBOLO_OK);
  EXPECT_EQ(tokens[0], kSystem);
  EXPECT_EQ(tokens[count - 1], kAssistant);
  tombolo_free(tokens);
  tombolo_free(chat);
}

TEST_F(CApiTest, GeneratesWithACallback) {
  struct Seen {
    std::vector<int32_t> tokens;
    std::string text;
  } seen;
  std::vector<int32_t> tokens = generate(
      session, 30,
      [](void *user, int32_t token, const char *text, size_t bytes) {
        auto &seen = *static_cast<Seen *>(user);
        if (token >= 0)
          seen.tokens.push_back(token);
        seen.text.append(text, bytes);
        return 1;
      },
      &seen);
  EXPECT_EQ(tokens.size(), 30u);
  EXPECT_EQ(seen.tokens, tokens);
  EXPECT_EQ(seen.text, text);
  EXPECT_EQ(reason, TOMBOLO_FINISH_LENGTH);
  EXPECT_EQ(prefilled, 3u);
  // Logits by hand give the same tokens.
  tombolo_session *other = nullptr;
  ASSERT_EQ(tombolo_session_create(model, nullptr, &other), TOMBOLO_OK);
  ASSERT_EQ(tombolo_session_feed(other, prompt.data(), prompt.size()),
            TOMBOLO_OK);
  for (int32_t token : tokens) {
    const float *logits = nullptr;
    ASSERT_EQ(tombolo_session_logits(other, &logits), TOMBOLO_OK);
    EXPECT_EQ(std::max_element(logits, logits + kVocab) - logits, token);
    ASSERT_EQ(tombolo_session_feed(other, &token, 1), TOMBOLO_OK);
  }
  EXPECT_EQ(tombolo_session_position(other), 33u);
  tombolo_session_free(other);
}

TEST_F(CApiTest, SessionsResumeTruncateAndFork) {
  std::vector<int32_t> tokens = generate(session, 10);
  std::vector<int32_t> more = prompt;
  more.insert(more.end(), tokens.begin(), tokens.end());
  size_t fed = 0;
  ASSERT_EQ(tombolo_session_resume(session, more.data(), more.size(), &fed),
            TOMBOLO_OK);
  EXPECT_EQ(fed, 1u);
  tombolo_session *fork = nullptr;
  ASSERT_EQ(tombolo_session_fork(session, &fork), TOMBOLO_OK);
  ASSERT_EQ(tombolo_session_truncate(session, 3), TOMBOLO_OK);
  EXPECT_EQ(tombolo_session_position(session), 3u);
  EXPECT_EQ(tombolo_session_position(fork), 13u);
  // A model lives as long as its sessions.
  tombolo_model_free(model);
  model = nullptr;
  int32_t token = 5;
  EXPECT_EQ(tombolo_session_feed(fork, &token, 1), TOMBOLO_OK);
  tombolo_session_free(fork);
}

TEST_F(CApiTest, SessionsRunFromSeveralThreads) {
  std::vector<int32_t> expected = generate(session, 50);
  std::vector<std::thread> threads;
  std::atomic<int> good = 0;
  for (int i = 0; i != 4; ++i)
    threads.emplace_back([&] {
      tombolo_session *own = nullptr;
      if (tombolo_session_create(model, nullptr, &own) != TOMBOLO_OK)
        return;
      tombolo_generation_options options;
      tombolo_generation_options_init(model, &options);
      options.max_tokens = 50;
      options.ignore_end = 1;
      tombolo_generation result;
      tombolo_generation_init(&result);
      if (tombolo_generate(own, prompt.data(), prompt.size(), &options, nullptr,
                           nullptr, &result) == TOMBOLO_OK)
        good += std::equal(expected.begin(), expected.end(), result.tokens);
      tombolo_generation_clear(&result);
      tombolo_session_free(own);
    });
  for (std::thread &thread : threads)
    thread.join();
  EXPECT_EQ(good, 4);
}

TEST_F(CApiTest, InterruptEndsAnAnswerFromAnotherThread) {
  std::atomic<bool> started = false;
  std::thread stopper([&] {
    while (!started)
      std::this_thread::yield();
    tombolo_session_interrupt(session);
  });
  generate(
      session, 900,
      [](void *user, int32_t, const char *, size_t) {
        *static_cast<std::atomic<bool> *>(user) = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        return 1;
      },
      &started);
  stopper.join();
  EXPECT_EQ(reason, TOMBOLO_FINISH_CALLER);
  // The next answer is not ended by it.
  EXPECT_EQ(generate(session, 5).size(), 5u);
}

TEST_F(CApiTest, TheCallersExecutorDoesTheWork) {
  std::vector<int32_t> expected = generate(session, 20);
  tombolo_model_options options;
  tombolo_model_options_init(&options);
  int calls = 0;
  options.executor_user = &calls;
  options.executor = [](void *user, int threads, void (*task)(void *, int),
                        void *data) {
    ++*static_cast<int *>(user);
    std::vector<std::thread> workers;
    for (int thread = 0; thread != threads; ++thread)
      workers.emplace_back(task, data, thread);
    for (std::thread &worker : workers)
      worker.join();
  };
  tombolo_model *other = nullptr;
  EXPECT_EQ(tombolo_model_open(path.c_str(), &options, &other), TOMBOLO_ERROR);
  EXPECT_THAT(tombolo_error_message(),
              HasSubstr("threads for the caller's executor, but got 0"));
  options.threads = 3;
  ASSERT_EQ(tombolo_model_open(path.c_str(), &options, &other), TOMBOLO_OK);
  tombolo_session *own = nullptr;
  ASSERT_EQ(tombolo_session_create(other, nullptr, &own), TOMBOLO_OK);
  EXPECT_EQ(generate(own, 20), expected);
  EXPECT_GT(calls, 20);
  tombolo_session_free(own);
  tombolo_model_free(other);
}

TEST_F(CApiTest, SayWhatWentWrong) {
  tombolo_model *other = nullptr;
  EXPECT_EQ(tombolo_model_open(nullptr, nullptr, &other), TOMBOLO_ERROR);
  EXPECT_STREQ(tombolo_error_message(), "expects 'path', but got NULL");
  std::string missing = folder / "missing.tbo";
  EXPECT_EQ(tombolo_model_open(missing.c_str(), nullptr, &other),
            TOMBOLO_ERROR);
  EXPECT_THAT(tombolo_error_message(), HasSubstr(missing + ": "));
  EXPECT_EQ(other, nullptr);

  int32_t bad = -1;
  EXPECT_EQ(tombolo_session_feed(session, &bad, 1), TOMBOLO_ERROR);
  EXPECT_THAT(tombolo_error_message(), HasSubstr("token 0: expects an id"));
  EXPECT_EQ(tombolo_session_truncate(session, 1), TOMBOLO_ERROR);

  tombolo_session_options options = {};
  tombolo_session *own = nullptr;
  EXPECT_EQ(tombolo_session_create(model, &options, &own), TOMBOLO_ERROR);
  EXPECT_THAT(tombolo_error_message(), HasSubstr("'struct_size' is 0"));
  tombolo_session_options_init(&options);
  options.context = 5000;
  EXPECT_EQ(tombolo_session_create(model, &options, &own), TOMBOLO_ERROR);
  EXPECT_THAT(tombolo_error_message(),
              HasSubstr("expects a context of 1 to 1000 tokens"));
  tombolo_session_options_init(&options);
  options.rope_length = -1;
  EXPECT_EQ(tombolo_session_create(model, &options, &own), TOMBOLO_ERROR);
  EXPECT_STREQ(tombolo_error_message(),
               "expects 'rope_length' of 0 or more, but got -1");

  tombolo_generation_options wanted;
  tombolo_generation_options_init(model, &wanted);
  wanted.max_tokens = -2;
  EXPECT_EQ(tombolo_generate(session, prompt.data(), prompt.size(), &wanted,
                             nullptr, nullptr, nullptr),
            TOMBOLO_ERROR);
  EXPECT_THAT(tombolo_error_message(), HasSubstr("'max_tokens' of -1 or more"));
  tombolo_generation result = {};
  EXPECT_EQ(tombolo_generate(session, prompt.data(), prompt.size(), nullptr,
                             nullptr, nullptr, &result),
            TOMBOLO_ERROR);
  EXPECT_THAT(tombolo_error_message(), HasSubstr("expects a result prepared"));

  std::vector<std::byte> bytes = readFile(path);
  bytes[5000] ^= std::byte(1);
  writeFile(folder / "bad.tbo", bytes);
  EXPECT_EQ(tombolo_verify_integrity((folder / "bad.tbo").c_str()),
            TOMBOLO_ERROR);
  EXPECT_THAT(tombolo_error_message(), HasSubstr("altered or damaged"));
}

/// The first `bytes` bytes of a struct, as a program has it whose header knows
/// no more of it, and what lies behind it there.
template <typename Struct, size_t bytes> struct Shorter {
  static_assert(bytes < sizeof(Struct));
  alignas(Struct) unsigned char start[bytes];
  unsigned char behind[sizeof(Struct)];

  Shorter() {
    std::memset(start, 0xee, sizeof(start));
    std::memset(behind, 0xee, sizeof(behind));
  }
  Struct *get() { return reinterpret_cast<Struct *>(start); }
  template <typename Field> Field at(size_t offset) const {
    Field value;
    std::memcpy(&value, start + offset, sizeof(value));
    return value;
  }
  template <typename Field> void set(size_t offset, Field value) {
    std::memcpy(start + offset, &value, sizeof(value));
  }
  bool isIntact() const {
    return std::ranges::all_of(behind, [](auto byte) { return byte == 0xee; });
  }
};

TEST_F(CApiTest, OlderHeadersHaveShorterOptions) {
  // Programs that know nothing of executors, rope_length and seed.
  Shorter<tombolo_model_options, offsetof(tombolo_model_options, executor)>
      modelOptions;
  tombolo_model_options_init_sized(modelOptions.get(),
                                   sizeof(modelOptions.start));
  EXPECT_EQ(modelOptions.at<size_t>(0), sizeof(modelOptions.start));
  tombolo_model *other = nullptr;
  ASSERT_EQ(tombolo_model_open(path.c_str(), modelOptions.get(), &other),
            TOMBOLO_OK)
      << tombolo_error_message();
  EXPECT_TRUE(modelOptions.isIntact());

  Shorter<tombolo_session_options,
          offsetof(tombolo_session_options, rope_length)>
      sessionOptions;
  tombolo_session_options_init_sized(sessionOptions.get(),
                                     sizeof(sessionOptions.start));
  sessionOptions.set<int64_t>(offsetof(tombolo_session_options, context), 100);
  tombolo_session *own = nullptr;
  ASSERT_EQ(tombolo_session_create(other, sessionOptions.get(), &own),
            TOMBOLO_OK)
      << tombolo_error_message();
  EXPECT_TRUE(sessionOptions.isIntact());
  EXPECT_EQ(tombolo_session_context(own), 100u);

  Shorter<tombolo_generation_options,
          offsetof(tombolo_generation_options, seed)>
      options;
  tombolo_generation_options_init_sized(other, options.get(),
                                        sizeof(options.start));
  EXPECT_EQ(
      options.at<int64_t>(offsetof(tombolo_generation_options, max_tokens)),
      -1);
  options.set<int64_t>(offsetof(tombolo_generation_options, max_tokens), 5);
  Shorter<tombolo_generation, offsetof(tombolo_generation, prefill_tokens)>
      result;
  tombolo_generation_init_sized(result.get(), sizeof(result.start));
  ASSERT_EQ(tombolo_generate(own, prompt.data(), prompt.size(), options.get(),
                             nullptr, nullptr, result.get()),
            TOMBOLO_OK)
      << tombolo_error_message();
  EXPECT_EQ(result.at<size_t>(offsetof(tombolo_generation, token_count)), 5u);
  tombolo_generation_clear(result.get());
  EXPECT_EQ(result.at<char *>(offsetof(tombolo_generation, text)), nullptr);
  EXPECT_TRUE(options.isIntact());
  EXPECT_TRUE(result.isIntact());
  tombolo_session_free(own);
  tombolo_model_free(other);
}

TEST_F(CApiTest, NewerHeadersHaveLongerOptions) {
  struct Longer {
    tombolo_session_options known;
    int64_t unknown;
  } options;
  options.unknown = -1;
  tombolo_session_options_init_sized(&options.known, sizeof(options));
  EXPECT_EQ(options.known.struct_size, sizeof(options));
  EXPECT_EQ(options.unknown, 0);
  tombolo_session *own = nullptr;
  ASSERT_EQ(tombolo_session_create(model, &options.known, &own), TOMBOLO_OK);
  tombolo_session_free(own);
  // Not done as if it were: what the library has never heard of.
  options.unknown = 7;
  EXPECT_EQ(tombolo_session_create(model, &options.known, &own), TOMBOLO_ERROR);
  EXPECT_STREQ(tombolo_error_message(),
               "expects options of at most 24 bytes, but byte 24 is set: this "
               "library is older than the program's header");
}

TEST_F(CApiTest, FailuresGiveNothing) {
  int32_t id = 5, *tokens = &id;
  size_t count = 7;
  EXPECT_EQ(tombolo_tokenize(nullptr, "x", 1, 0, &tokens, &count),
            TOMBOLO_ERROR);
  EXPECT_EQ(tokens, nullptr);
  EXPECT_EQ(count, 0u);
  char letter = 'a', *text = &letter;
  size_t bytes = 7;
  EXPECT_EQ(tombolo_detokenize(nullptr, &id, 1, 0, &text, &bytes),
            TOMBOLO_ERROR);
  EXPECT_EQ(text, nullptr);
  EXPECT_EQ(bytes, 0u);
  text = &letter;
  bytes = 7;
  EXPECT_EQ(tombolo_chat_prompt(model, nullptr, 1, &text, &bytes),
            TOMBOLO_ERROR);
  EXPECT_EQ(text, nullptr);
  EXPECT_EQ(bytes, 0u);
  float number = 1;
  const float *logits = &number;
  EXPECT_EQ(tombolo_session_logits(session, &logits), TOMBOLO_ERROR);
  EXPECT_EQ(logits, nullptr);
  size_t fed = 7;
  EXPECT_EQ(tombolo_session_resume(session, nullptr, 0, &fed), TOMBOLO_ERROR);
  EXPECT_EQ(fed, 0u);
}

TEST_F(CApiTest, TracesAreWritten) {
  std::string trace = folder / "trace.json";
  ASSERT_EQ(tombolo_session_trace(session, 1), TOMBOLO_OK);
  generate(session, 2);
  ASSERT_EQ(tombolo_session_write_trace(session, trace.c_str()), TOMBOLO_OK);
  std::vector<std::byte> bytes = readFile(trace);
  std::string json(reinterpret_cast<const char *>(bytes.data()), bytes.size());
  EXPECT_THAT(json, HasSubstr("\"name\":\"mix\",\"cat\":\"prefill\""));
  EXPECT_THAT(json, HasSubstr("\"cat\":\"logits_one\""));
  EXPECT_EQ(tombolo_session_write_trace(session, (folder / "no/t").c_str()),
            TOMBOLO_ERROR);
  EXPECT_EQ(tombolo_error_message(),
            folder / "no/t" + ": could not write the trace");
  // Stopping forgets them.
  ASSERT_EQ(tombolo_session_trace(session, 0), TOMBOLO_OK);
  ASSERT_EQ(tombolo_session_write_trace(session, trace.c_str()), TOMBOLO_OK);
  EXPECT_EQ(readFile(trace).size(), std::strlen("{\"traceEvents\":[\n]}\n"));
}
