//===- PrivateFolder.h - Where only this user writes ------------*- C++ -*-===//

#ifndef SUPPORT_PRIVATEFOLDER_H
#define SUPPORT_PRIVATEFOLDER_H

#include "support/Result.h"
#include <string>

namespace tombolo {

/// Makes `folder` and the folders above it, for this user only (0700), or
/// refuses one that others could have put code into.
Status preparePrivateFolder(const std::string &folder);

} // namespace tombolo

#endif // SUPPORT_PRIVATEFOLDER_H
