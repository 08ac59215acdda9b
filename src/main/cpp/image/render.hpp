// A view of a picture: decoded where it is needed, turned upright, resized, cropped, flipped, coloured.
#ifndef VICINAL_IMAGE_RENDER_HPP_
#define VICINAL_IMAGE_RENDER_HPP_

#include "image/codecs.hpp"

namespace vicinal::image {

// The view was checked for itself; the rest is checked against the file.
Pixels render(Bytes file, const vicinal_image_view& view);

// Bytes to numbers, by the view's order, scale and shift.
void put_values(const Pixels& picture, const vicinal_image_view& view, float* values);

}  // namespace vicinal::image

#endif  // VICINAL_IMAGE_RENDER_HPP_
