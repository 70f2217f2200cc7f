#include "codegen/cpu/object/ElfLink.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/MathExtras.h"
#include <optional>
#include <set>

using namespace llvm;
using namespace llvm::object;
namespace endian = llvm::support::endian;

namespace tombolo {
namespace {

using ElfFile = ELF64LEObjectFile;

class Linker {
public:
  Linker(const ElfFile &file) : file(file) {
    // Code that refers to pages.
    if (file.getArch() == Triple::aarch64)
      image.alignment = kPageBytes;
  }

  Result<LinkedImage> run(ArrayRef<std::string> symbols) {
    if (Status status = layOut(); !status)
      return status.takeErrors();
    if (Status status = relocate(); !status)
      return status.takeErrors();
    return findSymbols(symbols);
  }

private:
  static constexpr uint64_t kPageBytes = 4096;
  static Error failure(const Twine &message) { return {"", message.str()}; }
  static Error failure(llvm::Error error) {
    return {"", "object file: " + toString(std::move(error))};
  }

  Status layOut() {
    // Code first: entries then lie close together.
    for (bool code : {true, false})
      for (const ELFSectionRef section : file.sections()) {
        uint64_t flags = section.getFlags();
        if (!(flags & ELF::SHF_ALLOC) || section.getSize() == 0 ||
            section.getType() == ELF::SHT_X86_64_UNWIND ||
            bool(flags & ELF::SHF_EXECINSTR) != code)
          continue;
        Expected<StringRef> name = section.getName();
        if (!name)
          return failure(name.takeError());
        // Kernels never unwind.
        if (*name == ".eh_frame" || name->starts_with(".note"))
          continue;
        if (flags & (ELF::SHF_WRITE | ELF::SHF_TLS))
          return failure("expects no writable data, but code generation made "
                         "section '" +
                         *name + "'");
        if (section.getType() != ELF::SHT_PROGBITS)
          return failure("section '" + *name +
                         "': expects plain bytes, but "
                         "got section type " +
                         Twine(unsigned(section.getType())));
        Expected<StringRef> contents = section.getContents();
        if (!contents)
          return failure(contents.takeError());
        uint64_t alignment = section.getAlignment().value();
        image.alignment = std::max(image.alignment, alignment);
        uint64_t start = alignTo(image.bytes.size(), alignment);
        place[section.getIndex()] = start;
        image.bytes.resize(start + contents->size());
        std::memcpy(image.bytes.data() + start, contents->data(),
                    contents->size());
      }
    return success();
  }

  /// The function whose code holds `offset` of `section`.
  std::string functionAt(uint64_t section, uint64_t offset) {
    for (const ELFSymbolRef symbol : file.symbols()) {
      Expected<section_iterator> where = symbol.getSection();
      if (!where || *where == file.section_end()) {
        if (!where)
          consumeError(where.takeError());
        continue;
      }
      Expected<uint64_t> value = symbol.getValue();
      Expected<StringRef> name = symbol.getName();
      if (value && name && symbol.getELFType() == ELF::STT_FUNC &&
          (*where)->getIndex() == section && offset >= *value &&
          offset < *value + symbol.getSize())
        return name->str();
      if (!value)
        consumeError(value.takeError());
      if (!name)
        consumeError(name.takeError());
    }
    return "?";
  }

  Status relocate() {
    std::vector<Error> errors;
    std::set<std::string> told;
    for (const ELFSectionRef relocations : file.sections()) {
      Expected<section_iterator> target = relocations.getRelocatedSection();
      if (!target)
        return failure(target.takeError());
      if (*target == file.section_end())
        continue;
      auto base = place.find((*target)->getIndex());
      if (base == place.end())
        continue;
      // Those of the second pass refer to places of the first.
      for (bool second : {false, true})
        for (const ELFRelocationRef relocation : relocations.relocations()) {
          if (refersToPlace(relocation) != second)
            continue;
          uint64_t offset = relocation.getOffset();
          uint64_t where = base->second + offset;
          Expected<int64_t> addend = relocation.getAddend();
          if (!addend)
            return failure(addend.takeError());
          symbol_iterator symbol = relocation.getSymbol();
          if (symbol == file.symbol_end())
            return failure("object file: relocation without a symbol");
          Expected<uint64_t> address = addressOf(*symbol);
          if (!address) {
            consumeError(address.takeError());
            Expected<StringRef> name = symbol->getName();
            std::string symbolName = name ? name->str() : "?";
            if (!name)
              consumeError(name.takeError());
            std::string kernel = functionAt((*target)->getIndex(), offset);
            if (told.insert(kernel + '\0' + symbolName).second)
              errors.push_back(failure("kernel '" + kernel +
                                       "': expects code without external "
                                       "symbols, but it needs '" +
                                       symbolName + "'"));
            continue;
          }
          if (!apply(relocation.getType(), where, *address + *addend))
            return failure(
                "kernel '" + functionAt((*target)->getIndex(), offset) +
                "': expects relative relocations in reach, but got type " +
                Twine(relocation.getType()));
        }
    }
    if (!errors.empty())
      return errors;
    return success();
  }

