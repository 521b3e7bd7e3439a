// For memfd_create.
#define _GNU_SOURCE

#include "CVips.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// libvips' names and numbers that are used here, from its public documentation.
typedef struct VipsImage VipsImage;
typedef void (*log_function)(const char *, int, const char *, void *);

enum { FORMAT_UCHAR = 0, FORMAT_USHORT = 2, FORMAT_FLOAT = 6, FORMAT_DOUBLE = 8 };
enum {
    SPACE_MULTIBAND = 0,
    SPACE_BW = 1,
    SPACE_CMYK = 15,
    SPACE_RGB = 17,
    SPACE_SRGB = 22,
    SPACE_RGB16 = 25,
    SPACE_GREY16 = 26,
    SPACE_SCRGB = 28
};
enum { ACCESS_SEQUENTIAL = 1, FAIL_ON_ERROR = 2, INTENT_RELATIVE = 1 };
enum { TIFF_LZW = 5, PREDICTOR_HORIZONTAL = 2 };

static const char profile_field[] = "icc-profile-data";

/// Every function of libvips and GLib that is called: result, name, parameters.
#define FUNCTIONS(F) \
    F(int, vips_init, (const char *)) \
    F(int, vips_version, (int)) \
    F(size_t, vips_type_find, (const char *, const char *)) \
    F(void, vips_cache_set_max, (int)) \
    F(void, vips_concurrency_set, (int)) \
    F(const char *, vips_error_buffer, (void)) \
    F(void, vips_error_clear, (void)) \
    F(VipsImage *, vips_image_new_from_buffer, (const void *, size_t, const char *, ...)) \
    F(VipsImage *, vips_image_new_from_memory, (const void *, size_t, int, int, int, int)) \
    F(void *, vips_image_write_to_memory, (VipsImage *, size_t *)) \
    F(int, vips_image_get_width, (const VipsImage *)) \
    F(int, vips_image_get_height, (const VipsImage *)) \
    F(int, vips_image_get_bands, (const VipsImage *)) \
    F(int, vips_image_get_format, (const VipsImage *)) \
    F(int, vips_image_get_interpretation, (const VipsImage *)) \
    F(int, vips_image_hasalpha, (VipsImage *)) \
    F(size_t, vips_image_get_typeof, (const VipsImage *, const char *)) \
    F(int, vips_image_get_int, (const VipsImage *, const char *, int *)) \
    F(int, vips_image_get_blob, (const VipsImage *, const char *, const void **, size_t *)) \
    F(void, vips_image_set_blob_copy, (VipsImage *, const char *, const void *, size_t)) \
    F(int, vips_copy, (VipsImage *, VipsImage **, ...)) \
    F(int, vips_msb, (VipsImage *, VipsImage **, ...)) \
    F(int, vips_colourspace, (VipsImage *, VipsImage **, int, ...)) \
    F(int, vips_icc_transform, (VipsImage *, VipsImage **, const char *, ...)) \
    F(int, vips_pngsave_buffer, (VipsImage *, void **, size_t *, ...)) \
    F(int, vips_jpegsave_buffer, (VipsImage *, void **, size_t *, ...)) \
    F(int, vips_webpsave_buffer, (VipsImage *, void **, size_t *, ...)) \
    F(int, vips_tiffsave_buffer, (VipsImage *, void **, size_t *, ...)) \
    F(void, g_object_unref, (void *)) \
    F(void, g_free, (void *)) \
    F(unsigned, g_log_set_handler, (const char *, int, log_function, void *))

#define DECLARE(result, name, parameters) static result(*name) parameters;
FUNCTIONS(DECLARE)
#undef DECLARE

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int started = 0;

static void say(char *message, const char *text) {
    snprintf(message, CVIPS_MESSAGE, "%s", text ? text : "");
    // One line: the library ends its messages with line breaks, and may have several of them.
    size_t end = strlen(message);
    while (end > 0 && (message[end - 1] == '\n' || message[end - 1] == ' ')) message[--end] = 0;
    for (size_t place = 0; place < end; place++)
        if (message[place] == '\n') message[place] = ';';
}

static void say_error(char *message) {
    const char *text = vips_error_buffer();
    say(message, text && text[0] ? text : "the data ends or breaks off");
    vips_error_clear();
}

static void ignore_log(const char *domain, int level, const char *text, void *unused) {
    (void)domain, (void)level, (void)text, (void)unused;
}

