// Changes of colour on RGB bytes, with the rounding of Pillow's ImageEnhance and conversions.
#ifndef VICINAL_IMAGE_COLOUR_HPP_
#define VICINAL_IMAGE_COLOUR_HPP_

#include "image/codecs.hpp"

namespace vicinal::image {

// step: VICINAL_IMAGE_BRIGHTNESS and so on.
void change_colour(Pixels& picture, int step, double amount);

}  // namespace vicinal::image

#endif  // VICINAL_IMAGE_COLOUR_HPP_