  bool refersToPlace(const ELFRelocationRef &relocation) const {
    uint64_t type = relocation.getType();
    return file.getArch() == Triple::riscv64 &&
           (type == ELF::R_RISCV_PCREL_LO12_I ||
            type == ELF::R_RISCV_PCREL_LO12_S);
  }

  Expected<uint64_t> addressOf(const SymbolRef &symbol) {
    Expected<section_iterator> section = symbol.getSection();
    if (!section)
      return section.takeError();
    if (*section == file.section_end())
      return createStringError("undefined");
    auto base = place.find((*section)->getIndex());
    if (base == place.end())
      return createStringError("in a section that is not kept");
    Expected<uint64_t> value = symbol.getValue();
    if (!value)
      return value.takeError();
    return base->second + *value;
  }

  bool apply(uint64_t type, uint64_t where, uint64_t target) {
    if (file.getArch() == Triple::x86_64)
      return applyX86(type, where, target);
    if (file.getArch() == Triple::aarch64)
      return applyAArch64(type, where, target);
    if (file.getArch() == Triple::riscv64)
      return applyRiscV(type, where, target);
    return false;
  }

  bool fits(uint64_t where, uint64_t bytes) {
    return where <= image.bytes.size() && image.bytes.size() - where >= bytes;
  }

  bool applyX86(uint64_t type, uint64_t where, uint64_t target) {
    int64_t distance = static_cast<int64_t>(target - where);
    void *at = image.bytes.data() + where;
    switch (type) {
    case ELF::R_X86_64_PC32:
    case ELF::R_X86_64_PLT32:
      if (!fits(where, 4) || !isInt<32>(distance))
        return false;
      endian::write32le(at, static_cast<uint32_t>(distance));
      return true;
    case ELF::R_X86_64_PC64:
      if (!fits(where, 8))
        return false;
      endian::write64le(at, static_cast<uint64_t>(distance));
      return true;
    default:
      return false;
    }
  }

  bool applyAArch64(uint64_t type, uint64_t where, uint64_t target) {
    int64_t distance = static_cast<int64_t>(target - where);
    void *at = image.bytes.data() + where;
    if (!fits(where, type == ELF::R_AARCH64_PREL64 ? 8 : 4))
      return false;
    auto field = [&](uint32_t value, unsigned bits, unsigned shift) {
      uint32_t mask = ((1u << bits) - 1) << shift;
      endian::write32le(at, (endian::read32le(at) & ~mask) |
                                ((value << shift) & mask));
      return true;
    };
    auto low12 = [&](unsigned scale) {
      uint64_t low = target & 0xfff;
      return low % (1u << scale) == 0 && field(low >> scale, 12, 10);
    };
    switch (type) {
    case ELF::R_AARCH64_CALL26:
    case ELF::R_AARCH64_JUMP26:
      return isInt<28>(distance) && field(distance >> 2, 26, 0);
    case ELF::R_AARCH64_CONDBR19:
      return isInt<21>(distance) && field(distance >> 2, 19, 5);
    case ELF::R_AARCH64_TSTBR14:
      return isInt<16>(distance) && field(distance >> 2, 14, 5);
    case ELF::R_AARCH64_ADR_PREL_LO21:
      return isInt<21>(distance) && field(distance, 2, 29) &&
             field(distance >> 2, 19, 5);
    case ELF::R_AARCH64_ADR_PREL_PG_HI21: {
      // Pages of the image are pages of memory.
      int64_t pages = static_cast<int64_t>(target >> 12) -
                      static_cast<int64_t>(where >> 12);
      return isInt<21>(pages) && field(pages, 2, 29) &&
             field(pages >> 2, 19, 5);
    }
    case ELF::R_AARCH64_ADD_ABS_LO12_NC:
    case ELF::R_AARCH64_LDST8_ABS_LO12_NC:
      return low12(0);
    case ELF::R_AARCH64_LDST16_ABS_LO12_NC:
      return low12(1);
    case ELF::R_AARCH64_LDST32_ABS_LO12_NC:
      return low12(2);
    case ELF::R_AARCH64_LDST64_ABS_LO12_NC:
      return low12(3);
    case ELF::R_AARCH64_LDST128_ABS_LO12_NC:
      return low12(4);
    case ELF::R_AARCH64_PREL32:
      if (!isInt<32>(distance))
        return false;
      endian::write32le(at, static_cast<uint32_t>(distance));
      return true;
    case ELF::R_AARCH64_PREL64:
      endian::write64le(at, static_cast<uint64_t>(distance));
      return true;
    default:
      return false;
    }
  }

