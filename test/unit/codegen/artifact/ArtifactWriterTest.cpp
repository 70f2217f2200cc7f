#include "codegen/artifact/ArtifactWriter.h"
#include "codegen/artifact/Format.h"
#include "codegen/artifact/OutputFile.h"
#include "test/unit/runtime/core/TestFile.h"
#include "test/unit/runtime/tiny/TinyModel.h"
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

using namespace tombolo;
using namespace tombolo::artifact;
using namespace tombolo::tiny;
using testing::HasSubstr;

namespace {
class ArtifactWriterTest : public testing::Test {
protected:
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (auto &entry : std::filesystem::directory_iterator(folder.path))
      names.push_back(entry.path().filename().string());
    return names;
  }
  TestFolder folder;
  std::string path = folder / "a.tbo";
};
} // namespace

TEST_F(ArtifactWriterTest, SameArgumentsGiveTheSameBytes) {
  ASSERT_TRUE(makeTinyModel().write(path));
  ASSERT_TRUE(makeTinyModel().write(folder / "b.tbo"));
  EXPECT_EQ(readFile(path), readFile(folder / "b.tbo"));
}

TEST_F(ArtifactWriterTest, TensorsAreAlignedAndChunksHashed) {
  TinyModel model = makeTinyModel();
  // Sizes around the page and the chunk; the last crosses several chunks.
  for (size_t bytes : {1ul, 63ul, 4095ul, 4096ul, 4097ul, 3000000ul}) {
    auto tensor = std::make_unique<TensorT>();
    tensor->name = "t" + std::to_string(bytes);
    model.index.tensors.push_back(std::move(tensor));
    model.weights.push_back(std::vector<std::byte>(bytes, std::byte(bytes)));
  }
  ASSERT_TRUE(model.write(path));
  std::vector<std::byte> file = readFile(path);
  Header header =
      *decodeHeader(std::span(file).first(kPageBytes), file.size(), path);
  const Index *index = GetIndex(file.data() + header.indexOffset);
  ASSERT_EQ(index->tensors()->size(), model.weights.size());
  for (size_t i = 0; i != model.weights.size(); ++i) {
    const Tensor &tensor = *index->tensors()->Get(i);
    EXPECT_EQ(tensor.bytes(), int64_t(model.weights[i].size()));
    EXPECT_EQ(tensor.offset() % (tensor.bytes() >= 4096 ? 4096 : 64), 0);
    EXPECT_EQ(std::memcmp(file.data() + tensor.offset(),
                          model.weights[i].data(), tensor.bytes()),
              0);
  }
  const Segment &weights = *index->segments()->Get(1);
  EXPECT_EQ(weights.chunk_hashes()->size(), 3u);
  EXPECT_EQ(weights.chunk_hashes()->Get(1),
            hashBytes(std::span(file).subspan(weights.offset() + kChunkBytes,
                                              kChunkBytes)));
}

TEST_F(ArtifactWriterTest, ReplacesAnOldFile) {
  writeFile(path, std::string("old"));
  ASSERT_TRUE(makeTinyModel().write(path));
  EXPECT_GT(readFile(path).size(), 4096u);
  EXPECT_THAT(files(), testing::ElementsAre("a.tbo"));
}

TEST_F(ArtifactWriterTest, ReplacesWhatALinkLeadsTo) {
  std::filesystem::create_directory(folder / "real");
  std::filesystem::create_symlink("real/b.tbo", path);
  std::filesystem::create_symlink(path, folder / "far.tbo");
  // First to nothing, then to a file.
  for (int i = 0; i != 2; ++i) {
    ASSERT_TRUE(makeTinyModel().write(folder / "far.tbo"));
    EXPECT_TRUE(std::filesystem::is_symlink(folder / "far.tbo"));
    EXPECT_TRUE(std::filesystem::is_symlink(path));
    EXPECT_TRUE(std::filesystem::is_regular_file(
        std::filesystem::symlink_status(folder / "real/b.tbo")));
    EXPECT_GT(readFile(folder / "real/b.tbo").size(), 4096u);
    writeFile(folder / "real/b.tbo", std::string("old"));
  }
  EXPECT_EQ(files().size(), 3u);
  std::filesystem::create_symlink("loop", folder / "loop");
  EXPECT_EQ(makeTinyModel().write(folder / "loop").error().message,
            "expects at most 40 links from one to the next");
}

