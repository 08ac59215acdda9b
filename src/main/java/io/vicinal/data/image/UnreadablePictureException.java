package io.vicinal.data.image;

import io.vicinal.InputException;

/** What is wrong with a picture, in words that follow its name. Immutable. */
final class UnreadablePictureException extends InputException {
  private static final long serialVersionUID = 1L;

  UnreadablePictureException(String what) {
    super(what);
  }
}