  bool applyRiscV(uint64_t type, uint64_t where, uint64_t target) {
    int64_t distance = static_cast<int64_t>(target - where);
    std::byte *at = image.bytes.data() + where;
    if (!fits(where, type == ELF::R_RISCV_CALL_PLT ? 8 : 4))
      return false;
    auto set = [](void *place, uint32_t mask, uint32_t bits) {
      endian::write32le(place,
                        (endian::read32le(place) & ~mask) | (bits & mask));
      return true;
    };
    // The upper 20 bits are added to the place, the lower 12 are signed.
    auto setUpper = [&](void *place, int64_t value) {
      return isInt<32>(value + 0x800) &&
             set(place, 0xfffff000, static_cast<uint32_t>(value + 0x800));
    };
    auto setLowerOfLoad = [&](void *place, int64_t value) {
      return set(place, 0xfff00000, static_cast<uint32_t>(value) << 20);
    };
    auto bits = [&](unsigned from, unsigned count, unsigned to) {
      return (static_cast<uint32_t>(distance >> from) & ((1u << count) - 1))
             << to;
    };
    switch (type) {
    case ELF::R_RISCV_PCREL_HI20:
      upperOf[where] = distance;
      return setUpper(at, distance);
    case ELF::R_RISCV_PCREL_LO12_I:
    case ELF::R_RISCV_PCREL_LO12_S: {
      // The symbol is the instruction with the upper bits.
      auto upper = upperOf.find(target);
      if (upper == upperOf.end())
        return false;
      auto value = static_cast<uint32_t>(upper->second);
      if (type == ELF::R_RISCV_PCREL_LO12_I)
        return setLowerOfLoad(at, upper->second);
      return set(at, 0xfe000f80,
                 (value >> 5 & 0x7f) << 25 | (value & 0x1f) << 7);
    }
    case ELF::R_RISCV_CALL_PLT:
      return setUpper(at, distance) && setLowerOfLoad(at + 4, distance);
    case ELF::R_RISCV_JAL:
      return isInt<21>(distance) && set(at, 0xfffff000,
                                        bits(20, 1, 31) | bits(1, 10, 21) |
                                            bits(11, 1, 20) | bits(12, 8, 12));
    case ELF::R_RISCV_BRANCH:
      return isInt<13>(distance) && set(at, 0xfe000f80,
                                        bits(12, 1, 31) | bits(5, 6, 25) |
                                            bits(1, 4, 8) | bits(11, 1, 7));
    case ELF::R_RISCV_32_PCREL:
      return isInt<32>(distance) &&
             set(at, 0xffffffff, static_cast<uint32_t>(distance));
    // Two of these make a difference of addresses.
    case ELF::R_RISCV_ADD32:
      return set(at, 0xffffffff,
                 endian::read32le(at) + static_cast<uint32_t>(target));
    case ELF::R_RISCV_SUB32:
      return set(at, 0xffffffff,
                 endian::read32le(at) - static_cast<uint32_t>(target));
    default:
      return false;
    }
  }

  Result<LinkedImage> findSymbols(ArrayRef<std::string> symbols) {
    StringMap<uint64_t> defined;
    for (const ELFSymbolRef symbol : file.symbols()) {
      Expected<StringRef> name = symbol.getName();
      Expected<uint64_t> address = addressOf(symbol);
      if (name && address)
        defined[*name] = *address;
      if (!name)
        consumeError(name.takeError());
      if (!address)
        consumeError(address.takeError());
    }
    for (const std::string &name : symbols) {
      auto found = defined.find(name);
      if (found == defined.end())
        return failure("kernel '" + name +
                       "': expects code, but the object "
                       "file has none");
      image.offsets.push_back(found->second);
    }
    return std::move(image);
  }

  const ElfFile &file;
  LinkedImage image;
  DenseMap<uint64_t, uint64_t> place;
  /// Distances whose upper bits are at a place (RISC-V).
  DenseMap<uint64_t, int64_t> upperOf;
};

} // namespace

Result<LinkedImage> linkElf(StringRef object, ArrayRef<std::string> symbols) {
  Expected<ElfFile> file = ElfFile::create(MemoryBufferRef(object, "kernels"));
  if (!file)
    return Error("", "object file: " + toString(file.takeError()));
  return Linker(*file).run(symbols);
}

} // namespace tombolo
