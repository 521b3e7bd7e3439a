#include <dlfcn.h>
#ifdef __linux__
#include <malloc.h>
#endif
#include <stdio.h>

#include "pentimento_torch.h"

const PTInterface *pt_open(const char *path, char *message, size_t capacity) {
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *reason = dlerror();
        snprintf(message, capacity, "%s", reason ? reason : "the dynamic library cannot be opened");
        return NULL;
    }
    const PTInterface *(*interface_of)(void) =
        (const PTInterface *(*)(void))dlsym(library, PT_INTERFACE_SYMBOL);
    if (interface_of == NULL) {
        snprintf(message, capacity, "%s has no symbol %s", path, PT_INTERFACE_SYMBOL);
        return NULL;
    }
    const PTInterface *table = interface_of();
    if (table->interface_version != PT_INTERFACE_VERSION) {
        snprintf(
            message, capacity, "%s speaks version %lld of the boundary, this program version %d: build it again",
            path, (long long)table->interface_version, PT_INTERFACE_VERSION);
        return NULL;
    }
    return table;
}

void pt_keep_freed_memory(void) {
#ifdef __GLIBC__
    // By default each large tensor is new pages, which the kernel fills with zeros first: about a quarter of the time
    // of a Stable Diffusion UNet pass. One arena, because only the first can grow past 64 MiB without mapping anew.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 64 << 20);
    mallopt(M_ARENA_MAX, 1);
#endif
}

const char *pt_package_directory(void) { return PENTIMENTO_PACKAGE_DIRECTORY; }