TEST_F(ArtifactWriterTest, FailingWeightsLeaveTheOldFile) {
  writeFile(path, std::string("old"));
  TinyModel model = makeTinyModel();
  SegmentBytes segments[] = {{"code", model.code}};
  Status status = writeArtifact(
      path, model.index, segments,
      [&](size_t tensor, const ByteSink &write) -> Status {
        if (tensor == 1)
          return Error("source.gguf", "tensor 'head': is damaged");
        return write(model.weights[tensor]);
      });
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().str(), "source.gguf: tensor 'head': is damaged");
  EXPECT_EQ(readFile(path).size(), 3u);
  EXPECT_THAT(files(), testing::ElementsAre("a.tbo"));
}

/// How a tensor comes is nothing that the file shows.
TEST_F(ArtifactWriterTest, TensorsMayComeInPieces) {
  TinyModel model = makeTinyModel();
  SegmentBytes segments[] = {{"code", model.code}};
  ASSERT_TRUE(model.write(path));
  auto whole = readFile(path);
  for (size_t piece : {100, 4096, 5000}) {
    ASSERT_TRUE(writeArtifact(
        path, model.index, segments, [&](size_t tensor, const ByteSink &write) {
          std::span<const std::byte> bytes = model.weights[tensor];
          for (; bytes.size() > piece; bytes = bytes.subspan(piece))
            if (Status status = write(bytes.first(piece)); !status)
              return status;
          return write(bytes);
        }));
    EXPECT_EQ(readFile(path), whole) << piece;
  }
}

TEST_F(ArtifactWriterTest, RefusesWhatDoesNotFitTogether) {
  TinyModel model = makeTinyModel();
  model.index.tensors[1]->bytes = 5;
  EXPECT_THAT(model.write(path).error().message,
              HasSubstr("tensor 'head': expects 5 bytes, but got 17472"));
  model = makeTinyModel();
  model.index.targets[0]->executables[1]->kernels[3]->entry = 1 << 20;
  EXPECT_THAT(model.write(path).error().message,
              HasSubstr("target 'cpu', 'baseline': kernel 'tiny_logits': "
                        "expects an entry inside the code"));
  model = makeTinyModel();
  model.index.targets[0]->executables[1]->code_segment = 3;
  EXPECT_THAT(model.write(path).error().message,
              HasSubstr("expects one of 1 segments as code, but got 3"));
  // The loader's checks hold for the writer.
  model = makeTinyModel();
  model.index.targets[0]->plan->prefill->dispatches[0]->kernel = 9;
  EXPECT_THAT(model.write(path).error().message,
              HasSubstr("dispatch 0: expects 'kernel' between 0 and 3"));
  EXPECT_THAT(files(), testing::IsEmpty());
}

TEST_F(ArtifactWriterTest, VerifyCodeFindsBadKernels) {
  std::vector<std::unique_ptr<KernelT>> kernels;
  std::vector<std::byte> code(16);
  EXPECT_TRUE(verifyCode(code, kernels));
  EXPECT_EQ(verifyCode({}, kernels).error().message,
            "expects code, but the blob is empty");
  for (int i = 0; i != 2; ++i) {
    kernels.push_back(std::make_unique<KernelT>());
    kernels.back()->name = "k";
  }
  EXPECT_EQ(verifyCode(code, kernels).error().message,
            "kernel 'k' stands twice");
  kernels.pop_back();
  kernels[0]->entry = 16;
  EXPECT_EQ(verifyCode(code, kernels).error().message,
            "kernel 'k': expects an entry inside the code of 16 bytes, but got "
            "16");
}

TEST_F(ArtifactWriterTest, PathsThatCannotBeWritten) {
  EXPECT_THAT(makeTinyModel().write(folder / "none/a.tbo").error().message,
              HasSubstr("could not create a file in its folder"));
  EXPECT_THAT(makeTinyModel().write(folder.path.string()).error().message,
              HasSubstr("there is something else at that path"));
}

