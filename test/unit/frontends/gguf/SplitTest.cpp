//===- SplitTest.cpp - Sets of GGUF files ---------------------------------===//

#include "frontends/gguf/Gguf.h"
#include "test/unit/frontends/gguf/GgufBytes.h"

using namespace tombolo;

namespace {

const char *const first = "m-00001-of-00002.gguf";
const char *const second = "m-00002-of-00002.gguf";

class Split : public testing::Test {
protected:
  std::string read(const std::string &name) {
    Status status = readGguf(folder.path(name), weights, metadata);
    if (status.ok())
      return "read";
    std::string message = errorOf(status);
    for (size_t at; (at = message.find(folder.path())) != message.npos;)
      message.replace(at, folder.path().size(), "DIR");
    return message;
  }

  /// A part with one tensor, the first with the model's metadata.
  GgufBytes part(uint16_t number, uint16_t count = 2, int32_t tensors = 2) {
    GgufBytes file;
    if (number == 0)
      file.text("general.architecture", "llama");
    return file.key("split.no", gguf::UINT16, bytesOf(number))
        .key("split.count", gguf::UINT16, bytesOf(count))
        .key("split.tensors.count", gguf::INT32, bytesOf(tensors))
        .tensor("t" + std::to_string(number), {1}, 24, "x");
  }

  void writeSet() {
    folder.write(first, part(0).bytes());
    folder.write(second, part(1).bytes());
  }

  TestFolder folder;
  WeightSource weights;
  nlohmann::ordered_json metadata;
};

TEST_F(Split, IsFoundFromTheFirstPart) {
  writeSet();
  EXPECT_EQ(read(first), "read");
  EXPECT_EQ(weights.tensors().size(), 2u);
  EXPECT_EQ(weights.find("t1")->file, 1u);
  EXPECT_EQ(metadata["general.architecture"], "llama");
}

TEST_F(Split, IsFoundFromAnyPart) {
  writeSet();
  EXPECT_EQ(read(second), "read");
  EXPECT_EQ(weights.tensors()[0].name, "t0");
  EXPECT_EQ(metadata["general.architecture"], "llama");
}

TEST_F(Split, MustBeAllThere) {
  folder.write(second, part(1).bytes());
  EXPECT_EQ(read(second), std::string("DIR/") + first +
                              ": the file cannot be opened: No such file or "
                              "directory");
}

TEST_F(Split, MustHaveTheNumbersOfItsNames) {
  folder.write(first, part(1).bytes());
  folder.write(second, part(1).bytes());
  EXPECT_EQ(read(first),
            std::string("DIR/") + first +
                ": expects part 1 of 2, as its name says, but 'split.no' is 1 "
                "(counted from 0) and 'split.count' is 2");
}

TEST_F(Split, MustHaveTheCountOfItsNames) {
  folder.write(first, part(0).bytes());
  folder.write(second, part(1, 3).bytes());
  EXPECT_EQ(read(first),
            std::string("DIR/") + second +
                ": expects part 2 of 2, as its name says, but 'split.no' is 1 "
                "(counted from 0) and 'split.count' is 3");
}

TEST_F(Split, MustHaveAllTensors) {
  folder.write(first, part(0, 2, 5).bytes());
  folder.write(second, part(1, 2, 5).bytes());
  EXPECT_EQ(read(first), std::string("DIR/") + first +
                             ": expects 5 tensors in all parts, as "
                             "'split.tensors.count' says, but got 2");
}

TEST_F(Split, MustNotRepeatATensor) {
  folder.write(first, part(0).bytes());
  GgufBytes other;
  other.number("split.no", 1)
      .number("split.count", 2)
      .tensor("t0", {1}, 24, "x");
  folder.write(second, other.bytes());
  EXPECT_EQ(read(first), std::string("DIR/") + second +
                             ": tensor 't0': is given twice, first in 'DIR/" +
                             first + "'");
}

TEST_F(Split, PartsKeepTheirNames) {
  folder.write("renamed.gguf", part(0).bytes());
  EXPECT_EQ(read("renamed.gguf"),
            "DIR/renamed.gguf: expects a name like 'NAME-00001-of-00003.gguf', "
            "because 'split.count' is 2");
}

TEST_F(Split, NumbersAreNumbers) {
  folder.write("m.gguf", GgufBytes().text("split.count", "2").bytes());
  EXPECT_EQ(read("m.gguf"), "DIR/m.gguf: metadata key 'split.count': expects a "
                            "number that is not negative");
  folder.write("n.gguf",
               GgufBytes()
                   .key("split.count", gguf::INT32, bytesOf(int32_t(-1)))
                   .bytes());
  EXPECT_EQ(read("n.gguf"), "DIR/n.gguf: metadata key 'split.count': expects a "
                            "number that is not negative");
}

TEST_F(Split, OfOneFileIsThatFile) {
  folder.write("m-00001-of-00001.gguf",
               GgufBytes().tensor("t", {1}, 24, "x").bytes());
  EXPECT_EQ(read("m-00001-of-00001.gguf"), "read");
}

} // namespace
