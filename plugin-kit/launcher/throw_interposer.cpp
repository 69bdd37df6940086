/// This program's own __cxa_throw, in front of the C++ library's: it notes where each exception is thrown.
///
/// The dynamic linker resolves the plugin's throws to the program first, because the program exports this symbol.

#include <shunt/plugin-kit/runtime/throw_notes.hpp>

#include <cstdlib>
#include <typeinfo>

#include <dlfcn.h>

// NOLINTNEXTLINE(readability-identifier-naming): the C++ ABI's name.
extern "C" [[noreturn]] __attribute__((visibility("default"))) void __cxa_throw(void* exception, std::type_info* type,
                                                                                void (*destroy)(void*)) {
  using Throw = void (*)(void*, std::type_info*, void (*)(void*));
  static const auto kReal = reinterpret_cast<Throw>(::dlsym(RTLD_NEXT, "__cxa_throw"));
  shunt::kit::note_throw(exception, __builtin_return_address(0));
  kReal(exception, type, destroy);
  std::abort();  // the real one does not return
}