static int start(const char *name, char *message) {
    if (started) return 0;
    message[0] = 0;
    void *library = dlopen(name && name[0] ? name : "libvips.so.42", RTLD_NOW | RTLD_LOCAL);
    if (!library) {
        say(message, dlerror());
        return 1;
    }
    const char *missing = NULL;
#define RESOLVE(result, symbol, parameters) \
    *(void **)&symbol = dlsym(library, #symbol); \
    if (!symbol) missing = #symbol;
    FUNCTIONS(RESOLVE)
#undef RESOLVE
    if (missing) {
        say(message, missing);
        dlclose(library);
        return 2;
    }
    // The library would print warnings about odd files on standard error; what matters comes as an error.
    enum { ALL_LEVELS = 0xFC };
    g_log_set_handler("VIPS", ALL_LEVELS, ignore_log, NULL);
    if (vips_init("pentimento") != 0) {
        say_error(message);
        return 1;
    }
    // Loaders that are not meant for files of unknown origin stay shut (8.13 and later have this switch).
    void (*block_untrusted)(int) = NULL;
    *(void **)&block_untrusted = dlsym(library, "vips_block_untrusted_set");
    if (block_untrusted) block_untrusted(1);
    vips_cache_set_max(0);
    // One worker: with more, 8.14 now and then loses the error of a file that ends too early (the worker that
    // meets it is not the one that is asked), and hands over memory that was never filled.
    vips_concurrency_set(1);
    started = 1;
    return 0;
}

int cvips_start(const char *name, char message[CVIPS_MESSAGE]) {
    pthread_mutex_lock(&lock);
    int result = start(name, message);
    pthread_mutex_unlock(&lock);
    return result;
}

int cvips_version(void) {
    return started ? vips_version(0) * 10000 + vips_version(1) * 100 + vips_version(2) : 0;
}

int cvips_has(const char *operation) {
    if (!started) return 0;
    pthread_mutex_lock(&lock);
    int found = vips_type_find("VipsOperation", operation) != 0;
    pthread_mutex_unlock(&lock);
    return found;
}

static int number(VipsImage *image, const char *field, int otherwise) {
    int value = otherwise;
    if (vips_image_get_typeof(image, field) != 0 && vips_image_get_int(image, field, &value) != 0)
        value = otherwise;
    return value;
}

cvips_image *cvips_open(const void *bytes, size_t length, cvips_header *header, char message[CVIPS_MESSAGE]) {
    pthread_mutex_lock(&lock);
    // Lazy and streaming: only the header is read here, and pixels later run through once from the top.
    VipsImage *image = vips_image_new_from_buffer(
        bytes, length, "", "access", ACCESS_SEQUENTIAL, "fail_on", FAIL_ON_ERROR, NULL);
    if (image) {
        memset(header, 0, sizeof *header);
        header->width = vips_image_get_width(image);
        header->height = vips_image_get_height(image);
        header->bands = vips_image_get_bands(image);
        header->pages = number(image, "n-pages", 1);
        header->orientation = number(image, "orientation", 1);
        header->alpha = vips_image_hasalpha(image) ? 1 : 0;
        header->deep = vips_image_get_format(image) != FORMAT_UCHAR;
        header->cmyk = vips_image_get_interpretation(image) == SPACE_CMYK;
        vips_error_clear();
    } else {
        say_error(message);
    }
    pthread_mutex_unlock(&lock);
    return (cvips_image *)image;
}

size_t cvips_blob(cvips_image *image, const char *field, void *room, size_t length) {
    pthread_mutex_lock(&lock);
    const void *bytes = NULL;
    size_t found = 0;
    if (vips_image_get_typeof((VipsImage *)image, field) == 0
        || vips_image_get_blob((VipsImage *)image, field, &bytes, &found) != 0)
        found = 0;
    else if (room && found <= length) memcpy(room, bytes, found);
    vips_error_clear();
    pthread_mutex_unlock(&lock);
    return found;
}

/// Replaces `*image`, which is unreferenced, by what a step made of it. Returns 0 on success.
static int step(VipsImage **image, int failed, VipsImage *made) {
    if (failed) return 1;
    g_object_unref(*image);
    *image = made;
    return 0;
}

/// The picture as 8-bit grey or RGB, with or without alpha. Takes over the reference `*image`.
static int make_plain(VipsImage **image, int *converted) {
    VipsImage *made = NULL;
    int space = vips_image_get_interpretation(*image);
    int colours = vips_image_get_bands(*image) - (vips_image_hasalpha(*image) ? 1 : 0);
    int profiled = vips_image_get_typeof(*image, profile_field) != 0;
    int plain = space == SPACE_BW || space == SPACE_GREY16 || space == SPACE_SRGB || space == SPACE_RGB16;
    *converted = 0;
    if (space == SPACE_CMYK || (colours == 1 && profiled && plain)) {
        // Without a profile inside, CMYK is read by the library's own press profile. A profile that does not
        // fit its picture is passed over, as viewers do.
        int failed = vips_icc_transform(
            *image, &made, "srgb", "embedded", 1, "intent", INTENT_RELATIVE, "depth", 8, "input_profile",
            space == SPACE_CMYK ? "cmyk" : "srgb", NULL);
        if (!failed) *converted = 1;
        if (failed && space == SPACE_CMYK) return 1;
        if (!failed && step(image, 0, made)) return 1;
        vips_error_clear();
    } else if (!plain) {
        if (step(image, vips_colourspace(*image, &made, SPACE_SRGB, NULL), made)) return 1;
        *converted = 1;
    }
    made = NULL;
    if (vips_image_get_format(*image) == FORMAT_USHORT)
        return step(image, vips_msb(*image, &made, NULL), made);  // the high byte, as Pillow takes it
    if (vips_image_get_format(*image) != FORMAT_UCHAR)
        return step(image, vips_colourspace(*image, &made, SPACE_SRGB, NULL), made);
    return 0;
}

/// Whether samples are floats of grey or RGB; the library would take RGB for linear light, which is not what
/// programs mean that write floats from 0 to 1 into a TIFF.
static int has_plain_floats(const VipsImage *image) {
    int format = vips_image_get_format(image), space = vips_image_get_interpretation(image);
    return (format == FORMAT_FLOAT || format == FORMAT_DOUBLE) && vips_image_get_bands(image) <= 4
        && (space == SPACE_MULTIBAND || space == SPACE_BW || space == SPACE_RGB || space == SPACE_SRGB
            || space == SPACE_SCRGB);
}

/// Floats from 0 to 1 as bytes, in place. Returns null, with words, where some lie beyond 1.
static unsigned char *bytes_of_floats(VipsImage *image, size_t *length, char *message) {
    int is_double = vips_image_get_format(image) == FORMAT_DOUBLE;
    size_t size = 0;
    unsigned char *bytes = vips_image_write_to_memory(image, &size);
    if (!bytes) return NULL;
    size_t count = size / (is_double ? sizeof(double) : sizeof(float));
    double highest = 0;
    // A byte is never written over a float that is still to be read.
    for (size_t index = 0; index < count; index++) {
        double value;
        if (is_double) {
            memcpy(&value, bytes + index * sizeof value, sizeof value);
        } else {
            float single;
            memcpy(&single, bytes + index * sizeof single, sizeof single);
            value = single;
        }
        if (value > highest) highest = value;
        if (!(value > 0)) value = 0;  // and no numbers
        if (value > 1) value = 1;
        bytes[index] = (unsigned char)(value * 255 + 0.5);
    }
    if (highest > 1.001) {
        g_free(bytes);
        snprintf(message, CVIPS_MESSAGE, "its floating-point samples reach %g, and only 0 to 1 is read", highest);
        return NULL;
    }
    *length = count;
    return bytes;
}

unsigned char *cvips_decode(
    cvips_image *image, size_t *length, int *bands, int *converted, char message[CVIPS_MESSAGE]) {
    pthread_mutex_lock(&lock);
    unsigned char *pixels = NULL;
    VipsImage *work = NULL;
    message[0] = 0;
    *bands = 0;
    *converted = 0;
    if (has_plain_floats((VipsImage *)image)) {
        pixels = bytes_of_floats((VipsImage *)image, length, message);
        *bands = pixels || !message[0] ? vips_image_get_bands((VipsImage *)image) : -1;
    } else if (vips_copy((VipsImage *)image, &work, NULL) == 0) {
        if (make_plain(&work, converted) == 0) {
            *bands = vips_image_get_bands(work);
            if (vips_image_get_format(work) == FORMAT_UCHAR)
                pixels = vips_image_write_to_memory(work, length);
        }
        g_object_unref(work);
    }
    if (!pixels && !message[0]) say_error(message);
    vips_error_clear();
    pthread_mutex_unlock(&lock);
    return pixels;
}

void cvips_close(cvips_image *image) {
    if (!image) return;
    pthread_mutex_lock(&lock);
    g_object_unref(image);
    pthread_mutex_unlock(&lock);
}

/// An sRGB image over pixels that stay where they are, carrying a profile where there is one.
static VipsImage *wrap(
    const unsigned char *pixels, int width, int height, int bands, const void *profile, size_t profile_length) {
    size_t size = (size_t)width * (size_t)height * (size_t)bands;
    VipsImage *raw = vips_image_new_from_memory(pixels, size, width, height, bands, FORMAT_UCHAR);
    if (!raw) return NULL;
    VipsImage *image = NULL;
    if (vips_copy(raw, &image, "interpretation", SPACE_SRGB, NULL) != 0) image = NULL;
    g_object_unref(raw);
    if (image && profile_length) vips_image_set_blob_copy(image, profile_field, profile, profile_length);
    return image;
}

/// A file without a name that holds these bytes, or -1.
static int anonymous_file(const void *bytes, size_t length) {
    int file = memfd_create("profile", MFD_CLOEXEC);
    if (file >= 0 && write(file, bytes, length) != (ssize_t)length) {
        close(file);
        file = -1;
    }
    return file;
}

unsigned char *cvips_transform(
    const unsigned char *pixels, int width, int height, const void *from, size_t from_length, const void *to,
    size_t to_length, char message[CVIPS_MESSAGE]) {
    pthread_mutex_lock(&lock);
    unsigned char *result = NULL;
    VipsImage *image = wrap(pixels, width, height, 3, from, from_length);
    // The library takes a target profile only from a file, so one in memory gets a name that lives as long as
    // this call: an anonymous file.
    char target[64] = "srgb";
    int file = to_length ? anonymous_file(to, to_length) : -1;
    if (file >= 0) snprintf(target, sizeof target, "/proc/self/fd/%d", file);
    VipsImage *made = NULL;
    if (!image || (to_length && file < 0)) {
        say(message, "no memory");
    } else if (vips_icc_transform(
                   image, &made, target, "embedded", from_length ? 1 : 0, "input_profile", "srgb", "intent",
                   INTENT_RELATIVE, "depth", 8, NULL) == 0) {
        size_t length = 0;
        if (vips_image_get_bands(made) == 3) result = vips_image_write_to_memory(made, &length);
        g_object_unref(made);
    }
    if (image) g_object_unref(image);
    if (file >= 0) close(file);
    if (!result) say_error(message);
    vips_error_clear();
    pthread_mutex_unlock(&lock);
    return result;
}

unsigned char *cvips_encode(
    cvips_kind kind, const unsigned char *pixels, int width, int height, int bands, const void *profile,
    size_t profile_length, int quality, int lossless, size_t *length, char message[CVIPS_MESSAGE]) {
    pthread_mutex_lock(&lock);
    void *bytes = NULL;
    VipsImage *image = wrap(pixels, width, height, bands, profile, profile_length);
    if (image) {
        int failed = 1;
        switch (kind) {
        case CVIPS_PNG: {
            // Large pictures would take longer to compress well than to edit.
            int level = (size_t)width * (size_t)height > 16000000 ? 2 : 6;
            failed = vips_pngsave_buffer(image, &bytes, length, "compression", level, NULL);
            break;
        }
        case CVIPS_JPEG:
            failed = vips_jpegsave_buffer(image, &bytes, length, "Q", quality, "optimize_coding", 1, NULL);
            break;
        case CVIPS_WEBP:
            failed = vips_webpsave_buffer(image, &bytes, length, "Q", quality, "lossless", lossless, NULL);
            break;
        case CVIPS_TIFF:
            failed = vips_tiffsave_buffer(
                image, &bytes, length, "compression", TIFF_LZW, "predictor", PREDICTOR_HORIZONTAL, NULL);
            break;
        }
        if (failed) bytes = NULL;
        g_object_unref(image);
    }
    if (!bytes) say_error(message);
    vips_error_clear();
    pthread_mutex_unlock(&lock);
    return bytes;
}

void cvips_free(void *bytes) {
    if (bytes) g_free(bytes);
}
