// A thin boundary over libvips, the picture codec library.
//
// libvips is opened at first use with dlopen, so that the program neither links nor loads it before a command
// touches a picture. Nothing of libvips' own headers is needed: the few prototypes used are declared in
// CVips.c from its public documentation (https://www.libvips.org/API/current/). Every function below is a
// plain C function without variable arguments, safe to call from any thread (one lock serialises them,
// because the library keeps one error buffer for the whole process).
//
// Beside it, in the same manner, one function of zlib, which libvips itself needs for PNG.

#ifndef PENTIMENTO_CVIPS_H
#define PENTIMENTO_CVIPS_H

#include <stddef.h>

/// Room for a message, its closing zero included.
#define CVIPS_MESSAGE 1024

/// A picture that has been opened; its pixels are decoded only by `cvips_decode`.
typedef struct cvips_image cvips_image;

/// What the header of a picture says.
typedef struct {
    int width;
    int height;
    int bands;
    /// Frames or pages in the file.
    int pages;
    /// EXIF orientation, 1 to 8.
    int orientation;
    /// 1 where the last band is alpha.
    int alpha;
    /// 1 where the samples are wider than 8 bits.
    int deep;
    /// 1 for cyan, magenta, yellow and black.
    int cmyk;
} cvips_header;

/// Opens libvips: the library named `name`, or its usual name where that is null. Returns 0 on success and on
/// every later call; else 1 with the loader's words in `message`, and 2 where the library lacks a function.
int cvips_start(const char *name, char message[CVIPS_MESSAGE]);

/// The version of libvips in use, as major * 10000 + minor * 100 + micro; 0 before `cvips_start`.
int cvips_version(void);

/// Whether libvips has an operation, such as "pngload_buffer"; 0 before `cvips_start`.
int cvips_has(const char *operation);

/// Reads the header of the picture in `bytes`, which must outlive the image. Null on failure.
cvips_image *cvips_open(const void *bytes, size_t length, cvips_header *header, char message[CVIPS_MESSAGE]);

/// How many bytes a file carries under a field ("icc-profile-data", "exif-data", "xmp-data"), 0 where it
/// carries none; they are copied to `room` where that is not null and has `length` bytes or more.
size_t cvips_blob(cvips_image *image, const char *field, void *room, size_t length);

/// Decodes to 8-bit samples: 1 band is grey, 2 grey and alpha, 3 RGB, 4 RGB and alpha. RGB stays in its own
/// profile; CMYK, grey with a profile, and everything else becomes sRGB (`*converted` is then 1). Floats of
/// grey or RGB are values from 0 to 1 in the file's own encoding.
/// Returns `*length` bytes for `cvips_free`, or null; `*bands` is then -1 where the picture is sound but of a
/// kind that cannot be taken, which `message` names.
unsigned char *cvips_decode(
    cvips_image *image, size_t *length, int *bands, int *converted, char message[CVIPS_MESSAGE]);

/// Closes a picture; null is allowed.
void cvips_close(cvips_image *image);

/// Moves 8-bit RGB pixels from one ICC profile to another, relative colorimetric; a null profile is sRGB.
/// Returns width * height * 3 bytes for `cvips_free`, or null.
unsigned char *cvips_transform(
    const unsigned char *pixels, int width, int height, const void *from, size_t from_length, const void *to,
    size_t to_length, char message[CVIPS_MESSAGE]);

/// The kinds of file that `cvips_encode` writes.
typedef enum { CVIPS_PNG = 0, CVIPS_JPEG = 1, CVIPS_WEBP = 2, CVIPS_TIFF = 3 } cvips_kind;

/// Encodes 8-bit RGB pixels (`bands` 3) or RGB and alpha (4), with an ICC profile where `profile_length` is not
/// 0. `quality` is 1 to 100, for JPEG and WebP; `lossless` is for WebP. Returns `*length` bytes for
/// `cvips_free`, or null.
unsigned char *cvips_encode(
    cvips_kind kind, const unsigned char *pixels, int width, int height, int bands, const void *profile,
    size_t profile_length, int quality, int lossless, size_t *length, char message[CVIPS_MESSAGE]);

/// Frees what `cvips_decode`, `cvips_transform` or `cvips_encode` returned; null is allowed.
void cvips_free(void *bytes);

/// What `cvips_inflate` answers.
typedef enum {
    CVIPS_INFLATED = 0,
    /// The stream is broken or breaks off, or its check sum is wrong.
    CVIPS_BROKEN = 1,
    /// The stream may hold more than there is room for.
    CVIPS_TOO_LONG = 2,
    /// There is no zlib, or no memory for its work.
    CVIPS_UNAVAILABLE = 3
} cvips_inflation;

/// Decompresses a zlib stream (RFC 1950) into `output`, which has room for `*length` bytes and never gets
/// more; `*length` is then how many they are. zlib is opened at the first call, as `libz.so.1`.
cvips_inflation cvips_inflate(const void *stream, size_t stream_length, void *output, size_t *length);

#endif