/// Runs `child` in a process of its own; its exit status, or the signal that
/// ended it negated.
static int inChild(const std::function<int()> &child) {
  pid_t pid = fork();
  if (pid == 0)
    _exit(child());
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

TEST_F(ArtifactWriterTest, FullDiskLeavesTheOldFile) {
  writeFile(path, std::string("old"));
  EXPECT_EQ(inChild([&] {
              // The same to the writer as a full disk: writes fail.
              signal(SIGXFSZ, SIG_IGN);
              rlimit limit{20000, 20000};
              setrlimit(RLIMIT_FSIZE, &limit);
              Status status = makeTinyModel().write(path);
              return !status && status.error().message.starts_with(
                                    "could not write: ")
                         ? 7
                         : 1;
            }),
            7);
  EXPECT_EQ(readFile(path).size(), 3u);
  EXPECT_THAT(files(), testing::ElementsAre("a.tbo"));
}

/// From here on this process can't make files without names, as on a
/// filesystem that has none.
static bool refuseUnnamedFiles() {
  sock_filter filter[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, O_TMPFILE & ~O_DIRECTORY, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  sock_fprog program = {std::size(filter), filter};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

TEST_F(ArtifactWriterTest, FilesystemsWithoutUnnamedFiles) {
  int status = inChild([&] {
    if (!refuseUnnamedFiles())
      return 3;
    for (int i = 0; i != 2; ++i)
      if (!makeTinyModel().write(path))
        return 1;
    auto file = OutputFile::create(path);
    return file && files().size() == 2 ? 0 : 2;
  });
  if (status == 3)
    GTEST_SKIP() << "this system lets no process filter its calls";
  EXPECT_EQ(status, 0);
  EXPECT_GT(readFile(path).size(), 4096u);
}

TEST_F(ArtifactWriterTest, FoldersThatCannotBeRead) {
  TinyModel model = makeTinyModel();
  ASSERT_EQ(chmod(folder.path.c_str(), 0333), 0);
  EXPECT_EQ(inChild([&] {
              // Rights mean nothing to root.
              if (getuid() == 0 && setuid(65534) != 0)
                return 1;
              return model.write(path) && model.write(path) ? 0 : 2;
            }),
            0);
  ASSERT_EQ(chmod(folder.path.c_str(), 0777), 0);
  EXPECT_THAT(files(), testing::ElementsAre("a.tbo"));
}

TEST_F(ArtifactWriterTest, KilledWriterLeavesTheOldFile) {
  writeFile(path, std::string("old"));
  int unnamed = open(folder.path.c_str(), O_TMPFILE | O_RDWR, 0600);
  for (size_t when : {0, 1}) {
    EXPECT_EQ(inChild([&] {
                TinyModel model = makeTinyModel();
                SegmentBytes segments[] = {{"code", model.code}};
                (void)writeArtifact(path, model.index, segments,
                                    [&](size_t tensor, const ByteSink &write) {
                                      if (tensor == when)
                                        raise(SIGKILL);
                                      return write(model.weights[tensor]);
                                    });
                return 0;
              }),
              -SIGKILL);
    EXPECT_EQ(readFile(path).size(), 3u);
  }
  if (unnamed >= 0) {
    close(unnamed);
    EXPECT_THAT(files(), testing::ElementsAre("a.tbo"));
  }
  // What killed writers left does not stand in the way of the next.
  ASSERT_TRUE(makeTinyModel().write(path));
  EXPECT_GT(readFile(path).size(), 4096u);
}

TEST_F(ArtifactWriterTest, OutputFileDisappearsWithoutCommit) {
  {
    auto file = OutputFile::create(path);
    ASSERT_TRUE(file);
    EXPECT_TRUE((*file)->write(std::vector<std::byte>(10)));
    EXPECT_TRUE((*file)->pad(64));
    EXPECT_EQ((*file)->position(), 64u);
    EXPECT_LE(files().size(), 1u);
  }
  EXPECT_THAT(files(), testing::IsEmpty());
}
