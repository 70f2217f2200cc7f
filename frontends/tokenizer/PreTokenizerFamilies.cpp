//===- PreTokenizerFamilies.cpp -------------------------------------------===//

#include "frontends/tokenizer/PreTokenizerFamilies.h"

namespace tombolo {

using Texts = std::string_view[];

// Parts that several patterns share.
#define CONTRACTIONS "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
#define SPACES "\\s+(?!\\S)|\\s+"
#define GPT2                                                                   \
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|" SPACES
#define WORD_START "[^\\r\\n\\p{L}\\p{N}]?"
#define SYMBOLS_AND_LINES " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|" SPACES
#define UPPER "\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}"
#define LOWER "\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}"
#define NOT_HAN "&&[^\\p{Han}]"

static constexpr Texts kGpt2Names = {
    "gpt-2",   "phi-2",    "mpt",         "olmo",           "jais",
    "exaone4", "gigachat", "a.x-4.0",     "mellum",         "trillion",
    "jina-es", "jina-de",  "modern-bert", "granite-docling"};
static constexpr Texts kGpt2Patterns = {GPT2};

static constexpr Texts kStarcoderNames = {"starcoder", "smollm",    "refact",
                                          "command-r", "codeshell", "exaone",
                                          "minerva-7b"};
static constexpr Texts kStarcoderPatterns = {"\\p{N}", GPT2};

static constexpr Texts kLlama3Names = {"llama3",   "llama-v3",  "llama-bpe",
                                       "falcon3",  "falcon-h1", "pixtral",
                                       "midm-2.0", "lfm2"};
static constexpr Texts kDbrxNames = {"dbrx", "smaug-bpe", "chatglm-bpe",
                                     "glm4"};
static constexpr Texts kLlama3Patterns = {
    CONTRACTIONS "|" WORD_START "\\p{L}+|\\p{N}{1,3}|" SYMBOLS_AND_LINES};

static constexpr Texts kQwen2Names = {"qwen2", "deepseek-r1-qwen", "megrez",
                                      "kormo"};
static constexpr Texts kStablelm2Names = {"stablelm2", "hunyuan", "grok-2"};
static constexpr Texts kQwen2Patterns = {
    CONTRACTIONS "|" WORD_START "\\p{L}+|\\p{N}|" SYMBOLS_AND_LINES};

static constexpr Texts kQwen35Names = {"qwen35"};
static constexpr Texts kQwen35Patterns = {
    CONTRACTIONS "|" WORD_START
                 "[\\p{L}\\p{M}]+|\\p{N}| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|"
                 "\\s*[\\r\\n]+|" SPACES};

static constexpr Texts kGpt4oNames = {"gpt-4o", "llama4", "kanana2",
                                      "minimax-m2"};
static constexpr Texts kGpt4oPatterns = {
    WORD_START "[" UPPER "]*[" LOWER "]+" CONTRACTIONS "?|" WORD_START "[" UPPER
               "]+[" LOWER "]*" CONTRACTIONS
               "?|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|"
               "\\s*[\\r\\n]+|" SPACES};

static constexpr Texts kTekkenNames = {"tekken"};
static constexpr Texts kTekkenPatterns = {
    WORD_START "[" UPPER "]*[" LOWER "]+|" WORD_START "[" UPPER "]+[" LOWER
               "]*|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|"
               "\\s*[\\r\\n]+|" SPACES};

static constexpr Texts kKimiNames = {"kimi-k2"};
static constexpr Texts kKimiPatterns = {
    "[\\p{Han}]+|" WORD_START "[" UPPER NOT_HAN "]*[" LOWER NOT_HAN
    "]+" CONTRACTIONS "?|" WORD_START "[" UPPER NOT_HAN "]+[" LOWER NOT_HAN
    "]*" CONTRACTIONS "?|\\p{N}{1,3}|" SYMBOLS_AND_LINES};

static constexpr Texts kDeepseekV3Names = {"deepseek-v3", "hunyuan-dense"};
static constexpr Texts kDeepseekV3Patterns = {
    "\\p{N}{1,3}", "[\\u4e00-\\u9fa5\\u3040-\\u309f\\u30a0-\\u30ff]+",
    "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|"
    "[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|"
    "\\s*[\\r\\n]+|" SPACES};

static constexpr Texts kDeepseekCoderNames = {"deepseek-coder"};
static constexpr Texts kDeepseekCoderPatterns = {
    "[\\r\\n]", "\\s?\\p{L}+", "\\s?\\p{P}+",
    "[\\u4e00-\\u9fa5\\u0800-\\u4e00\\uac00-\\ud7ff]+", "\\p{N}"};

static constexpr Texts kBailingNames = {"bailingmoe", "bailingmoe2",
                                        "llada-moe"};
static constexpr Texts kBailingPatterns = {
    "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}+|\\p{N}|"
    " ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*|\\s*[\\r\\n]|" SPACES};

static constexpr Texts kSeedCoderNames = {"seed-coder"};
static constexpr Texts kSeedCoderPatterns = {
    CONTRACTIONS "|" WORD_START "\\p{L}+|\\p{N}{1}| ?[^\\s\\p{L}\\p{N}\\r\\n]+|"
                 "\\s*[\\r\\n]+|" SPACES};

static constexpr Texts kFalconNames = {"falcon"};
static constexpr Texts kFalconPatterns = {"[\\p{P}$+<=>^|`~]+", GPT2,
                                          "[0-9][0-9][0-9]"};

static constexpr Texts kDefaultNames = {"default"};
static constexpr Texts kDefaultPatterns = {"[\\p{P}$+<=>^~|]+", GPT2, "\\p{N}+",
                                           "[0-9][0-9][0-9]"};

static constexpr PreTokenizerFamily kFamilies[] = {
    {.names = kGpt2Names, .patterns = kGpt2Patterns},
    {.names = kStarcoderNames, .patterns = kStarcoderPatterns},
    {.names = kLlama3Names,
     .patterns = kLlama3Patterns,
     .ignoreMerges = true,
     .addBos = true},
    {.names = kDbrxNames, .patterns = kLlama3Patterns},
    {.names = kQwen2Names, .patterns = kQwen2Patterns, .normalizeNfc = true},
    {.names = kStablelm2Names, .patterns = kQwen2Patterns},
    {.names = kQwen35Names, .patterns = kQwen35Patterns, .normalizeNfc = true},
    {.names = kGpt4oNames, .patterns = kGpt4oPatterns},
    {.names = kTekkenNames,
     .patterns = kTekkenPatterns,
     .ignoreMerges = true,
     .addBos = true},
    {.names = kKimiNames, .patterns = kKimiPatterns},
    {.names = kDeepseekV3Names, .patterns = kDeepseekV3Patterns},
    {.names = kDeepseekCoderNames, .patterns = kDeepseekCoderPatterns},
    {.names = kBailingNames, .patterns = kBailingPatterns},
    {.names = kSeedCoderNames, .patterns = kSeedCoderPatterns},
    {.names = kFalconNames, .patterns = kFalconPatterns},
    {.names = kDefaultNames, .patterns = kDefaultPatterns},
};

#undef CONTRACTIONS
#undef SPACES
#undef GPT2
#undef WORD_START
#undef SYMBOLS_AND_LINES
#undef UPPER
#undef LOWER
#undef NOT_HAN

std::span<const PreTokenizerFamily> preTokenizerFamilies() { return kFamilies; }

} // namespace tombolo
