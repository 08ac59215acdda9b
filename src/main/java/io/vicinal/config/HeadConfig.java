package io.vicinal.config;

/**
 * The linear head.
 *
 * <p>Immutable, so safe for any thread.
 *
 * @param embedding d, the embedding's width
 * @param bias whether there is a bias
 * @param proxies how proxies start: {@code normal} N(0, 1/64), {@code kaiming} N(0, 2/(CK)), or
 *     {@code auto}: the loss's own custom
 */
public record HeadConfig(int embedding, boolean bias, String proxies) {

  static HeadConfig read(ConfigObject s) {
    int embedding = s.integer("embedding", 64, Range.integersFrom(1));
    boolean bias = s.flag("bias", true);
    String proxies = s.choice("proxies", "auto", "auto", "normal", "kaiming");
    s.end();
    return new HeadConfig(embedding, bias, proxies);
  }
}
