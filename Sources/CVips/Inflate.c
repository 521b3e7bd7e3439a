#include <dlfcn.h>
#include <pthread.h>

#include "CVips.h"

// zlib's names and numbers that are used here, from its manual (https://zlib.net/manual.html).
enum { Z_OK = 0, Z_MEM_ERROR = -4, Z_BUF_ERROR = -5 };

static int (*uncompress)(unsigned char *, unsigned long *, const unsigned char *, unsigned long);
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void open_zlib(void) {
    void *library = dlopen("libz.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library) *(void **)&uncompress = dlsym(library, "uncompress");
}

cvips_inflation cvips_inflate(const void *stream, size_t stream_length, void *output, size_t *length) {
    pthread_once(&once, open_zlib);
    if (!uncompress) return CVIPS_UNAVAILABLE;
    unsigned long count = *length;
    int result = uncompress(output, &count, stream, stream_length);
    *length = result == Z_OK ? count : 0;
    switch (result) {
    case Z_OK: return CVIPS_INFLATED;
    case Z_BUF_ERROR: return CVIPS_TOO_LONG;
    case Z_MEM_ERROR: return CVIPS_UNAVAILABLE;
    default: return CVIPS_BROKEN;
    }
}
