#include "support/PrivateFolder.h"
#include <cerrno>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

namespace tombolo {

Status preparePrivateFolder(const std::string &folder) {
  std::error_code error;
  std::filesystem::create_directories(
      std::filesystem::path(folder).parent_path(), error);
  if (!error && mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
    error = std::error_code(errno, std::generic_category());
  if (error)
    return Error(folder, "cannot be made: " + error.message() +
                             ": set TOMBOLO_CACHE to a folder that can be "
                             "written");
  struct stat info = {};
  if (stat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) ||
      info.st_uid != geteuid() || (info.st_mode & 022) != 0)
    return Error(folder, "expects a folder that only its owner, this user, "
                         "can write: compiled code is kept there");
  return success();
}

} // namespace tombolo
