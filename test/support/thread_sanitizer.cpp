// Copyright 2026 The cofutures authors
// SPDX-License-Identifier: BSL-1.0

#if defined(__SANITIZE_THREAD__)

extern "C" const char* __tsan_default_suppressions();

/// An exception is deleted by whichever thread is the last to let go of it, the test's or the one that
/// it comes from. The count of its owners is atomic, but it is kept in libstdc++.so, where
/// ThreadSanitizer does not see it.
extern "C" const char* __tsan_default_suppressions()
{
    return "race:std::__exception_ptr::exception_ptr::_M_release\n";
}

#endif
