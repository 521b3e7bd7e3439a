// Work shared out among libtorch's threads.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/LegacyTypeDispatch.h>

#include <algorithm>
#include <atomic>
#include <exception>

/// What `#pragma omp parallel` becomes with GCC. libtorch brings the library that has it, whose matrix products then
/// know that they are inside; a compiler that builds this need not know OpenMP. Null in a libtorch with other threads.
extern "C" void GOMP_parallel(void (*body)(void *), void *data, unsigned threads, unsigned flags)
    __attribute__((weak));

/// Calls body(0), …, body(count - 1), each as soon as one of the threads is free and whole on that thread.
///
/// The first exception goes to the caller, and nothing more is begun after it.
template <typename Body>
void for_each(int64_t count, int64_t threads, const Body &body) {
    struct Work {
        const Body &body;
        const int64_t count;
        std::atomic<int64_t> next{0};
        std::atomic_flag has_failed = ATOMIC_FLAG_INIT;
        std::exception_ptr failure;

        void run() {
            try {
                for (int64_t i; (i = next.fetch_add(1)) < count;) body(i);
            } catch (...) {
                next = count;
                if (!has_failed.test_and_set()) failure = std::current_exception();
            }
        }
    } work{body, count};
    threads = std::min(threads, count);
    if (threads > 1 && GOMP_parallel != nullptr && !at::in_parallel_region()) {
        GOMP_parallel(
            [](void *data) { static_cast<Work *>(data)->run(); }, &work, static_cast<unsigned>(threads), 0);
    } else {
        work.run();
    }
    if (work.failure) std::rethrow_exception(work.failure);
}
