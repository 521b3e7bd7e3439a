#include <dlfcn.h>
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

const char *pt_package_directory(void) { return PENTIMENTO_PACKAGE_DIRECTORY; }
