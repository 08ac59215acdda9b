/* image.h: the C ABI of libvicinal_image, files of pictures to numbers. A library of its own, because who has features
 * needs no codecs.
 *
 * Conventions as in vicinal.h: a status, its sentence in vicinal_image_last_error() of the same thread; nothing thrown,
 * no abort, whatever the bytes are. Every function is safe for any number of threads and works on the one that calls.
 */
#ifndef VICINAL_IMAGE_H_
#define VICINAL_IMAGE_H_

#include "vicinal/vicinal.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VICINAL_IMAGE_ABI_VERSION 1

VICINAL_API int vicinal_image_abi_version(void);
VICINAL_API const char* vicinal_image_last_error(void);

/* What a file is, by its contents; its name says nothing. */
#define VICINAL_IMAGE_JPEG 1
#define VICINAL_IMAGE_PNG 2
#define VICINAL_IMAGE_WEBP 3
#define VICINAL_IMAGE_RAW 4 /* "VRGB", width and height as little-endian int32, 4 zero bytes, then RGB rows */
#define VICINAL_IMAGE_RAW_BYTES 16

typedef struct vicinal_image_header {
  int32_t format;      /* VICINAL_IMAGE_* */
  int32_t width;       /* as stored: before it is turned upright */
  int32_t height;      /* likewise */
  int32_t orientation; /* 1..8 as EXIF counts them, 1 where the file says nothing; 5..8 swap width and height */
} vicinal_image_header;

/* Looks at the header alone: no pixel is decoded, and nothing of a picture's size is allocated. */
VICINAL_API vicinal_status vicinal_image_read_header(const void* bytes, int64_t size, vicinal_image_header* header);

#define VICINAL_IMAGE_BILINEAR 1 /* Pillow's, which average over what they shrink */
#define VICINAL_IMAGE_BICUBIC 2

/* Changes of colour, on bytes, as Pillow's ImageEnhance and torchvision have them. */
#define VICINAL_IMAGE_BRIGHTNESS 1 /* amount: 1 leaves it as it is, 0 is black           */
#define VICINAL_IMAGE_CONTRAST 2   /* 0 is the mean grey                                 */
#define VICINAL_IMAGE_SATURATION 3 /* 0 is grey                                          */
#define VICINAL_IMAGE_HUE 4        /* -0.5..0.5 of the circle                            */
#define VICINAL_IMAGE_GREY 5       /* the amount is not looked at                        */
#define VICINAL_IMAGE_MOST_STEPS 8

/* One look at a picture. */
typedef struct vicinal_image_view {
  uint32_t struct_size; /* sizeof(vicinal_image_view) */
  int32_t upright;      /* 1: turned as EXIF says; 0: as stored */
  int64_t most_pixels;  /* a picture with more is refused before it is decoded */
  int32_t left;         /* 1. the part that is looked at; nothing beside it has an influence */
  int32_t top;
  int32_t width;
  int32_t height;
  int32_t resized_width; /* 2. is resized to this */
  int32_t resized_height;
  int32_t filter;    /* VICINAL_IMAGE_BILINEAR, _BICUBIC */
  int32_t crop_left; /* 3. of that, this much is kept; beyond its edges all is black */
  int32_t crop_top;
  int32_t out_width;
  int32_t out_height;
  int32_t flip; /* 4. 1: left becomes right */
  int32_t step_count;
  int32_t steps[VICINAL_IMAGE_MOST_STEPS]; /* 5. changes of colour, in order */
  double amounts[VICINAL_IMAGE_MOST_STEPS];
  int32_t reverse; /* 6. 1: channels in the order blue, green, red */
  float scale[3];  /* 7. of values: byte * scale + shift, by the channel's place in the output */
  float shift[3];
} vicinal_image_view;

/* pixels [out_height, out_width, 3] bytes or NULL; values likewise as float32, or NULL. Only what the view needs is
 * decoded, with the bytes that the whole would have. */
VICINAL_API vicinal_status vicinal_image_render(const void* bytes, int64_t size, const vicinal_image_view* view,
                                                uint8_t* pixels, float* values);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* VICINAL_IMAGE_H_ */
