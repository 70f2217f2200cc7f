//===- ShardsTest.cpp - Sets of safetensors files -------------------------===//

#include "frontends/safetensors/Safetensors.h"
#include "test/unit/frontends/safetensors/SafetensorsBytes.h"

using namespace tombolo;

namespace {

const char *const first = "model-00001-of-00002.safetensors";
const char *const second = "model-00002-of-00002.safetensors";

class Shards : public testing::Test {
protected:
  /// The number of tensors read, or the error without the folder.
  std::string read(const std::string &name = "", bool headerOnlyOk = false) {
    WeightSource weights;
    Status status = readSafetensors(folder.path(name), weights, headerOnlyOk);
    if (status.ok())
      return std::to_string(weights.tensors().size()) + " tensors";
    std::string message = errorOf(status);
    for (size_t at; (at = message.find(folder.path())) != message.npos;)
      message.replace(at, folder.path().size(), "DIR");
    notes = status.error().notes;
    return message;
  }

  void writeIndex(const std::string &weightMap) {
    folder.write(
        safetensorsIndexName,
        "{\"metadata\":{\"total_size\":8},\"weight_map\":" + weightMap + "}");
  }

  /// Two shards of tensors `a` and `b`, and their index.
  void writeSet() {
    folder.write(first, oneTensor("a"));
    folder.write(second, oneTensor("b"));
    writeIndex(std::string("{\"a\":\"") + first + "\",\"b\":\"" + second +
               "\"}");
  }

  TestFolder folder;
  std::vector<std::string> notes;
};

TEST_F(Shards, AreFoundFromTheFolderTheIndexAndAnyShard) {
  writeSet();
  EXPECT_EQ(read(), "2 tensors");
  EXPECT_EQ(read(safetensorsIndexName), "2 tensors");
  EXPECT_EQ(read(first), "2 tensors");
  EXPECT_EQ(read(second), "2 tensors");
}

TEST_F(Shards, KeepTheOrderOfTheFiles) {
  writeSet();
  WeightSource weights;
  ASSERT_TRUE(readSafetensors(folder.path(), weights).ok());
  EXPECT_EQ(weights.files().size(), 2u);
  EXPECT_EQ(weights.files()[1]->path(), folder.path(second));
  EXPECT_EQ(weights.find("b")->file, 1u);
}

TEST_F(Shards, NeedNoIndexWhenNumbered) {
  folder.write(first, oneTensor("a"));
  folder.write(second, oneTensor("b"));
  EXPECT_EQ(read(), "2 tensors");
  EXPECT_EQ(read(second), "2 tensors");
}

TEST_F(Shards, MustBeAllThere) {
  folder.write(second, oneTensor("b"));
  EXPECT_EQ(read(second),
            std::string("DIR/") + first +
                ": the file cannot be opened: No such file or directory");
  EXPECT_EQ(notes, std::vector<std::string>{"the set has 2 files, as '" +
                                            folder.path(second) + "' says"});
  EXPECT_EQ(read(), std::string("DIR/") + first +
                        ": the file cannot be opened: No such file or "
                        "directory");
}

TEST_F(Shards, MayEndAfterTheirHeaders) {
  writeSet();
  std::string header = oneTensor("a");
  folder.write(first, header.substr(0, header.size() - 4));
  EXPECT_EQ(read("", true), "2 tensors");
  EXPECT_EQ(read(), std::string("DIR/") + first +
                        ": tensor 'a': expects data up to byte 4 behind the "
                        "header, but the file has only 0");
}

TEST_F(Shards, AreRefusedWhenTheIndexMissesAFile) {
  writeSet();
  std::filesystem::remove(folder.path(second));
  EXPECT_EQ(read(), std::string("DIR/") + second +
                        ": the file cannot be opened: No such file or "
                        "directory");
}

TEST_F(Shards, AreRefusedWhenATensorIsMissing) {
  writeSet();
  folder.write(second, oneTensor("c"));
  EXPECT_EQ(read(), std::string("DIR/") + second +
                        ": expects tensor 'b', which the index says is here, "
                        "but it is not");
}

TEST_F(Shards, AreRefusedWhenATensorIsInTheOtherFile) {
  writeSet();
  writeIndex(std::string("{\"a\":\"") + second + "\",\"b\":\"" + first + "\"}");
  EXPECT_EQ(read(), std::string("DIR/") + first +
                        ": expects tensor 'b', which the index says is here, "
                        "but it is not");
}

TEST_F(Shards, AreRefusedWhenATensorIsNotListed) {
  writeSet();
  folder.write(
      second, safetensorsBytes(
                  R"({"b":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                  R"("extra":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}})",
                  "abcd"));
  EXPECT_EQ(read(), std::string("DIR/") + second +
                        ": tensor 'extra': is not listed for this file by the "
                        "index");
}

TEST_F(Shards, AreRefusedWhenATensorIsInBoth) {
  folder.write(first, oneTensor("a"));
  folder.write(second, oneTensor("a"));
  EXPECT_EQ(read(), std::string("DIR/") + second +
                        ": tensor 'a': is given twice, first in 'DIR/" + first +
                        "'");
}

TEST_F(Shards, StayInTheFolder) {
  for (const char *name : {"../evil", "/etc/passwd", "a/b", "..", ".", "",
                           "a\\\\b", "a\\u0000b"}) {
    writeIndex(std::string("{\"t\":\"") + name + "\"}");
    EXPECT_TRUE(read().starts_with(
        "DIR/model.safetensors.index.json: tensor 't': expects the plain name "
        "of a file beside the index, but got '"))
        << read();
  }
}

TEST_F(Shards, NeedAWeightMap) {
  const std::string message = "DIR/model.safetensors.index.json: expects an "
                              "object 'weight_map' from tensors to files";
  for (const char *text : {"{}", "[]", "3", "{\"weight_map\":[]}",
                           "{\"weight_map\":{}}", "{\"weight_map\":null}"}) {
    folder.write(safetensorsIndexName, text);
    EXPECT_EQ(read(), message) << text;
  }
  writeIndex("{\"t\":5}");
  EXPECT_EQ(read(), "DIR/model.safetensors.index.json: tensor 't': expects the "
                    "name of a file, but got a number");
  writeIndex("{\"t\":\"a\",\"t\":\"b\"}");
  EXPECT_EQ(read(), "DIR/model.safetensors.index.json:1:52: key 't' is given "
                    "twice");
}

TEST_F(Shards, AFolderMayHoldOneFileOfAnyName) {
  folder.write("weights.safetensors", oneTensor("a"));
  EXPECT_EQ(read(), "1 tensors");
}

TEST_F(Shards, AFoldersModelFileWins) {
  folder.write("model.safetensors", oneTensor("a"));
  folder.write("adapter.safetensors", oneTensor("b"));
  EXPECT_EQ(read(), "1 tensors");
}

TEST_F(Shards, AFolderMustNotLeaveAChoice) {
  folder.write("a.safetensors", oneTensor("a"));
  folder.write("b.safetensors", oneTensor("b"));
  EXPECT_EQ(read(), "DIR: expects one .safetensors file or a set with "
                    "'model.safetensors.index.json', but got 2 files that are "
                    "no set");
}

TEST_F(Shards, AFolderMustHoldSomething) {
  EXPECT_EQ(read(), "DIR: expects a folder with "
                    "'model.safetensors.index.json' or a .safetensors file, "
                    "but it has neither");
}

} // namespace
